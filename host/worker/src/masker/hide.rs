//! The door: text in, text without secrets out.

use std::borrow::Cow;
use std::sync::Arc;

use tokio::sync::watch;

use super::Secret;
use super::search::{Search, Span, Which};

/// In the place of what is hidden.
const MASK: &str = "***";

/// How the sandbox ends the text of a line that it cut.
const CUT_MARK: &str = " [cut]";

/// How the messages of staging end a name that they cut, and the sandbox a cause.
const SHORTENED: char = '…';

/// Hides a job's secrets. Shows none of them.
pub(crate) struct Masker {
    /// A channel, since it hands a whole value to many readers; nobody waits for the next.
    search: watch::Sender<Arc<Search>>,
}

impl std::fmt::Debug for Masker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Masker").finish_non_exhaustive()
    }
}

impl Masker {
    /// A masker of these secrets.
    pub(crate) fn new(secrets: impl IntoIterator<Item = Secret>) -> Masker {
        Masker {
            search: watch::Sender::new(Arc::new(Search::new(secrets))),
        }
    }

    /// From now on hide this one too. To be called before anybody else gets to know it.
    pub(crate) fn add(&self, secret: &Secret) {
        self.search
            .send_if_modified(|search| match search.with(secret) {
                Some(more) => {
                    *search = Arc::new(more);
                    true
                }
                None => false,
            });
    }

    /// For what is read (lines, summaries, messages): without secrets, nonces and tokens.
    pub(crate) fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        hide(text, &self.search().spans(text, Which::All))
    }

    /// As [`Masker::mask`], of a text that was cut at its end.
    pub(crate) fn mask_cut(&self, text: &str) -> String {
        let (kept, mark) = match text.strip_suffix(CUT_MARK) {
            Some(kept) => (kept, CUT_MARK),
            None => (text, ""),
        };
        self.hide_begun(kept, [kept.len()]).into_owned() + mark
    }

    /// As [`Masker::mask`], of a text that quotes what was cut.
    pub(crate) fn mask_quoting<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.hide_begun(text, text.match_indices(SHORTENED).map(|(at, _)| at))
    }

    /// Hides what is there whole, and what may have begun before each of these places, where text was cut.
    fn hide_begun<'t>(&self, text: &'t str, cuts: impl IntoIterator<Item = usize>) -> Cow<'t, str> {
        let search = self.search();
        let mut spans = search.spans(text, Which::All);
        for to in cuts {
            let from = search.begun(&text[..to]);
            spans.extend(from.map(|from| Span { from, to }));
        }
        spans.sort_by_key(|span| span.from);
        // What was begun may overlap with what is whole.
        spans.dedup_by(|next, kept| {
            let joined = next.from <= kept.to;
            if joined {
                kept.to = kept.to.max(next.to);
            }
            joined
        });
        hide(text, &spans)
    }

    /// For what leads somewhere (ids, revisions): without secrets, but tokens stay, which a link may hold.
    pub(crate) fn mask_reference<'t>(&self, text: &'t str) -> Cow<'t, str> {
        hide(text, &self.search().spans(text, Which::Secrets))
    }

    /// What a secret is called that the text holds. Nonces and tokens do not count.
    pub(crate) fn found(&self, text: &str) -> Option<Arc<str>> {
        self.search().found(text, Which::Secrets)
    }

    fn search(&self) -> Arc<Search> {
        Arc::clone(&self.search.borrow())
    }
}

fn hide<'t>(text: &'t str, spans: &[Span]) -> Cow<'t, str> {
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut hidden = String::with_capacity(text.len());
    let mut from = 0;
    for span in spans {
        hidden.push_str(&text[from..span.from]);
        hidden.push_str(MASK);
        from = span.to;
    }
    hidden.push_str(&text[from..]);
    Cow::Owned(hidden)
}
