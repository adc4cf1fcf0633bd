//! Compiled code is native code: running what somebody else wrote there would end the sandbox. So it is
//! kept sealed, and only what this key has authenticated is ever loaded.
//!
//! A sealed file, integers little-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `PFSEALED` |
//! | 4 | format version |
//! | 32 | hash of engine and linked contract: code of another engine is compiled again |
//! | 8 | length of the code |
//! | 32 | HMAC-SHA256 over all of the above, the length of the code's id, the id, and the code |
//! | .. | the code |
//!
//! The id is not in the file: whoever opens one knows whose code it wants, and what was sealed for one plugin is
//! nobody else's, under whatever name it lies.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use sha2::Sha256;

use crate::error::SandboxError;

const MAGIC: &[u8; 8] = b"PFSEALED";
const FORMAT: u32 = 2;
const HASH_AT: usize = 12;
const LENGTH_AT: usize = HASH_AT + 32;
const MAC_AT: usize = LENGTH_AT + 8;
const CODE_AT: usize = MAC_AT + 32;

const KEY_FILE: &str = "seal.key";
const KEY_LENGTH: usize = 32;

/// The key that authenticates compiled code. It never leaves the machine and is worth as much as the
/// worker's account: who has it can run native code as the worker.
#[derive(Clone)]
pub struct SealKey([u8; KEY_LENGTH]);

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(..)")
    }
}

impl SealKey {
    /// The key in `dir`, made on first use. The directory (made with mode 0700 where it does not exist)
    /// and the key file in it (0600) must be ours and closed to everybody else.
    ///
    /// # Errors
    /// [`SandboxError::KeyNotPrivate`], [`SandboxError::KeyDamaged`] or [`SandboxError::KeyFile`].
    pub fn load_or_create(dir: &Path) -> Result<SealKey, SandboxError> {
        let handle = open_dir(dir)?;
        let path = dir.join(KEY_FILE);
        match read_key(&handle, &path)? {
            Some(key) => Ok(key),
            None => {
                create_key(&handle).map_err(|source| key_file(&path, "made", source))?;
                // Read back, not remembered: of two processes that start together, one key wins.
                read_key(&handle, &path)?
                    .ok_or_else(|| key_file(&path, "read", io::ErrorKind::NotFound.into()))
            }
        }
    }

    /// A key that lives as long as the process: what it seals is of no use afterwards.
    ///
    /// # Errors
    /// [`SandboxError::KeyFile`] when the system has no random bytes.
    pub fn ephemeral() -> Result<SealKey, SandboxError> {
        random_key()
            .map(SealKey)
            .map_err(|source| key_file(Path::new("(in memory)"), "made", source))
    }

    fn mac(&self, header: &[u8], id: &str, code: &[u8]) -> Hmac<Sha256> {
        // HMAC fills a short key with zeros up to the hash's block; done here, no length can be wrong.
        let mut block = [0; 64];
        block[..KEY_LENGTH].copy_from_slice(&self.0);
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        mac.update(header);
        // With its length, so that no byte can change sides between id and code.
        mac.update(&(id.len() as u64).to_le_bytes());
        mac.update(id.as_bytes());
        mac.update(code);
        mac
    }

    pub(crate) fn seal(&self, engine: &[u8; 32], id: &str, code: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(CODE_AT + code.len());
        sealed.extend_from_slice(MAGIC);
        sealed.extend_from_slice(&FORMAT.to_le_bytes());
        sealed.extend_from_slice(engine);
        sealed.extend_from_slice(&(code.len() as u64).to_le_bytes());
        let mac = self.mac(&sealed, id, code).finalize().into_bytes();
        sealed.extend_from_slice(&mac);
        sealed.extend_from_slice(code);
        sealed
    }

    pub(crate) fn open<'a>(
        &self,
        engine: &[u8; 32],
        id: &str,
        sealed: &'a [u8],
    ) -> Result<Authentic<'a>, SandboxError> {
        let refuse = |reason| Err(SandboxError::Seal { reason });
        let Some((header, code)) = sealed.split_at_checked(CODE_AT) else {
            return refuse("it is cut short");
        };
        if !header.starts_with(MAGIC) {
            return refuse("it was not made by Pipefitter");
        }
        let (header, tag) = header.split_at(MAC_AT);
        // Nothing else is looked at before the tag is right; the comparison takes constant time.
        if self.mac(header, id, code).verify_slice(tag).is_err() {
            return refuse("it was changed, is another plugin's, or was sealed with another key");
        }
        if header[8..HASH_AT] != FORMAT.to_le_bytes()
            || header[HASH_AT..LENGTH_AT] != engine[..]
            || header[LENGTH_AT..MAC_AT] != (code.len() as u64).to_le_bytes()
        {
            return refuse("it was compiled for another engine");
        }
        Ok(Authentic(code))
    }
}

/// Code that this process has authenticated. Made by [`SealKey::open`] alone.
pub(crate) struct Authentic<'a>(&'a [u8]);

impl<'a> Authentic<'a> {
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.0
    }

    /// What follows the first `length` bytes: as authentic as the whole.
    pub(crate) fn after(&self, length: usize) -> Option<Authentic<'a>> {
        self.0.get(length..).map(Authentic)
    }
}

fn key_file(path: &Path, action: &'static str, source: io::Error) -> SandboxError {
    SandboxError::KeyFile {
        path: path.to_owned(),
        action,
        source,
    }
}

fn open_dir(dir: &Path) -> Result<OwnedFd, SandboxError> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| key_file(dir, "made", source))?;
    let handle = rustix::fs::open(
        dir,
        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .map_err(|source| key_file(dir, "read", source.into()))?;
    check_private(&handle, dir, "0700")?;
    Ok(handle)
}

fn check_private(
    handle: &OwnedFd,
    path: &Path,
    mode: &'static str,
) -> Result<rustix::fs::Stat, SandboxError> {
    let stat = rustix::fs::fstat(handle).map_err(|source| key_file(path, "read", source.into()))?;
    let owner = rustix::process::geteuid().as_raw();
    let problem = if stat.st_uid != owner {
        format!("belongs to user {}, not to user {owner}", stat.st_uid)
    } else if stat.st_mode & 0o077 != 0 {
        format!("has mode {:04o}", stat.st_mode & 0o7777)
    } else {
        return Ok(stat);
    };
    let mode = mode.trim_start_matches('0');
    Err(SandboxError::KeyNotPrivate {
        path: path.to_owned(),
        problem,
        remedy: format!(
            "if nobody else can have changed it, run `chown {owner} {0}` and `chmod {mode} {0}`; \
             else delete it, and plugins are compiled again",
            path.display()
        ),
    })
}

fn read_key(dir: &OwnedFd, path: &Path) -> Result<Option<SealKey>, SandboxError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let handle = match rustix::fs::openat(dir, KEY_FILE, flags, Mode::empty()) {
        Ok(handle) => handle,
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(source) => return Err(key_file(path, "read", source.into())),
    };
    let stat = check_private(&handle, path, "0600")?;
    let length = u64::try_from(stat.st_size).unwrap_or(0);
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile || length != KEY_LENGTH as u64
    {
        return Err(SandboxError::KeyDamaged {
            path: path.to_owned(),
            length,
        });
    }
    let mut key = [0; KEY_LENGTH];
    File::from(handle)
        .read_exact(&mut key)
        .map_err(|source| key_file(path, "read", source))?;
    Ok(Some(SealKey(key)))
}

/// Written whole under another name and then linked: a crash leaves no half key, and a key that another
/// process made meanwhile stays.
fn create_key(dir: &OwnedFd) -> io::Result<()> {
    let temporary = format!("{KEY_FILE}.{}.tmp", std::process::id());
    let flags =
        OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = rustix::fs::openat(dir, &temporary, flags, Mode::RUSR | Mode::WUSR)?;
    let mut file = File::from(handle);
    file.write_all(&random_key()?)?;
    file.sync_all()?;
    let linked = rustix::fs::linkat(dir, &temporary, dir, KEY_FILE, AtFlags::empty());
    rustix::fs::unlinkat(dir, &temporary, AtFlags::empty())?;
    match linked {
        Ok(()) | Err(rustix::io::Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    rustix::fs::fsync(dir)?;
    Ok(())
}

fn random_key() -> io::Result<[u8; KEY_LENGTH]> {
    let mut key = [0; KEY_LENGTH];
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use proptest::prelude::*;

    use super::*;

    const ENGINE: [u8; 32] = [7; 32];
    const ID: &str = "ab-01";

    fn key(byte: u8) -> SealKey {
        SealKey([byte; KEY_LENGTH])
    }

    fn refusal(result: Result<Authentic<'_>, SandboxError>) -> &'static str {
        match result {
            Err(SandboxError::Seal { reason }) => reason,
            Err(other) => panic!("another refusal: {other}"),
            Ok(_) => panic!("accepted"),
        }
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_unchanged(code in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let sealed = key(1).seal(&ENGINE, ID, &code);
            prop_assert_eq!(key(1).open(&ENGINE, ID, &sealed).unwrap().bytes(), &code[..]);
        }

        #[test]
        fn any_flipped_bit_is_refused(at in any::<prop::sample::Index>(), bit in 0..8u32) {
            let mut sealed = key(1).seal(&ENGINE, ID, b"some code");
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(key(1).open(&ENGINE, ID, &sealed).is_err());
        }

        #[test]
        fn any_prefix_is_refused(at in any::<prop::sample::Index>()) {
            let sealed = key(1).seal(&ENGINE, ID, b"some code");
            prop_assert!(key(1).open(&ENGINE, ID, &sealed[..at.index(sealed.len())]).is_err());
        }
    }

    #[test]
    fn what_was_sealed_for_one_id_is_nobody_elses() {
        let sealed = key(1).seal(&ENGINE, "ab-01", b"2code");
        // The same bytes in a row, cut at another place, are another id and another code.
        for id in ["ab-02", "ab-0", "ab-012", ""] {
            let refused = refusal(key(1).open(&ENGINE, id, &sealed));
            assert!(refused.contains("another plugin's"), "{id}: {refused}");
        }
        assert!(key(1).open(&ENGINE, "ab-01", &sealed).is_ok());
    }

    #[test]
    fn another_key_or_engine_is_refused_by_name() {
        let sealed = key(1).seal(&ENGINE, ID, b"code");
        assert_eq!(
            refusal(key(2).open(&ENGINE, ID, &sealed)),
            "it was changed, is another plugin's, or was sealed with another key"
        );
        assert_eq!(
            refusal(key(1).open(&[8; 32], ID, &sealed)),
            "it was compiled for another engine"
        );
        assert_eq!(
            refusal(key(1).open(&ENGINE, ID, b"\0asm")),
            "it is cut short"
        );
    }

    #[test]
    fn the_key_is_made_once_private_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().join("state/keys");
        let first = SealKey::load_or_create(&at).unwrap();
        let again = SealKey::load_or_create(&at).unwrap();
        assert_eq!(first.0, again.0);
        assert_ne!(first.0, [0; KEY_LENGTH]);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&at), 0o700);
        assert_eq!(mode(&at.join(KEY_FILE)), 0o600);
        let names = std::fs::read_dir(&at).unwrap().count();
        assert_eq!(names, 1, "no temporary file is left");
    }

    #[test]
    fn a_key_that_others_can_reach_is_refused_with_a_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().join("keys");
        SealKey::load_or_create(&at).unwrap();
        let open = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        open(&at.join(KEY_FILE), 0o640);
        let error = SealKey::load_or_create(&at).unwrap_err().to_string();
        assert!(error.contains("has mode 0640"), "{error}");
        assert!(error.contains("chmod 600"), "{error}");
        open(&at.join(KEY_FILE), 0o600);
        open(&at, 0o755);
        let error = SealKey::load_or_create(&at).unwrap_err().to_string();
        assert!(error.contains("chmod 700"), "{error}");
    }

    #[test]
    fn a_damaged_key_or_a_link_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().join("keys");
        SealKey::load_or_create(&at).unwrap();
        std::fs::write(at.join(KEY_FILE), b"short").unwrap();
        let error = SealKey::load_or_create(&at).unwrap_err().to_string();
        assert!(error.contains("it has 5 bytes"), "{error}");
        std::fs::remove_file(at.join(KEY_FILE)).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at.join(KEY_FILE)).unwrap();
        assert!(matches!(
            SealKey::load_or_create(&at),
            Err(SandboxError::KeyFile { .. })
        ));
    }
}
