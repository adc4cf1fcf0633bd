//! What a .wasm tells of itself, found in one process and believed, after another look at it, in another.
//!
//! Taking a stranger's bytes apart is work for a process that nothing is lost by ([`Look`](crate::Look)): there
//! [`look`] runs, and whoever made the bytes may by some fault of ours have made it say anything. So what it says is
//! bytes again, and here is decided what of them counts.

use serde::{Deserialize, Serialize};

use crate::error::PluginsError;
use crate::wasm::{LARGEST_MANIFEST, check_whole, embedded_manifest};

/// Characters of what is wrong with a .wasm.
const REASON: usize = 300;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Seen {
    /// Every section ends where it says.
    Whole {
        /// The embedded manifest.
        manifest: Option<String>,
    },
    /// The embedded manifest is no text.
    NoText,
    /// The embedded manifest has so many bytes.
    TooLong { bytes: usize },
    /// It is no WebAssembly, or not all of it is there.
    NoWasm { reason: String },
}

/// Take a .wasm apart and tell what is seen. For where no harm can be done: a worker does not call it on what it was
/// given, but has it called by a [`Look`](crate::Look).
#[must_use]
pub fn look(wasm: &[u8]) -> Vec<u8> {
    let seen = match check_whole(wasm).and_then(|()| embedded_manifest(wasm)) {
        Ok(Some(text)) if text.len() > LARGEST_MANIFEST => Seen::TooLong { bytes: text.len() },
        Ok(manifest) => Seen::Whole { manifest },
        Err(PluginsError::ManifestText) => Seen::NoText,
        Err(PluginsError::NotWasm { reason }) => Seen::NoWasm { reason },
        Err(error) => Seen::NoWasm {
            reason: error.to_string(),
        },
    };
    // There is nothing in it that JSON has no words for; and nobody believes an empty answer.
    serde_json::to_vec(&seen).unwrap_or_default()
}

/// The embedded manifest of a whole .wasm, if there is one, by what [`look`] has told.
pub(crate) fn believed(told: &[u8]) -> Result<Option<String>, PluginsError> {
    let too_long = |bytes| PluginsError::ManifestSize {
        bytes,
        most: LARGEST_MANIFEST,
    };
    match serde_json::from_slice(told) {
        Ok(Seen::Whole {
            manifest: Some(text),
        }) if text.len() > LARGEST_MANIFEST => Err(too_long(text.len())),
        Ok(Seen::Whole { manifest }) => Ok(manifest),
        Ok(Seen::NoText) => Err(PluginsError::ManifestText),
        Ok(Seen::TooLong { bytes }) => Err(too_long(bytes)),
        Ok(Seen::NoWasm { reason }) => Err(PluginsError::NotWasm {
            reason: printable(&reason),
        }),
        Err(_) => Err(PluginsError::Looked),
    }
}

fn printable(reason: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    reason.chars().take(REASON).map(clean).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wasm_encoder::Component;

    use super::*;
    use crate::wasm::{MANIFEST_SECTION, embed_manifest};

    #[test]
    fn what_is_seen_is_believed_once_more() {
        let bare = Component::new().finish();
        assert_eq!(believed(&look(&bare)).unwrap(), None);
        let with = embed_manifest(&bare, "[action]").unwrap();
        assert_eq!(believed(&look(&with)).unwrap().as_deref(), Some("[action]"));
        let refused = |wasm: &[u8]| believed(&look(wasm)).unwrap_err().to_string();
        assert!(refused(&with[..with.len() - 1]).starts_with("not WebAssembly"));
        assert!(refused(b"#!/bin/sh").contains("does not begin with"));
        let section = |data: &[u8]| {
            let mut component = Component::new();
            component.section(&wasm_encoder::CustomSection {
                name: MANIFEST_SECTION.into(),
                data: data.into(),
            });
            refused(&component.finish())
        };
        assert!(section(b"\xff").contains("not UTF-8"));
        let long = section(&vec![b'#'; LARGEST_MANIFEST + 1]);
        assert!(long.contains("1048577 bytes"), "{long}");
    }

    /// As one says it that was taken over.
    #[test]
    fn what_cannot_have_been_seen_is_not_believed() {
        let long = Seen::Whole {
            manifest: Some("#".repeat(LARGEST_MANIFEST + 1)),
        };
        let long = serde_json::to_vec(&long).unwrap();
        assert!(matches!(
            believed(&long),
            Err(PluginsError::ManifestSize { .. })
        ));
        let steers = Seen::NoWasm {
            reason: format!("\u{1b}[2J\n{}", "x".repeat(10_000)),
        };
        match believed(&serde_json::to_vec(&steers).unwrap()) {
            Err(PluginsError::NotWasm { reason }) => {
                assert_eq!(reason.len(), REASON);
                assert!(!reason.chars().any(char::is_control), "{reason:?}");
            }
            other => panic!("{other:?}"),
        }
        for nonsense in [&b""[..], b"{}", b"[1]", br#"{"whole":{"manifest":1}}"#] {
            assert!(matches!(believed(nonsense), Err(PluginsError::Looked)));
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_told_panics(told in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = believed(&told);
        }
    }
}
