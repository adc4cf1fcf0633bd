//! Making keys and signatures.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use minisign::{KeyPair, PublicKey, SecretKey, SecretKeyBox};

use super::custody::Custody;
use super::digest::FileDigest;
use super::signature::{MANIFEST_WORD, TrustedKey, read_small};
use crate::error::PluginsError;

/// How minisign's secret keys begin in base64: algorithm, then what encrypts them (nothing, scrypt).
const PLAIN: &str = "RWQAAEIy";
const ENCRYPTED: &str = "RWRTY0Iy";

/// A secret key, decrypted. Its `Debug` shows its id.
pub struct SigningKey {
    secret: SecretKey,
    public: PublicKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.trusted().id())
    }
}

impl SigningKey {
    /// Make a pair of keys: the secret one into `secret_file` with mode 0600, encrypted if there is a password;
    /// the public one into `public_file`. Neither may be there. Blocking.
    ///
    /// # Errors
    ///
    /// [`PluginsError::KeyWrite`] if a file is there or cannot be written; [`PluginsError::Signing`] if the
    /// system has no random bytes.
    pub fn generate(
        secret_file: &Path,
        public_file: &Path,
        password: Option<&str>,
    ) -> Result<TrustedKey, PluginsError> {
        let pair = match password {
            Some(password) => KeyPair::generate_encrypted_keypair(Some(password.to_owned())),
            None => KeyPair::generate_unencrypted_keypair(),
        };
        let KeyPair { pk, sk } = pair.map_err(signing)?;
        let trusted = TrustedKey::from(pk.clone());
        let comment = match password {
            Some(_) => format!("pipefitter encrypted secret key {}", trusted.id()),
            None => format!("pipefitter secret key {}", trusted.id()),
        };
        let secret = sk.to_box(Some(&comment)).map_err(signing)?.into_string();
        let public = pk.to_box().map_err(signing)?.into_string();
        write_new(secret_file, 0o600, &secret)?;
        write_new(public_file, 0o644, &public)?;
        Ok(trusted)
    }

    /// Whether a secret key's file needs a password. Blocking.
    ///
    /// # Errors
    ///
    /// As [`SigningKey::read`], but for the password.
    pub fn is_encrypted(secret_file: &Path) -> Result<bool, PluginsError> {
        read_secret(secret_file).map(|(_, is_encrypted)| is_encrypted)
    }

    /// Read a secret key of minisign's. Decrypting one takes up to some seconds and 1 GiB, as its maker chose.
    /// Blocking.
    ///
    /// # Errors
    ///
    /// [`PluginsError::KeyFile`] if it cannot be read, is none, or others can read it;
    /// [`PluginsError::KeyPassword`] if the password is missing or wrong.
    pub fn read(secret_file: &Path, password: Option<String>) -> Result<SigningKey, PluginsError> {
        let (text, is_encrypted) = read_secret(secret_file)?;
        let wrong = || PluginsError::KeyPassword {
            path: secret_file.to_owned(),
        };
        let secret = if is_encrypted {
            // Without one the library would ask the terminal itself.
            let password = password.ok_or_else(wrong)?;
            SecretKeyBox::from(text)
                .into_secret_key(Some(password))
                .map_err(|_| wrong())?
        } else {
            unencrypted(&text).ok_or_else(|| damaged(secret_file))?
        };
        let public = PublicKey::from_secret_key(&secret).map_err(|_| damaged(secret_file))?;
        Ok(SigningKey { secret, public })
    }

    /// The public half.
    #[must_use]
    pub fn trusted(&self) -> TrustedKey {
        TrustedKey::from(self.public.clone())
    }

    /// Sign a .wasm, called `name`, and bind the text of its manifest to it. What comes back is the content of
    /// `FILE.wasm.minisig`.
    ///
    /// # Errors
    ///
    /// [`PluginsError::Signing`] if the system has no random bytes.
    pub fn sign(
        &self,
        name: &str,
        wasm: &[u8],
        manifest: &FileDigest,
    ) -> Result<String, PluginsError> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        // As minisign's own, and one word more.
        let comment = format!(
            "timestamp:{now}\tfile:{name}\t{MANIFEST_WORD}{}\thashed",
            manifest.hex()
        );
        let untrusted = format!("signature by pipefitter key {}", self.trusted().id());
        minisign::sign(
            Some(&self.public),
            &self.secret,
            wasm,
            Some(&comment),
            Some(&untrusted),
        )
        .map(|signature| signature.to_string())
        .map_err(signing)
    }
}

fn read_secret(path: &Path) -> Result<(String, bool), PluginsError> {
    let refused = |fault: String, remedy: String| PluginsError::KeyFile {
        path: path.to_owned(),
        fault,
        remedy,
    };
    let found = std::fs::symlink_metadata(path).map_err(|error| {
        let remedy = "give the file of a secret key; `pipefitter plugin keygen` makes one";
        refused(format!("it cannot be read: {error}"), remedy.to_owned())
    })?;
    if found.is_file() && found.mode() & 0o077 != 0 {
        return Err(refused(
            format!(
                "others can reach this secret key (mode {:04o})",
                found.mode() & 0o7777
            ),
            format!(
                "if nobody can have read it, run `chmod 600 {}`; else make another key",
                path.display()
            ),
        ));
    }
    let text = read_small(path, Custody::Enforced)?.ok_or_else(|| damaged(path))?;
    let key = text.lines().nth(1).unwrap_or_default();
    if key.starts_with(ENCRYPTED) {
        Ok((text, true))
    } else if key.starts_with(PLAIN) {
        Ok((text, false))
    } else {
        Err(damaged(path))
    }
}

/// minisign 0.11 writes no checksum into a key without a password, and the library demands one. A damaged key is
/// found when it signs: the signature is checked with the public half.
fn unencrypted(text: &str) -> Option<SecretKey> {
    let bytes = BASE64_STANDARD.decode(text.lines().nth(1)?.trim()).ok()?;
    SecretKey::from_bytes(&bytes).ok()
}

fn damaged(path: &Path) -> PluginsError {
    PluginsError::KeyFile {
        path: path.to_owned(),
        fault: "it is no secret key of minisign's, or a damaged one".to_owned(),
        remedy: "give the file that `minisign -G` or `pipefitter plugin keygen` wrote".to_owned(),
    }
}

fn write_new(path: &Path, mode: u32, text: &str) -> Result<(), PluginsError> {
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|source| PluginsError::KeyWrite {
        path: path.to_owned(),
        source,
    })
}

fn signing(source: minisign::PError) -> PluginsError {
    PluginsError::Signing(Box::new(source))
}
