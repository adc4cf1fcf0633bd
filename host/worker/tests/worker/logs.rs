//! Every line of the worker's log that is about one job or one poll says of which source it is.
//!
//! The subscriber is the process's: one for a thread alone would meet what other tests' threads, that have none,
//! left in tracing's cache of who wants what. It keeps lines apart by thread, and a test's runtime has one.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, RwLock};
use std::thread::{self, ThreadId};

use pipefitter_journal::{FailWhen, Failing};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::service::Fault;
use crate::world::{World, end};

/// Keeps each line with the fields of the spans that it is in.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Kept>);

#[derive(Default)]
struct Kept {
    next: AtomicU64,
    spans: RwLock<HashMap<u64, String>>,
    threads: RwLock<HashMap<ThreadId, Thread>>,
}

#[derive(Clone, Default)]
struct Thread {
    entered: Vec<u64>,
    lines: Vec<String>,
}

impl Lines {
    /// The process's only ones; kept from the first call on.
    pub(crate) fn of_the_process() -> Lines {
        static LINES: LazyLock<Lines> = LazyLock::new(|| {
            let lines = Lines::default();
            tracing::subscriber::set_global_default(lines.clone()).unwrap();
            lines
        });
        LINES.clone()
    }

    /// What this thread has said since it was asked last.
    pub(crate) fn take(&self) -> Vec<String> {
        self.of_this_thread(|thread| std::mem::take(&mut thread.lines))
    }

    fn of_this_thread<T>(&self, change: impl FnOnce(&mut Thread) -> T) -> T {
        let mut threads = self.0.threads.write().unwrap();
        change(threads.entry(thread::current().id()).or_default())
    }
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("pipefitter_worker")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let id = self.0.next.fetch_add(1, Ordering::Relaxed) + 1;
        let mut text = Text(String::new());
        span.record(&mut text);
        self.0.spans.write().unwrap().insert(id, text.0);
        Id::from_u64(id)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        let spans = self.0.spans.read().unwrap();
        self.of_this_thread(|thread| {
            for id in &thread.entered {
                text.0.push_str(&spans[id]);
            }
            thread.lines.push(text.0);
        });
    }

    fn enter(&self, span: &Id) {
        self.of_this_thread(|thread| thread.entered.push(span.into_u64()));
    }

    fn exit(&self, _: &Id) {
        self.of_this_thread(|thread| thread.entered.pop());
    }
}

#[tokio::test(start_paused = true)]
async fn every_line_of_a_job_names_its_source() {
    let lines = Lines::of_the_process();
    let mut world = World::new();
    world.stage.expire = 2;
    world.journal = Arc::new(Failing::new(world.memory.clone(), FailWhen::Write(1)));
    for job in ["one", "two", "three", "panics"] {
        let what = if job == "panics" { "panic" } else { "ok" };
        world.service.add(job, &[("do", what)], 1, 1).await;
    }
    let mut inner = world.service.inner.lock().await;
    inner.poll_faults.extend([Fault::Deny, Fault::Panic]);
    inner
        .ack_faults
        .extend([Fault::LoseRequest, Fault::LoseAnswer, Fault::Throttle]);
    inner
        .put_faults
        .extend([Fault::LoseAnswer, Fault::Throttle, Fault::Invalid]);
    drop(inner);
    let worker = world.start().await;
    world.service.until_all_ended().await;
    end(&world, worker).await;

    let lines = lines.take();
    for told in [
        "job taken",
        "acknowledge was not seen",
        "a result was not taken",
        "a task of the worker panicked",
        "journal was not written",
        "job reported",
    ] {
        assert!(
            lines.iter().any(|line| line.contains(told)),
            "{told}: {lines:#?}"
        );
    }
    let of_the_worker = ["draining: nothing new", "polling main for"];
    let anonymous: Vec<&String> = lines
        .iter()
        .filter(|line| !of_the_worker.iter().any(|of| line.contains(of)))
        .filter(|line| !line.contains("source=\"main\"") && !line.contains("source=main"))
        .filter(|line| !line.contains("of main"))
        .collect();
    assert!(anonymous.is_empty(), "{anonymous:#?}");
}
