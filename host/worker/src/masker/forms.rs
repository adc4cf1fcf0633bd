//! The spellings under which a secret is looked for.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use pipefitter_codepipeline::clean_text;
use secrecy::ExposeSecret;

use super::Secret;

/// Shorter secrets, in characters, are hidden only where they stand alone; an operator's may not be shorter.
/// Nonces and tokens that are shorter are not hidden at all: they are numbers that logs are full of.
pub(crate) const SHORTEST: usize = 8;

/// Lines of a longer secret that are shorter, in characters, are not hidden: they are its braces and blanks.
const SHORTEST_LINE: usize = 4;

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

/// One spelling of a secret. Has no `Debug`.
#[derive(Clone)]
pub(super) struct Form {
    pub(super) text: Box<str>,
    pub(super) origin: Arc<str>,
    /// Hidden only where no longer word contains it.
    pub(super) alone: bool,
    /// Of tokens only.
    pub(super) token: bool,
}

/// Every spelling of a secret, some of them twice.
pub(super) fn forms(secret: &Secret) -> Vec<Form> {
    let whole = secret.value.expose_secret();
    let long = secret.has(SHORTEST);
    if whole.trim().is_empty() || (secret.token && !long) {
        return Vec::new();
    }
    let cleaned = clean_text(whole);
    let mut texts = Vec::new();
    for part in [whole, whole.trim(), cleaned.as_str(), cleaned.trim()] {
        spellings(part, &mut texts);
    }
    let shortest_line = if long { SHORTEST_LINE } else { 1 };
    // Cleaned, so that a lone carriage return, which ends a line of a log, ends one here.
    for line in cleaned.lines().chain(whole.lines()).map(str::trim) {
        if line.len() < whole.len() && line.chars().count() >= shortest_line {
            spellings(line, &mut texts);
        }
    }
    let form = |(text, alone): (String, bool)| Form {
        text: text.into_boxed_str(),
        origin: Arc::clone(&secret.origin),
        alone,
        token: secret.token,
    };
    texts.into_iter().map(form).collect()
}

/// The spellings of one text, each with whether it is looked for as a word of its own only.
fn spellings(text: &str, into: &mut Vec<(String, bool)>) {
    let alone = text.chars().count() < SHORTEST;
    let mut add = |form: String| into.push((form, alone));
    for set in [COMPONENT, NON_ALPHANUMERIC, QUERY] {
        let encoded = utf8_percent_encode(text, set).to_string();
        add(encoded.replace("%20", "+"));
        add(lower_escapes(&encoded));
        add(encoded);
    }
    for escaped in json(text) {
        add(escaped);
    }
    add(hex::encode(text));
    add(hex::encode_upper(text));
    // What stands alone is encoded alone: its letters would not be found among others.
    for alignment in 0..if alone { 1 } else { 3 } {
        let mut shifted = vec![0; alignment];
        shifted.extend_from_slice(text.as_bytes());
        // The characters that hold bits of the secret only, whatever stands around it.
        let from = (alignment * 8).div_ceil(6);
        let to = shifted.len() * 8 / 6;
        for encoded in [
            STANDARD_NO_PAD.encode(&shifted),
            URL_SAFE_NO_PAD.encode(&shifted),
        ] {
            if alone {
                add(encoded);
            } else {
                add(encoded[from..to].to_owned());
            }
        }
    }
    add(text.to_owned());
    if !alone {
        // As the host of a URL is written, whoever typed it.
        add(text.to_lowercase());
    }
}

/// As a JSON string, without its quotes: plain (Rust, JavaScript), with what is not ASCII escaped (Python,
/// and Java's in upper case), safe inside HTML (Go), and with slashes escaped (PHP).
fn json(text: &str) -> Vec<String> {
    let Ok(quoted) = serde_json::to_string(text) else {
        return Vec::new();
    };
    let plain = &quoted[1..quoted.len() - 1];
    let escaped = |upper: bool, which: fn(char) -> bool| {
        let mut escaped = String::with_capacity(plain.len());
        for c in plain.chars() {
            if !which(c) {
                escaped.push(c);
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&if upper {
                    format!("\\u{unit:04X}")
                } else {
                    format!("\\u{unit:04x}")
                });
            }
        }
        escaped
    };
    let html = |c| matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
    let ascii = escaped(false, |c| !c.is_ascii());
    vec![
        ascii.replace('/', "\\/"),
        ascii,
        escaped(true, |c| !c.is_ascii()),
        escaped(false, html),
        plain.replace('/', "\\/"),
        plain.to_owned(),
    ]
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
