//! Hides secrets in text on its way out of a job.
//!
//! A secret is looked for as it is, in base64 (standard and URL-safe, at each of the three alignments it
//! can have inside something longer), percent-encoded, form-encoded and as a JSON string. A secret of
//! several lines is hidden line by line too, since logs come in lines. Every byte that belongs to any
//! occurrence is hidden, overlapping ones together, and each run of hidden bytes becomes `***`.
//!
//! The stream that is masked is one of lines: no secret spans two of them, except one with line ends,
//! which is covered. A line that was cut may end in the first part of a secret: [`Masker::mask_cut`]
//! hides that part.
//!
//! Secrets shorter than [`SHORTEST`] characters are not hidden: they would hide ordinary words, and tell
//! by doing so what they are. The same goes for lines of a secret.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use pipefitter_codepipeline::clean_text;

/// Shorter secrets, in characters, are not hidden.
pub(crate) const SHORTEST: usize = 4;

/// In the place of what is hidden.
const MASK: &str = "***";

/// How the sandbox ends the text of a line that it cut.
const CUT_MARK: &str = " [cut]";

/// What `encodeURIComponent` encodes.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// What may stand in a URL's query unencoded, encoders differ about the rest.
const QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'%')
    .add(b'&')
    .add(b'+');

/// The forms of a job's secrets. Shows none of them.
pub(crate) struct Masker {
    /// Longest first, by first byte.
    by_first: Box<[Vec<Box<[u8]>>; 256]>,
}

impl std::fmt::Debug for Masker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Masker").finish_non_exhaustive()
    }
}

impl Masker {
    /// A masker of these secrets.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Masker {
        let mut forms = Vec::new();
        for secret in secrets {
            let cleaned = clean_text(secret);
            let lines = secret.lines().map(str::trim_end);
            for part in [secret, cleaned.as_str()].into_iter().chain(lines) {
                if part.chars().count() >= SHORTEST {
                    add_forms(part, &mut forms);
                }
            }
        }
        let mut by_first: Box<[Vec<Box<[u8]>>; 256]> =
            Box::new(std::array::from_fn(|_| Vec::new()));
        for form in forms {
            by_first[usize::from(form[0])].push(form.into_boxed_slice());
        }
        for list in by_first.iter_mut() {
            list.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            list.dedup();
        }
        Masker { by_first }
    }

    /// The text without secrets.
    pub(crate) fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let spans = self.spans(text);
        if spans.is_empty() {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(hide(text, &spans))
        }
    }

    /// As [`Masker::mask`], of a text that was cut at its end.
    pub(crate) fn mask_cut(&self, text: &str) -> String {
        let (kept, mark) = match text.strip_suffix(CUT_MARK) {
            Some(kept) => (kept, CUT_MARK),
            None => (text, ""),
        };
        let mut spans = self.spans(kept);
        let bytes = kept.as_bytes();
        let begun = (0..bytes.len()).find(|&at| {
            let rest = &bytes[at..];
            self.by_first[usize::from(bytes[at])]
                .iter()
                .any(|form| form.len() > rest.len() && form.starts_with(rest))
        });
        if let Some(begun) = begun {
            push(&mut spans, begun, bytes.len());
        }
        hide(kept, &spans) + mark
    }

    /// Whether there is something to hide.
    pub(crate) fn finds(&self, text: &str) -> bool {
        !self.spans(text).is_empty()
    }

    /// Runs of hidden bytes, in order and apart.
    fn spans(&self, text: &str) -> Vec<(usize, usize)> {
        let bytes = text.as_bytes();
        let mut spans = Vec::new();
        for (at, first) in bytes.iter().enumerate() {
            let found = self.by_first[usize::from(*first)]
                .iter()
                .find(|form| bytes[at..].starts_with(form));
            if let Some(form) = found {
                push(&mut spans, at, at + form.len());
            }
        }
        spans
    }
}

/// `from` is not before any span's start, except for the end of a cut line.
fn push(spans: &mut Vec<(usize, usize)>, mut from: usize, to: usize) {
    let mut end = to;
    while let Some(&(begin, stop)) = spans.last() {
        if stop < from {
            break;
        }
        from = from.min(begin);
        end = end.max(stop);
        spans.pop();
    }
    spans.push((from, end));
}

fn hide(text: &str, spans: &[(usize, usize)]) -> String {
    let mut hidden = String::with_capacity(text.len());
    let mut from = 0;
    for &(begin, end) in spans {
        hidden.push_str(&text[from..begin]);
        hidden.push_str(MASK);
        from = end;
    }
    hidden.push_str(&text[from..]);
    hidden
}

fn add_forms(secret: &str, forms: &mut Vec<Vec<u8>>) {
    let mut add = |form: String| {
        if form.chars().count() >= SHORTEST {
            forms.push(form.into_bytes());
        }
    };
    add(secret.to_owned());
    for set in [COMPONENT, NON_ALPHANUMERIC, QUERY] {
        let encoded = utf8_percent_encode(secret, set).to_string();
        add(encoded.replace("%20", "+"));
        add(lower_escapes(&encoded));
        add(encoded);
    }
    if let Ok(json) = serde_json::to_string(secret) {
        add(json[1..json.len() - 1].to_owned());
    }
    for alignment in 0..3 {
        let mut shifted = vec![0; alignment];
        shifted.extend_from_slice(secret.as_bytes());
        // The characters that hold bits of the secret only, whatever stands around it.
        let from = (alignment * 8).div_ceil(6);
        let to = shifted.len() * 8 / 6;
        for text in [
            STANDARD_NO_PAD.encode(&shifted),
            URL_SAFE_NO_PAD.encode(&shifted),
        ] {
            add(text[from..to].to_owned());
        }
    }
}

/// `%2F` as `%2f`.
fn lower_escapes(text: &str) -> String {
    let mut lowered = String::with_capacity(text.len());
    let mut escape = 0;
    for c in text.chars() {
        if c == '%' {
            escape = 2;
            lowered.push(c);
        } else if escape > 0 {
            escape -= 1;
            lowered.push(c.to_ascii_lowercase());
        } else {
            lowered.push(c);
        }
    }
    lowered
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secret() -> impl Strategy<Value = String> {
        "[a-zA-Z0-9/+=&%? é\"\\\\_-]{4,40}"
    }

    proptest! {
        #[test]
        fn no_secret_comes_through_in_any_form(
            secrets in proptest::collection::vec(secret(), 1..4),
            parts in proptest::collection::vec((any::<u8>(), ".{0,12}"), 0..8),
        ) {
            let masker = Masker::new(secrets.iter().map(String::as_str));
            let mut text = String::new();
            for (pick, filler) in &parts {
                text.push_str(filler);
                let secret = &secrets[usize::from(*pick) % secrets.len()];
                match pick % 5 {
                    0 => text.push_str(secret),
                    1 => text.push_str(&utf8_percent_encode(secret, COMPONENT).to_string()),
                    2 => text.push_str(&STANDARD_NO_PAD.encode(format!("{filler}{secret}{filler}"))),
                    3 => text.push_str(&URL_SAFE_NO_PAD.encode(secret)),
                    _ => text.push_str(&serde_json::to_string(secret).unwrap()),
                }
            }
            let masked = masker.mask(&text);
            for secret in &secrets {
                prop_assert!(!masked.contains(secret.as_str()), "{masked:?} has {secret:?}");
                let core = STANDARD_NO_PAD.encode(secret);
                let core = &core[..secret.len() * 8 / 6];
                prop_assert!(!masked.contains(core), "{masked:?} has base64 of {secret:?}");
            }
            prop_assert!(!masker.finds(&masked) || masked.contains('*'));
        }

        #[test]
        fn a_cut_line_does_not_end_in_the_first_part_of_a_secret(
            secret in "[a-z]{8,40}", before in "[A-Z ]{0,20}", cut in 1usize..40, marked in any::<bool>(),
        ) {
            let masker = Masker::new([secret.as_str()]);
            let kept = &secret[..cut.min(secret.len())];
            let mark = if marked { CUT_MARK } else { "" };
            let line = format!("{before}{kept}{mark}");
            prop_assert_eq!(masker.mask_cut(&line), format!("{before}***{mark}"));
        }

        #[test]
        fn text_without_secrets_is_not_changed(text in "[a-z ]{0,200}") {
            let masker = Masker::new(["SECRET0", "1234567"]);
            prop_assert_eq!(masker.mask(&text), text.as_str());
        }
    }

    #[test]
    fn overlapping_secrets_are_hidden_together() {
        let masker = Masker::new(["abcdef", "defghi"]);
        assert_eq!(masker.mask("<abcdefghi>"), "<***>");
    }

    #[test]
    fn the_longest_counts() {
        let masker = Masker::new(["pass", "password"]);
        assert_eq!(masker.mask("my password, my pass"), "my ***, my ***");
    }

    #[test]
    fn a_secret_of_several_lines_is_hidden_line_by_line() {
        let masker = Masker::new(["-----BEGIN-----\r\nMIIEabc\nxy\n-----END-----\n"]);
        assert_eq!(masker.mask("key: MIIEabc"), "key: ***");
        assert_eq!(masker.mask("xy"), "xy");
    }

    #[test]
    fn short_secrets_are_left_alone() {
        let masker = Masker::new(["no", "abc"]);
        assert_eq!(masker.mask("no abc"), "no abc");
    }
}
