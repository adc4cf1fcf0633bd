//! Hiding of secrets in text on its way out. The worker's own module, without the worker and its sandbox.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

#[path = "../../../host/worker/src/masker/mod.rs"]
#[allow(dead_code, reason = "the worker has more uses for it")]
mod masked;

use masked::{Masker, SHORTEST, Secret};

#[path = "../../../host/sandbox/src/lines.rs"]
#[allow(dead_code, reason = "the sandbox has more uses for it")]
mod lines;

fn lines<'a>(masker: &Masker, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut splitter = lines::Splitter::default();
    let mut line = |raw: lines::RawLine<'_>| {
        lines.push(
            masker
                .mask(&String::from_utf8_lossy(raw.bytes))
                .into_owned(),
        );
    };
    for piece in pieces {
        splitter.write(piece, &mut line);
    }
    splitter.finish(&mut line);
    lines
}

/// The bytes 0xFF part secrets, up to three, from the text after them.
pub fn masker(data: &[u8]) {
    let mut parts: Vec<String> = data
        .splitn(4, |byte| *byte == 0xff)
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect();
    let text = parts.pop().unwrap_or_default();
    let masker = Masker::new(parts.iter().map(|part| Secret::new("a secret", part)));
    let masked = masker.mask(&text);
    if masker.found(&text).is_none() {
        assert_eq!(masked, text);
    }
    // A mask next to what stood there may look like a secret of asterisks.
    for secret in parts.iter().filter(|secret| !secret.contains('*')) {
        if secret.chars().count() < SHORTEST {
            continue;
        }
        assert!(
            !masked.contains(secret.as_str()),
            "{secret:?} in {masked:?}"
        );
        let encoded = STANDARD_NO_PAD.encode(secret);
        // The last character may hold bits of what comes after.
        let whole = &encoded[..secret.len() * 8 / 6];
        assert!(
            !masked.contains(whole),
            "base64 of {secret:?} in {masked:?}"
        );
        assert!(!masker.mask_cut(&text).contains(secret.as_str()));
    }
    // Whatever comes in pieces is joined to lines first, so where they end makes no difference.
    let size = 1 + usize::from(data.first().copied().unwrap_or_default() % 7);
    let pieces = lines(&masker, text.as_bytes().chunks(size));
    assert_eq!(pieces, lines(&masker, std::iter::once(text.as_bytes())));
    for secret in parts
        .iter()
        .filter(|secret| !secret.contains(['*', '\n', '\r']))
    {
        if secret.chars().count() >= SHORTEST && text.len() < lines::MAX_LINE {
            assert!(pieces.iter().all(|line| !line.contains(secret.as_str())));
        }
    }
    // A line that is cut anywhere does not tell the first part of a secret either.
    for (at, _) in text.char_indices() {
        let _cut = masker.mask_cut(&text[..at]);
    }
}
