//! Outputs as a hostile guest leaves them, made from a script.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use pipefitter_artifacts::{ErrorKind, UnpackLimits};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::yard::{Node, Yard, read};

/// Whatever can be packed must come out again.
const LIMITS: UnpackLimits = UnpackLimits {
    object_bytes: u64::MAX,
    bytes: u64::MAX,
    entries: u64::MAX,
    ratio: u64::MAX,
    depth: u32::MAX,
};

/// So that one input does not take long.
const STEPS: usize = 64;

thread_local! {
    static YARD: Yard = Yard::new();
}

/// Each step is a byte that says what to make, a byte with the length of a name, the name, and for some a
/// length of content, or the length of a target and the target.
pub fn pack(data: &[u8]) {
    YARD.with(|yard| {
        let dir = yard.empty("into");
        make(&dir, &mut Script(data));
        packed(yard, &dir);
    });
}

/// What is packed unpacks to the same tree, and packs to the same bytes; what is not is the output's fault.
fn packed(yard: &Yard, dir: &Path) {
    let tree = read(dir);
    let (packed, archive) = match yard.pack(dir) {
        Ok(packed) => packed,
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::BadOutput, "{error}");
            return;
        }
    };
    assert!(tree.values().all(|node| *node != Node::Other));
    let files = tree.values().filter(|node| **node != Node::Folder).count();
    assert_eq!(packed.files, files as u64);
    let again = yard.empty("again");
    yard.unpack(&archive, &again, &LIMITS)
        .expect("what was packed can be unpacked");
    yard.is_as_it_was();
    assert_eq!(read(&again), tree);
    assert_eq!(yard.pack(&again).expect("and packed again").1, archive);
}

struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.byte()?);
        let (bytes, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        Some(bytes)
    }
}

/// Steps that the file system refuses are left out.
fn make(root: &Path, script: &mut Script<'_>) {
    let mut folder = PathBuf::new();
    for _ in 0..STEPS {
        let (Some(kind), Some(name)) = (script.byte(), script.bytes()) else {
            return;
        };
        let name = OsStr::from_bytes(name);
        // One step of a path, so that nothing is made outside by the test itself.
        if name.is_empty() || name == "." || name == ".." || name.as_bytes().contains(&b'/') {
            continue;
        }
        let path = root.join(&folder).join(name);
        let _made = match kind % 8 {
            0 | 1 => file(&path, kind, script),
            2 => std::fs::create_dir(&path).map(|()| folder.push(name)),
            3 => std::fs::create_dir(&path),
            4 => symlink(OsStr::from_bytes(script.bytes().unwrap_or_default()), &path),
            5 => {
                folder.pop();
                Ok(())
            }
            6 => {
                let other = OsStr::from_bytes(script.bytes().unwrap_or_default());
                match other.as_bytes().contains(&b'/') {
                    true => Ok(()),
                    false => std::fs::hard_link(root.join(other), &path),
                }
            }
            _ => mknodat(CWD, &path, FileType::Fifo, Mode::RUSR, 0).map_err(Into::into),
        };
    }
}

fn file(path: &Path, kind: u8, script: &mut Script<'_>) -> std::io::Result<()> {
    let length = usize::from(script.byte().unwrap_or_default());
    let content = match kind {
        // More than is packed in one piece would be slow; a few blocks will do.
        0x80.. => vec![kind; length << 8],
        _ => script.0[..length.min(script.0.len())].to_vec(),
    };
    // New, or not at all: an earlier step may have planted a link here that leads out, or a pipe.
    std::fs::File::create_new(path)?.write_all(&content)?;
    let mode = if kind.is_multiple_of(8) {
        0o640
    } else {
        0o4751
    };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}
