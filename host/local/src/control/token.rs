//! The token that opens the control path.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::auth::random;

/// The shortest token that is taken: as much as 16 random letters hold cannot be guessed.
const SHORTEST: usize = 16;

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Opens the control path. `Debug` does not show it.
#[derive(Clone, Debug)]
pub struct ControlToken(SecretString);

/// Why a text or a file is no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It has too few characters, or some that no header can carry.
    #[error(
        "a control token has at least {SHORTEST} visible ASCII characters and no space; make one with \
         `openssl rand -hex 16`"
    )]
    Form,
    /// The file cannot be read.
    #[error("could not read the control token from {path}")]
    Read {
        /// The file.
        path: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

impl ControlToken {
    /// A new one, of 32 random characters.
    #[must_use]
    pub fn random() -> Self {
        Self(random(ALPHABET, 32).into())
    }

    /// # Errors
    /// A text that is too short or that a header cannot carry.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        let is_fine = text.len() >= SHORTEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_fine {
            Ok(Self(text.into()))
        } else {
            Err(TokenError::Form)
        }
    }

    /// The one on a file's first line.
    ///
    /// # Errors
    /// A file that cannot be read or holds no token.
    pub fn from_file(path: &Path) -> Result<Self, TokenError> {
        let text = std::fs::read_to_string(path).map_err(|source| TokenError::Read {
            path: path.display().to_string(),
            source,
        })?;
        Self::new(text.lines().next().unwrap_or_default().trim())
    }

    /// The token in clear, to be shown to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether an `Authorization` header carries it; how much of it is right cannot be timed.
    pub(super) fn opens(&self, header: &[u8]) -> bool {
        let expected = [b"Bearer ".as_slice(), self.reveal().as_bytes()].concat();
        header.ct_eq(&expected).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_opens_only_whole_and_is_not_shown() {
        assert!(ControlToken::new("short").is_err());
        assert!(ControlToken::new("0123456789 abcdef").is_err());
        let token = ControlToken::new("0123456789abcdef").unwrap();
        assert!(token.opens(b"Bearer 0123456789abcdef"));
        for wrong in ["", "Bearer ", "Bearer 0123456789abcde", "0123456789abcdef"] {
            assert!(!token.opens(wrong.as_bytes()), "{wrong}");
        }
        assert!(!format!("{token:?}").contains("0123"));
        assert_eq!(ControlToken::random().reveal().len(), 32);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "0123456789abcdef\n").unwrap();
        assert!(ControlToken::from_file(&file).is_ok());
        let error = ControlToken::from_file(&folder.path().join("none")).unwrap_err();
        assert!(error.to_string().contains("none"), "{error}");
    }
}
