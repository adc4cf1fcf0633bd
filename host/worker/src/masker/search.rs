//! All forms of all secrets, found in one pass.
//!
//! Every occurrence counts, also one that begins inside another, so the search is for overlapping ones. The
//! automaton is the compact one: a session token alone has ten thousand letters in its forms, and a table
//! for each would be megabytes for each job.

use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::Secret;
use super::forms::{Form, forms};

/// Which secrets count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// With nonces and tokens.
    All,
    /// Without.
    Secrets,
}

/// A part of a text, in bytes.
pub(super) struct Span {
    pub(super) from: usize,
    pub(super) to: usize,
}

/// What is searched for: made once, shared by all who search.
pub(super) struct Search {
    /// Whose forms these are.
    secrets: Vec<Secret>,
    /// Sorted by text, each once.
    forms: Vec<Form>,
    longest: usize,
    automaton: Automaton,
}

enum Automaton {
    /// There is nothing to hide.
    Nothing,
    Ready(AhoCorasick),
    /// It could not be made, which takes gigabytes of secrets: all text is hidden.
    TooLarge,
}

impl Search {
    pub(super) fn new(secrets: impl IntoIterator<Item = Secret>) -> Search {
        let secrets: Vec<Secret> = secrets.into_iter().collect();
        let forms = secrets.iter().flat_map(forms).collect();
        Search::of(secrets, forms)
    }

    /// The same with one more; nothing where it is known already.
    pub(super) fn with(&self, secret: &Secret) -> Option<Search> {
        // A guest may ask for the same one ten thousand times, and its spellings take a millisecond or many.
        if self.secrets.iter().any(|known| known.covers(secret)) {
            return None;
        }
        let mut secrets = self.secrets.clone();
        secrets.push(secret.clone());
        let mut all = self.forms.clone();
        all.extend(forms(secret));
        Some(Search::of(secrets, all))
    }

    fn of(secrets: Vec<Secret>, mut forms: Vec<Form>) -> Search {
        // A secret of nothing is everywhere, in the middle of a character too.
        forms.retain(|form| !form.text.is_empty());
        forms.sort_by(|a, b| a.text.cmp(&b.text).then(a.token.cmp(&b.token)));
        forms.dedup_by(|again, kept| {
            let same = again.text == kept.text;
            if same {
                // Of two secrets that share a spelling the stricter rule holds.
                kept.alone &= again.alone;
                kept.token &= again.token;
            }
            same
        });
        let longest = forms.iter().map(|form| form.text.len()).max();
        let automaton = if forms.is_empty() {
            Automaton::Nothing
        } else {
            AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .match_kind(MatchKind::Standard)
                .build(forms.iter().map(|form| form.text.as_bytes()))
                .map_or(Automaton::TooLarge, Automaton::Ready)
        };
        Search {
            secrets,
            forms,
            longest: longest.unwrap_or(0),
            automaton,
        }
    }

    /// Runs that belong to secrets, in order and apart.
    pub(super) fn spans(&self, text: &str, which: Which) -> Vec<Span> {
        let mut spans = Vec::new();
        self.each(text, which, |from, to, _| {
            push(&mut spans, from, to);
            true
        });
        spans
    }

    /// The origin of a secret that the text holds.
    pub(super) fn found(&self, text: &str, which: Which) -> Option<Arc<str>> {
        let mut found = None;
        self.each(text, which, |_, _, origin| {
            found = Some(Arc::clone(origin));
            false
        });
        found
    }

    /// Where the text's end begins to spell a form that it does not spell out.
    pub(super) fn begun(&self, text: &str) -> Option<usize> {
        let first = text.len().saturating_sub(self.longest.saturating_sub(1));
        let mut starts = (first..text.len()).filter(|&at| text.is_char_boundary(at));
        starts.find(|&at| {
            let rest = &text[at..];
            let next = self.forms.partition_point(|form| *form.text < *rest);
            self.forms[next..]
                .iter()
                .take_while(|form| form.text.starts_with(rest))
                .any(|form| form.text.len() > rest.len() && (!form.alone || apart(text, at)))
        })
    }

    /// Call `act` with every occurrence, in the order of their ends, until it has enough.
    fn each(&self, text: &str, which: Which, mut act: impl FnMut(usize, usize, &Arc<str>) -> bool) {
        let automaton = match &self.automaton {
            Automaton::Nothing => return,
            Automaton::Ready(automaton) => automaton,
            Automaton::TooLarge => {
                if let Some(form) = self.forms.first().filter(|_| !text.is_empty()) {
                    act(0, text.len(), &form.origin);
                }
                return;
            }
        };
        for found in automaton.find_overlapping_iter(text) {
            let form = &self.forms[found.pattern().as_usize()];
            if which == Which::Secrets && form.token {
                continue;
            }
            let (from, to) = (found.start(), found.end());
            if form.alone && !(apart(text, from) && apart(text, to)) {
                continue;
            }
            if !act(from, to, &form.origin) {
                return;
            }
        }
    }
}

/// Whether no word goes on over this place.
fn apart(text: &str, at: usize) -> bool {
    let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !(joins(text[..at].chars().next_back()) && joins(text[at..].chars().next()))
}

/// Ends come in order, beginnings do not.
fn push(spans: &mut Vec<Span>, mut from: usize, to: usize) {
    while let Some(last) = spans.last() {
        if last.to < from {
            break;
        }
        from = from.min(last.from);
        spans.pop();
    }
    spans.push(Span { from, to });
}
