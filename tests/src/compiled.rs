//! Compiled code that workers of tests lend each other: most tests want plugins that are served, and compiling them again
//! for each was half of what all suites took of the processors.
//!
//! ```text
//!   a worker's first start --compiles--> serves --> its key and its code are kept, under what its plugins are
//!   another's first start with the same plugins --> has key and code from the beginning --> serves
//! ```
//!
//! Kept for one build of the binary: another may compile otherwise. A state folder that is there is left as it is, and
//! [`crate::WorkerSetup::compiles`] is for tests of compiling.

use std::fs::{DirBuilder, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::binary;

/// What compiled code is worth nothing without: the seal's key, and the code.
const PARTS: [&str; 2] = ["key", "code"];

/// Give a worker that has never run the code of its plugins, where another has compiled them.
pub(crate) fn lend(state_dir: &Path, plugins_dir: &Path) {
    if state_dir.exists() {
        return;
    }
    let Some(kept) = kept_for(plugins_dir).filter(|kept| kept.exists()) else {
        return;
    };
    copy(&kept, state_dir).expect("the rig's folder can be written");
}

/// Keep what a worker that serves has compiled.
pub(crate) fn keep(state_dir: &Path, plugins_dir: &Path) {
    let Some(kept) = kept_for(plugins_dir).filter(|kept| !kept.exists()) else {
        return;
    };
    let store = kept.parent().expect("it is in a folder");
    std::fs::create_dir_all(store).expect("the target directory can be written");
    let unfinished = tempfile::tempdir_in(store).expect("the target directory can be written");
    let whole = unfinished.path().join("whole");
    // The test may take the folder away, and another worker may have kept the same meanwhile: then the next one compiles, or
    // finds that.
    if copy(state_dir, &whole).is_ok() {
        let _ = std::fs::rename(&whole, kept);
    }
}

/// Where the code of these very plugins is kept; of none, nothing.
fn kept_for(plugins_dir: &Path) -> Option<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(plugins_dir)
        .ok()?
        .map(|entry| entry.ok().map(|entry| entry.path()))
        .collect::<Option<_>>()?;
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in &files {
        file.file_name().hash(&mut hasher);
        std::fs::read(file).ok()?.hash(&mut hasher);
    }
    let plugins = hasher.finish();
    (!files.is_empty()).then(|| store().join(format!("{plugins:016x}")))
}

/// The folder of this build of the binary.
fn store() -> &'static Path {
    static STORE: OnceLock<PathBuf> = OnceLock::new();
    STORE.get_or_init(|| {
        let built = std::fs::metadata(binary::pipefitter()).and_then(|found| found.modified());
        let mut hasher = DefaultHasher::new();
        built.expect("the binary is a file").hash(&mut hasher);
        let all = binary::target().join("compiled");
        let own = format!("{:016x}", hasher.finish());
        for other in std::fs::read_dir(&all).into_iter().flatten().flatten() {
            if other.file_name() != own.as_str() {
                // Of an earlier build. Another test's process may be at it, too.
                let _ = std::fs::remove_dir_all(other.path());
            }
        }
        all.join(own)
    })
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for part in PARTS {
        let (from, to) = (from.join(part), to.join(part));
        DirBuilder::new().recursive(true).mode(0o700).create(&to)?;
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    // Others may not look into a folder of state, and one that they can write to is refused.
    std::fs::set_permissions(to, Permissions::from_mode(0o700))
}
