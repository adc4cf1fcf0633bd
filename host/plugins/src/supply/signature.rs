//! Signatures in minisign's format, so that its tools make and check them too.
//!
//! `FILE.wasm.minisig` beside the .wasm is the signature of its bytes. The trusted comment is signed as well, and
//! may bind a manifest that is not embedded: `manifest-sha256:` and 64 hex digits, as one word of it.
//!
//! A signature's own text is an attacker's: its shape is checked before the library sees it, for the library
//! takes the last line's length on trust.

use std::fmt;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use minisign::{PublicKey, PublicKeyBox, SignatureBox};

use super::custody::{Custody, check_directory, opened};
use super::digest::FileDigest;
use crate::error::PluginsError;
use crate::listing::folder_of;

/// The word of a trusted comment that binds a manifest.
pub(super) const MANIFEST_WORD: &str = "manifest-sha256:";

/// A key and a comment; minisign writes some 110 bytes.
const LARGEST_KEY: u64 = 4 << 10;

/// Algorithm, key id and signature, 74 bytes, in base64.
const SIGNATURE_LETTERS: usize = 100;

/// The signature of the trusted comment, 64 bytes, in base64.
const COMMENT_LETTERS: usize = 88;

/// Beside the .wasm: its whole name with `.minisig` behind it, as minisign names it.
pub(crate) fn signature_path(wasm: &Path) -> PathBuf {
    let mut name = wasm.as_os_str().to_owned();
    name.push(".minisig");
    PathBuf::from(name)
}

/// A public key whose signatures count.
#[derive(Clone, PartialEq, Eq)]
pub struct TrustedKey(PublicKey);

impl TrustedKey {
    /// From minisign's base64 (`RW...`, 56 letters).
    ///
    /// # Errors
    ///
    /// [`PluginsError::PublicKey`] if it is none.
    pub fn parse(text: &str) -> Result<TrustedKey, PluginsError> {
        let refused = || PluginsError::PublicKey {
            text: text.chars().take(100).collect(),
        };
        let key = PublicKey::from_base64(text.trim()).map_err(|_| refused())?;
        // The only algorithm there is.
        if key.to_bytes().starts_with(b"Ed") {
            Ok(TrustedKey(key))
        } else {
            Err(refused())
        }
    }

    /// From a file as minisign writes it: a comment, then the key. Blocking.
    ///
    /// # Errors
    ///
    /// [`PluginsError::KeyFile`] if it cannot be read, is no public key, or, under [`Custody::Enforced`], others
    /// could put another there.
    pub fn read(path: &Path, custody: Custody) -> Result<TrustedKey, PluginsError> {
        let refused = |fault: String, remedy: String| PluginsError::KeyFile {
            path: path.to_owned(),
            fault,
            remedy,
        };
        let absent = || {
            let remedy = "correct the path, or write the key itself (RW...)";
            refused("it is not there".to_owned(), remedy.to_owned())
        };
        check_directory(folder_of(path), custody)
            .map_err(|problem| refused(problem.message, problem.remedy))?;
        let text = read_small(path, custody)?.ok_or_else(absent)?;
        let key = PublicKey::from_box(PublicKeyBox::from(text)).ok();
        key.and_then(|key| TrustedKey::parse(&key.to_base64()).ok())
            .ok_or_else(|| {
                let remedy =
                    "give the file that `minisign -G` or `pipefitter plugin keygen` named .pub";
                refused("it holds no public key".to_owned(), remedy.to_owned())
            })
    }

    /// The id that signatures name it by, as minisign prints it: 16 hex digits.
    #[must_use]
    pub fn id(&self) -> String {
        id_of(self.0.keynum())
    }
}

impl From<PublicKey> for TrustedKey {
    fn from(key: PublicKey) -> TrustedKey {
        TrustedKey(key)
    }
}

impl fmt::Display for TrustedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_base64())
    }
}

impl fmt::Debug for TrustedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustedKey({})", self.id())
    }
}

/// A small text file of keys; `None` if it is not there.
pub(super) fn read_small(path: &Path, custody: Custody) -> Result<Option<String>, PluginsError> {
    use std::io::Read;
    let refused = |fault: String, remedy: &str| PluginsError::KeyFile {
        path: path.to_owned(),
        fault,
        remedy: remedy.to_owned(),
    };
    let file = opened(path, custody).map_err(|problem| PluginsError::KeyFile {
        path: path.to_owned(),
        fault: problem.fault(),
        remedy: problem.remedy,
    })?;
    let Some((file, _)) = file else {
        return Ok(None);
    };
    let mut text = String::new();
    let read = file.take(LARGEST_KEY + 1).read_to_string(&mut text);
    match read {
        Ok(_) if text.len() as u64 <= LARGEST_KEY => Ok(Some(text)),
        Ok(_) => Err(refused(
            "it is too large for a key".to_owned(),
            "give minisign's own file of the key",
        )),
        Err(error) => Err(refused(
            format!("it cannot be read: {error}"),
            "give minisign's own file of the key",
        )),
    }
}

fn id_of(keynum: &[u8]) -> String {
    // Little-endian, as minisign has it.
    keynum
        .iter()
        .rev()
        .map(|byte| format!("{byte:02X}"))
        .collect()
}

/// What a signature says of itself. Nothing of it is true until it was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignatureSeen {
    /// The id of the key that made it, 16 hex digits.
    pub key_id: String,
    /// Its trusted comment, control characters taken out.
    pub comment: String,
    /// Whether a trusted key made it of this very file.
    pub verified: bool,
}

/// A signature that was read, not yet verified.
pub(super) struct Signature(SignatureBox);

impl Signature {
    /// Nothing if it is no signature of minisign's.
    pub(super) fn read(bytes: &[u8]) -> Option<Signature> {
        let text = std::str::from_utf8(bytes).ok()?;
        let line = |at: usize| text.lines().nth(at).map(str::trim);
        let (signature, of_comment) = (line(1)?, line(3)?);
        let is_whole = signature.len() == SIGNATURE_LETTERS
            && signature.ends_with('=')
            && of_comment.len() == COMMENT_LETTERS
            && of_comment.ends_with("==");
        if !is_whole {
            return None;
        }
        SignatureBox::from_string(text).ok().map(Signature)
    }

    pub(super) fn key_id(&self) -> String {
        id_of(self.0.keynum())
    }

    fn comment(&self) -> String {
        self.0.trusted_comment().unwrap_or_default()
    }

    pub(super) fn seen(&self, verified: bool) -> SignatureSeen {
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        SignatureSeen {
            key_id: self.key_id(),
            comment: self.comment().chars().map(plain).collect(),
            verified,
        }
    }

    /// Whether `key` made it of these bytes, its trusted comment included. Signatures from before
    /// minisign 0.10, of the bytes and not of their hash, count too.
    pub(super) fn is_of(&self, bytes: &[u8], key: &TrustedKey) -> bool {
        minisign::verify(&key.0, &self.0, Cursor::new(bytes), true, false, true).is_ok()
    }

    /// The manifest that the trusted comment binds. `Err`: it tries to, and not in a way that is understood.
    pub(super) fn manifest(&self) -> Result<Option<FileDigest>, ()> {
        let comment = self.comment();
        let mut bound = comment
            .split_whitespace()
            .filter_map(|word| word.strip_prefix(MANIFEST_WORD));
        match (bound.next(), bound.next()) {
            (None, _) => Ok(None),
            (Some(digits), None) => FileDigest::from_hex(digits).map(Some).ok_or(()),
            (Some(_), Some(_)) => Err(()),
        }
    }
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
