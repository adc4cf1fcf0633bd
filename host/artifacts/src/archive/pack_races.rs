//! What is swapped between being listed and being opened: each change at the very moment that matters.

use std::os::unix::fs::symlink;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::pack::{Packed, pack_listed};
use super::walk::list;
use crate::cancel::Cancel;
use crate::error::StageError;

const SECRET: &[u8] = b"a file of the host, as long";

/// An output with `folder/file` and, beside it, a directory of the host's with a file of the same name and
/// length; packs what was listed before `change`.
fn packed_after(change: impl FnOnce(&Path)) -> (Result<Packed, StageError>, Vec<u8>) {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("Site");
    for path in ["Site/folder", "host"] {
        std::fs::create_dir_all(home.path().join(path)).unwrap();
    }
    std::fs::write(home.path().join("host/file"), SECRET).unwrap();
    std::fs::write(dir.join("folder/file"), vec![b'g'; SECRET.len()]).unwrap();
    let root = Dir::open_ambient_dir(&dir, ambient_authority()).unwrap();
    let cancel = Cancel::default();
    let items = list(&root, &cancel).unwrap();
    change(&dir);
    let archive = home.path().join("archive");
    let packed = pack_listed(
        &root,
        &items,
        std::fs::File::create(&archive).unwrap(),
        &cancel,
    );
    (packed, std::fs::read(&archive).unwrap())
}

fn refused_after(change: impl FnOnce(&Path)) -> String {
    let (packed, archive) = packed_after(change);
    let readable = archive.windows(6).any(|bytes| bytes == &SECRET[..6]);
    assert!(!readable, "a host file was read");
    packed.unwrap_err().to_string()
}

#[test]
fn a_folder_swapped_for_a_link_to_the_hosts() {
    for target in ["../host", "../../host"] {
        let said = refused_after(|dir| {
            std::fs::rename(dir.join("folder"), dir.join("moved")).unwrap();
            symlink(target, dir.join("folder")).unwrap();
        });
        assert_eq!(said, "\"folder/file\" cannot be read");
    }
    let said = refused_after(|dir| {
        let host = dir.parent().unwrap().join("host");
        std::fs::rename(dir.join("folder"), dir.join("moved")).unwrap();
        symlink(host, dir.join("folder")).unwrap();
    });
    assert_eq!(said, "\"folder/file\" cannot be read");
}

#[test]
fn a_file_swapped_for_something_else() {
    let swapped = |make: fn(&Path)| {
        refused_after(|dir| {
            let file = dir.join("folder/file");
            std::fs::remove_file(&file).unwrap();
            make(&file);
        })
    };
    let cannot = "\"folder/file\" cannot be read";
    let changed = "\"folder/file\" changed while it was packed; nothing may write to an output after the action ended";
    assert_eq!(
        swapped(|file| symlink("../../host/file", file).unwrap()),
        cannot
    );
    assert_eq!(
        swapped(|file| symlink("/etc/passwd", file).unwrap()),
        cannot
    );
    assert_eq!(swapped(|_| ()), cannot);
    assert_eq!(swapped(|file| std::fs::create_dir(file).unwrap()), changed);
    // Nobody writes to the pipe: whoever waits for that waits forever.
    assert_eq!(
        swapped(|file| mknodat(CWD, file, FileType::Fifo, Mode::RUSR, 0).unwrap()),
        changed
    );
    assert_eq!(
        swapped(|file| std::fs::write(file, b"shorter").unwrap()),
        changed
    );
    assert_eq!(
        swapped(|file| std::fs::write(file, [b'l'; 100_000]).unwrap()),
        changed
    );
}

/// Of files too large to be held in memory the lengths and, where they are read again, the contents count.
#[test]
fn a_large_file_that_changes_its_length() {
    const LARGE: u64 = 9 << 20;
    for after in [LARGE - 1, LARGE + 1, 0] {
        let home = tempfile::tempdir().unwrap();
        let file = std::fs::File::create(home.path().join("large")).unwrap();
        file.set_len(LARGE).unwrap();
        let root = Dir::open_ambient_dir(home.path(), ambient_authority()).unwrap();
        let cancel = Cancel::default();
        let items = list(&root, &cancel).unwrap();
        file.set_len(after).unwrap();
        let archive = tempfile::tempfile().unwrap();
        let said = pack_listed(&root, &items, archive, &cancel)
            .unwrap_err()
            .to_string();
        assert!(
            said.starts_with("\"large\" changed while it was packed"),
            "{said}"
        );
    }
}

/// What is new after the list was made is not packed; a link is what it was then.
#[test]
fn what_was_listed_is_what_is_packed() {
    let (packed, _) = packed_after(|dir| std::fs::write(dir.join("new"), b"x").unwrap());
    assert_eq!(packed.unwrap().files, 1);
}
