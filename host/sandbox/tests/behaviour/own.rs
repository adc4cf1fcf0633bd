//! A guest's own directories, after an escape: what is for reading stays as it is, by whichever descriptor of the
//! process it is tried.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::door::{Call, call, host};
use crate::harness::Case;
use crate::held::held;

/// Folders for reading, and for writing, on the host.
const READ: [&str; 2] = ["in-0", "granted"];
const WRITE: [&str; 2] = ["out-0", "granted-1"];

/// Each of the folders has a file and a folder in it.
fn case() -> Case {
    let case = Case::new("escape")
        .input("in", &[])
        .output("out")
        .granted("/read", false)
        .granted("/write", true);
    for folder in READ.iter().chain(&WRITE) {
        let folder = case.path(folder);
        fs::write(folder.join("file"), "whole").unwrap();
        fs::create_dir(folder.join("folder")).unwrap();
    }
    case
}

/// What is in a folder: of a file, its content.
fn content(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap();
    let named = entries.map(|entry| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let kind = entry.file_type().unwrap();
        let content = match kind.is_file() {
            true => fs::read_to_string(entry.path()).unwrap(),
            false => format!("{kind:?}"),
        };
        (name, content)
    });
    named.collect()
}

/// The answer, and what each folder has in it afterwards.
async fn tried(call: &Call) -> (i64, BTreeMap<&'static str, BTreeMap<String, String>>) {
    let ran = call.of(case()).run_on(host()).await;
    let folders = READ.into_iter().chain(WRITE);
    let contents = folders.map(|folder| (folder, content(&ran.case.path(folder))));
    (ran.variable("answer").parse().unwrap(), contents.collect())
}

/// The descriptors that lead to a folder.
async fn descriptors(folder: &str) -> Vec<i64> {
    let (_, all) = held(case()).await;
    let leading = all.into_iter().filter(|(_, leads)| leads == folder);
    let numbers: Vec<i64> = leading.map(|(number, _)| number).collect();
    assert_eq!(numbers.len(), 2, "{folder}");
    numbers
}

fn open(at: i64, name: &str, flags: i32) -> Call {
    let arguments = [at, 0, i64::from(flags), 0o600];
    call("openat", libc::SYS_openat, &arguments).with(1, name)
}

fn rename(from: i64, name: &str, to: i64, new: &str, flags: u32) -> Call {
    let arguments = [from, 0, to, 0, i64::from(flags)];
    call("renameat2", libc::SYS_renameat2, &arguments)
        .with(1, name)
        .with(3, new)
}

#[tokio::test]
async fn what_is_for_reading_stays_as_it_is() {
    let written = descriptors("granted-1").await[1];
    let (_, untouched) = tried(&call("getpid", libc::SYS_getpid, &[])).await;
    for folder in READ {
        for at in descriptors(folder).await {
            let (read, _) = tried(&open(at, "file", libc::O_RDONLY)).await;
            assert!(read > 0, "{folder} by {at}: {read}");
            let remove =
                |name, flags| call("unlinkat", libc::SYS_unlinkat, &[at, 0, flags]).with(1, name);
            for call in [
                open(at, "new", libc::O_CREAT | libc::O_WRONLY),
                open(at, "new", libc::O_CREAT | libc::O_RDONLY),
                open(at, "file", libc::O_WRONLY),
                open(at, "file", libc::O_RDWR | libc::O_APPEND),
                open(at, "file", libc::O_RDONLY | libc::O_TRUNC),
                open(at, ".", libc::O_TMPFILE | libc::O_RDWR),
                call("mkdirat", libc::SYS_mkdirat, &[at, 0, 0o700]).with(1, "new"),
                call("symlinkat", libc::SYS_symlinkat, &[0, at, 0])
                    .with(0, "/")
                    .with(2, "new"),
                remove("file", 0),
                remove("folder", i64::from(libc::AT_REMOVEDIR)),
                rename(at, "file", at, "new", 0),
                rename(at, "file", at, "folder", libc::RENAME_EXCHANGE),
                rename(written, "file", at, "new", 0),
                rename(written, "file", at, "file", 0),
                rename(at, "file", written, "new", 0),
                rename(at, "file", written, "file", libc::RENAME_EXCHANGE),
            ] {
                let (answer, contents) = tried(&call).await;
                let denied = -i64::from(libc::EACCES);
                assert_eq!(answer, denied, "{} in {folder} by {at}", call.name);
                assert_eq!(contents, untouched, "{} in {folder} by {at}", call.name);
            }
        }
    }
}

#[tokio::test]
async fn files_move_between_folders_that_are_for_writing() {
    let (from, to) = (descriptors("out-0").await, descriptors("granted-1").await);
    for (from, to) in from.into_iter().zip(to) {
        let (answer, contents) = tried(&rename(from, "file", to, "new", 0)).await;
        assert_eq!(answer, 0);
        assert_eq!(contents["granted-1"]["new"], "whole");
        assert!(!contents["out-0"].contains_key("file"));
    }
}
