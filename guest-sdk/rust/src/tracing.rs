//! What goes through the `tracing` crate is written to the job's log (feature `tracing`).
//!
//! [`plugin!`](crate::plugin!) installs [`JobLog`] before it calls the plugin's function. An event's
//! fields go along as fields; those of the spans around it too, under the span's name:
//! `page.name=guide.md`.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use ::tracing::field::{Field, Visit};
use ::tracing::span::{Attributes, Id, Record};
use ::tracing::{Event, Metadata, Subscriber};

use crate::log::{self, Level};

thread_local! {
    static ENTERED: std::cell::RefCell<Vec<u64>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// A [`Subscriber`] that writes events to the job's log.
#[derive(Debug, Default)]
pub struct JobLog {
    last: AtomicU64,
    spans: RwLock<HashMap<u64, Span>>,
}

#[derive(Debug)]
struct Span {
    name: &'static str,
    parent: Option<u64>,
    fields: Vec<(String, String)>,
    handles: u64,
}

/// Makes a [`JobLog`] the default subscriber of the process, unless there is one.
///
/// Only a native test needs to call it.
pub fn install() {
    // An error means that there is one already: the plugin's choice.
    let _ = ::tracing::subscriber::set_global_default(JobLog::default());
}

impl JobLog {
    fn with_spans<T>(&self, f: impl FnOnce(&mut HashMap<u64, Span>) -> T) -> T {
        // A panic elsewhere does not make the map of names any worse.
        f(&mut self.spans.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Subscriber for JobLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() || level(*metadata.level()) >= log::threshold()
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let parent = if attributes.is_contextual() {
            ENTERED.with_borrow(|entered| entered.last().copied())
        } else {
            attributes.parent().map(Id::into_u64)
        };
        let span = Span {
            name: attributes.metadata().name(),
            parent,
            fields: fields.fields,
            handles: 1,
        };
        self.with_spans(|spans| spans.insert(id, span));
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        self.with_spans(|spans| {
            if let Some(span) = spans.get_mut(&span.into_u64()) {
                span.fields.extend(fields.fields);
            }
        });
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut next = if event.is_contextual() {
            ENTERED.with_borrow(|entered| entered.last().copied())
        } else {
            event.parent().map(Id::into_u64)
        };
        self.with_spans(|spans| {
            while let Some(span) = next.and_then(|id| spans.get(&id)) {
                let named = span.fields.iter();
                fields.fields.extend(
                    named.map(|(name, value)| (format!("{}.{name}", span.name), value.clone())),
                );
                next = span.parent;
            }
        });
        log::write(
            level(*event.metadata().level()),
            fields.message,
            &fields.fields,
        );
    }

    fn enter(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(span.into_u64()));
    }

    fn exit(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| {
            if let Some(at) = entered.iter().rposition(|id| *id == span.into_u64()) {
                entered.remove(at);
            }
        });
    }

    fn clone_span(&self, span: &Id) -> Id {
        self.with_spans(|spans| {
            if let Some(span) = spans.get_mut(&span.into_u64()) {
                span.handles += 1;
            }
        });
        span.clone()
    }

    fn try_close(&self, span: Id) -> bool {
        self.with_spans(|spans| {
            let id = span.into_u64();
            let Some(span) = spans.get_mut(&id) else {
                return false;
            };
            span.handles -= 1;
            let last = span.handles == 0;
            if last {
                spans.remove(&id);
            }
            last
        })
    }
}

fn level(level: ::tracing::Level) -> Level {
    match level {
        ::tracing::Level::TRACE => Level::Trace,
        ::tracing::Level::DEBUG => Level::Debug,
        ::tracing::Level::INFO => Level::Info,
        ::tracing::Level::WARN => Level::Warn,
        ::tracing::Level::ERROR => Level::Error,
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    fields: Vec<(String, String)>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: String) {
        if field.name() == "message" {
            self.message = value;
        } else {
            self.fields.push((field.name().to_owned(), value));
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn events_reach_the_jobs_log_with_their_fields_and_those_of_their_spans() {
        ::tracing::subscriber::with_default(JobLog::default(), || {
            let outer = ::tracing::info_span!("build", title = "Docs").entered();
            ::tracing::info_span!("page", name = "a.md").in_scope(|| {
                ::tracing::warn!(line = 3, "no such {}", "file");
            });
            drop(outer);
            ::tracing::info!("done");
        });
        let log = testing::take_log();
        assert_eq!(
            (log[0].level, log[0].text.as_str()),
            (Level::Warn, "no such file")
        );
        let fields: Vec<(&str, &str)> = log[0]
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            fields,
            [
                ("line", "3"),
                ("page.name", "a.md"),
                ("build.title", "Docs")
            ]
        );
        assert_eq!((log[1].text.as_str(), log[1].fields.len()), ("done", 0));
    }
}
