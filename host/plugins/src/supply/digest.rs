//! The digest of one file, as operators write it.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::error::PluginsError;

const PREFIX: &str = "sha256:";

/// SHA-256 of a file's bytes, written `sha256:` and 64 hex digits: what `sha256sum` prints, with its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileDigest([u8; 32]);

impl FileDigest {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> FileDigest {
        FileDigest(Sha256::digest(bytes).into())
    }

    /// The 64 hex digits alone.
    #[must_use]
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }

    pub(crate) fn bytes(&self) -> [u8; 32] {
        self.0
    }

    /// From 64 hex digits of either case.
    pub(crate) fn from_hex(digits: &str) -> Option<FileDigest> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).ok()?;
        Some(FileDigest(bytes))
    }
}

impl FromStr for FileDigest {
    type Err = PluginsError;

    /// # Errors
    ///
    /// [`PluginsError::Digest`] if it is not `sha256:` and 64 hex digits.
    fn from_str(text: &str) -> Result<FileDigest, PluginsError> {
        text.strip_prefix(PREFIX)
            .and_then(FileDigest::from_hex)
            .ok_or_else(|| PluginsError::Digest {
                text: text.chars().take(100).collect(),
            })
    }
}

impl fmt::Display for FileDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.hex())
    }
}

impl fmt::Debug for FileDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_digest_is_what_sha256sum_prints() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(FileDigest::of(b"").to_string(), format!("sha256:{empty}"));
        for text in [
            "",
            empty,
            "sha256:",
            "sha256:e3b0",
            "md5:d41d8cd98f00b204e9800998ecf8427e",
            &format!("sha256:{empty}0"),
            &format!("sha256: {empty}"),
            &format!("SHA256:{empty}"),
        ] {
            let error = text.parse::<FileDigest>().unwrap_err().to_string();
            assert!(error.contains("64 hex digits"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(bytes in any::<[u8; 32]>(), upper in any::<bool>()) {
            let digest = FileDigest(bytes);
            let digits = if upper { digest.hex().to_uppercase() } else { digest.hex() };
            prop_assert_eq!(format!("sha256:{digits}").parse::<FileDigest>().unwrap(), digest);
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".{0,80}") {
            let _ = text.parse::<FileDigest>();
        }
    }
}
