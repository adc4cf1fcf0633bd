//! What stays as it is: read-only directories, by every way that was once a way in, and hard links.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, ErrorCode, HostDescriptor as _, NewTimestamp, OpenFlags, PathFlags,
};

use super::rig::{FOLLOW, Rig, now, roomy, said};

/// A writable directory, and a read-only one with a file and a folder in it.
fn rig() -> Rig {
    Rig::new(roomy(), &[("out", true), ("in", false)], |dir| {
        std::fs::write(dir.join("in/file"), b"content").unwrap();
        std::fs::create_dir(dir.join("in/dir")).unwrap();
        std::fs::write(dir.join("in/dir/inner"), b"inner").unwrap();
        std::fs::write(dir.join("out/mine"), b"mine").unwrap();
    })
}

const NO: ErrorCode = ErrorCode::NotPermitted;

#[test]
fn a_read_only_directory_cannot_be_written_by_opening() {
    let mut rig = rig();
    for path in ["file", "new", "dir/inner", "dir/new"] {
        for open in [
            OpenFlags::empty(),
            OpenFlags::CREATE,
            OpenFlags::CREATE | OpenFlags::EXCLUSIVE,
            // RUSTSEC-2026-0149: this alone got past the check.
            OpenFlags::TRUNCATE,
            OpenFlags::CREATE | OpenFlags::TRUNCATE,
        ] {
            for flags in [DescriptorFlags::READ, DescriptorFlags::WRITE] {
                if (open, flags) == (OpenFlags::empty(), DescriptorFlags::READ) {
                    continue;
                }
                let opened = rig.open_with(1, path, FOLLOW, open, flags);
                assert_eq!(opened.err(), Some(NO), "{path} {open:?} {flags:?}");
            }
        }
    }
    // Nor by way of a directory in it that was opened first.
    let flags = DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY;
    let dir = rig
        .open_with(1, "dir", FOLLOW, OpenFlags::DIRECTORY, flags)
        .unwrap();
    let (cut, read) = (OpenFlags::TRUNCATE, DescriptorFlags::READ);
    let opened = now(rig.view().open_at(dir, FOLLOW, "inner".into(), cut, read));
    assert_eq!(said(opened).err(), Some(NO));
    unchanged(&rig);
}

#[test]
fn a_file_opened_for_reading_cannot_be_written() {
    let mut rig = rig();
    let read = DescriptorFlags::READ;
    let fd = rig
        .open_with(1, "file", FOLLOW, OpenFlags::empty(), read)
        .unwrap();
    assert_eq!(rig.write(&fd, 1, 0), Err(NO));
    assert_eq!(rig.set_size(&fd, 0), Err(NO));
    assert_eq!(rig.stream(&fd, Some(0)).err(), Some(NO));
    assert_eq!(rig.stream(&fd, None).err(), Some(NO));
    let time = NewTimestamp::Now;
    assert_eq!(said(now(rig.view().set_times(fd, time, time))), Err(NO));
    // In a writable directory the system says so, and nothing is charged.
    let mine = rig.open("mine").unwrap();
    assert_eq!(rig.write(&mine, 10, 0), Err(ErrorCode::BadDescriptor));
    assert!(rig.set_size(&mine, 10).is_err());
    let stream = rig.stream(&mine, None).unwrap();
    assert_eq!(rig.stream_write(&stream, 5), Err(ErrorCode::BadDescriptor));
    assert_eq!(rig.charged(), (0, 0));
    unchanged(&rig);
}

#[test]
fn a_read_only_directory_keeps_its_entries() {
    let mut rig = rig();
    let root = |rig: &Rig| rig.root(1);
    let mut results = Vec::new();
    let fd = root(&rig);
    results.push(now(rig.view().create_directory_at(fd, "new".into())));
    let fd = root(&rig);
    results.push(now(rig.view().remove_directory_at(fd, "dir".into())));
    let fd = root(&rig);
    results.push(now(rig.view().unlink_file_at(fd, "file".into())));
    let fd = root(&rig);
    results.push(now(rig.view().symlink_at(fd, "x".into(), "new".into())));
    for path in ["file", "dir"] {
        let fd = root(&rig);
        let (time, path) = (NewTimestamp::Now, path.to_owned());
        results.push(now(rig.view().set_times_at(fd, FOLLOW, path, time, time)));
    }
    // RUSTSEC-2026-0188: moving or linking from one to the other got past the check.
    for (from, old, to, new) in [
        (1, "file", 1, "renamed"),
        (1, "file", 0, "taken"),
        (0, "mine", 1, "put"),
        (0, "mine", 1, "file"),
        (1, "dir", 0, "dir"),
    ] {
        let (source, target) = (rig.root(from), rig.root(to));
        results.push(now(rig.view().rename_at(
            source,
            old.into(),
            target,
            new.into(),
        )));
        let (source, target) = (rig.root(from), rig.root(to));
        let (none, old, new) = (PathFlags::empty(), old.into(), new.into());
        results.push(now(rig.view().link_at(source, none, old, target, new)));
    }
    for (at, result) in results.into_iter().enumerate() {
        assert_eq!(said(result), Err(NO), "attempt {at}");
    }
    unchanged(&rig);
}

#[test]
fn there_are_no_hard_links() {
    let mut rig = rig();
    for flags in [FOLLOW, PathFlags::empty()] {
        let (from, to) = (rig.root(0), rig.root(0));
        let (old, new) = ("mine".into(), "again".into());
        let made = now(rig.view().link_at(from, flags, old, to, new));
        assert_eq!(said(made), Err(NO));
    }
    assert!(!rig.path("out/again").exists());
}

#[test]
fn a_read_only_directory_can_be_read() {
    let mut rig = rig();
    let read = DescriptorFlags::READ;
    let fd = rig
        .open_with(1, "dir/inner", FOLLOW, OpenFlags::empty(), read)
        .unwrap();
    let again = Resource::new_borrow(fd.rep());
    let bytes = now(rig.view().read(again, 100, 2)).unwrap();
    assert_eq!(bytes, (b"ner".to_vec(), false));
    let input = rig.view().read_via_stream(fd, 0).unwrap();
    let input = rig.table.get_mut(&input).unwrap();
    assert_eq!(&input.read(100).unwrap()[..], b"inner");
    assert!(input.read(100).is_err());
    // Open for reading counts as open.
    assert_eq!((rig.held(), rig.charged()), ((1, 0), (0, 0)));
}

fn unchanged(rig: &Rig) {
    assert_eq!(std::fs::read(rig.path("in/file")).unwrap(), b"content");
    assert_eq!(std::fs::read(rig.path("in/dir/inner")).unwrap(), b"inner");
    assert_eq!(std::fs::read_dir(rig.path("in")).unwrap().count(), 2);
    assert_eq!(std::fs::read_dir(rig.path("in/dir")).unwrap().count(), 1);
    assert_eq!(std::fs::read(rig.path("out/mine")).unwrap(), b"mine");
    assert_eq!(std::fs::read_dir(rig.path("out")).unwrap().count(), 1);
}
