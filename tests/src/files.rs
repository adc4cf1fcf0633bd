//! Files that plugins make, waited for, and folders of tests.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::process::DEADLINE;

/// Between two looks at a folder: a file that a guest makes announces itself to nobody.
const LOOK: Duration = Duration::from_millis(10);

/// Wait until a folder has at least `count` files whose names start so; returns their names, sorted.
pub async fn appears(folder: &Path, prefix: &str, count: usize) -> Vec<String> {
    let until = Instant::now() + DEADLINE;
    loop {
        let names = names(folder, prefix);
        if names.len() >= count {
            return names;
        }
        assert!(
            Instant::now() < until,
            "{} has {} files named {prefix}*, not {count}: {names:?}",
            folder.display(),
            names.len()
        );
        sleep(LOOK).await;
    }
}

/// How many files of a folder have names that start so.
#[must_use]
pub fn count_with_prefix(folder: &Path, prefix: &str) -> usize {
    names(folder, prefix).len()
}

fn names(folder: &Path, prefix: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", folder.display()));
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with(prefix))
        .collect();
    names.sort();
    names
}

/// Copy a file under a name that is passed over, then rename it: nobody sees half of it.
pub fn fresh_copy(from: &Path, to: &Path) {
    let part = to.with_extension("tmp");
    std::fs::copy(from, &part)
        .unwrap_or_else(|error| panic!("{} cannot be copied: {error}", from.display()));
    closed_to_others(&part);
    std::fs::rename(&part, to)
        .unwrap_or_else(|error| panic!("{} cannot be renamed: {error}", part.display()));
}

/// Take group's and others' right to write, which a umask of 002 gives and a worker refuses.
pub fn closed_to_others(path: &Path) {
    let close = || {
        let mode = std::fs::metadata(path)?.permissions().mode();
        std::fs::set_permissions(path, Permissions::from_mode(mode & 0o755))
    };
    close().unwrap_or_else(|error| panic!("{} cannot be closed: {error}", path.display()));
}
