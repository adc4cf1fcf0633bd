//! Where paths lead, and how deep.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;

use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, DescriptorType, ErrorCode, HostDescriptor as _, NewTimestamp, OpenFlags,
    PathFlags,
};

use super::rig::{FOLLOW, Rig, now, roomy, said};
use crate::fs::DiskLimits;
use crate::limits::Limit;

fn depth(depth: u32) -> DiskLimits {
    DiskLimits { depth, ..roomy() }
}

#[test]
fn nothing_is_made_deeper_than_the_limit() {
    let mut rig = Rig::one(depth(3));
    rig.mkdir("a").unwrap();
    rig.mkdir("a/b").unwrap();
    let deep = rig.create("a/b/c").unwrap();
    assert_eq!(rig.hit(), None);
    rig.close(deep);
    rig.unlink("a/b/c").unwrap();
    rig.mkdir("a/b/c").unwrap();
    assert_eq!(rig.mkdir("a/b/c/d"), Err(ErrorCode::NameTooLong));
    assert_eq!(rig.hit(), Some((Limit::Depth, "3".into())));
    assert_eq!(rig.create("a/b/c/d").err(), Some(ErrorCode::NameTooLong));
    assert_eq!(rig.symlink("x", "a/b/c/d"), Err(ErrorCode::NameTooLong));
    // By a handle to a directory, and by way of a link, it is as deep.
    let c = rig.open("a/b/c").unwrap();
    let made = said(now(rig.view().create_directory_at(c, "d".into())));
    assert_eq!(made, Err(ErrorCode::NameTooLong));
    rig.symlink("a/b/c", "short").unwrap();
    assert_eq!(rig.mkdir("short/d"), Err(ErrorCode::NameTooLong));
    // What `..` is there is where the link led to.
    assert_eq!(rig.mkdir("short/../d"), Ok(()));
    assert!(rig.path("out/a/b/d").is_dir());
    assert_eq!(rig.kernel().deepest, 3);
}

#[test]
fn a_tree_is_moved_no_deeper_than_the_limit() {
    let mut rig = Rig::one(depth(4));
    for dir in ["t", "t/u", "t/u/v", "x", "x/y"] {
        rig.mkdir(dir).unwrap();
    }
    // A handle from before the move does not make it shallower.
    let u = rig.open("t/u").unwrap();
    rig.rename("t", "x/t").unwrap();
    assert_eq!(rig.kernel().deepest, 4);
    let v = said(now(rig.view().create_directory_at(u, "v/w".into())));
    assert_eq!(v, Err(ErrorCode::NameTooLong));
    assert_eq!(rig.rename("x/t", "x/y/t"), Err(ErrorCode::NameTooLong));
    assert_eq!(rig.hit().unwrap().0, Limit::Depth);
    rig.rename("x/t/u", "x/y/u").unwrap();
    assert_eq!(rig.kernel().deepest, 4);
    rig.rename("x/y/u", "u").unwrap();
    assert_eq!(rig.kernel().deepest, 2);
}

#[test]
fn what_was_deep_before_may_be_moved_up() {
    let mut rig = Rig::new(depth(2), &[("granted", true)], |dir| {
        std::fs::create_dir_all(dir.join("granted/a/b/c/d")).unwrap();
    });
    rig.rename("a/b/c", "a/c").unwrap();
    rig.rename("a/c", "c").unwrap();
    assert_eq!(rig.hit(), None);
}

#[test]
fn paths_do_not_lead_outside() {
    let rig = || {
        Rig::new(roomy(), &[("out", true)], |dir| {
            std::fs::write(dir.join("secret"), b"s").unwrap();
            symlink("/etc", dir.join("out/absolute")).unwrap();
            symlink("../secret", dir.join("out/up")).unwrap();
            symlink("..", dir.join("out/parent")).unwrap();
        })
    };
    stays_inside(rig());
    stays_inside(rig().step_by_step());
}

fn stays_inside(mut rig: Rig) {
    for path in [
        "../secret",
        "/etc/passwd",
        "absolute/passwd",
        "up",
        "parent/secret",
    ] {
        assert_eq!(
            rig.open(path).err(),
            Some(ErrorCode::NotPermitted),
            "{path}"
        );
        assert!(rig.create(path).is_err(), "{path}");
        assert!(rig.truncate(path).is_err(), "{path}");
    }
    for path in [
        "../new",
        "/tmp/new",
        "parent/new",
        "absolute/new",
        "..",
        "/",
    ] {
        assert!(rig.create(path).is_err(), "{path}");
        assert!(rig.mkdir(path).is_err(), "{path}");
        assert!(rig.symlink("x", path).is_err(), "{path}");
        assert!(rig.unlink(path).is_err(), "{path}");
        assert!(rig.rmdir(path).is_err(), "{path}");
        assert!(rig.rename("up", path).is_err(), "{path}");
        assert!(rig.rename(path, "here").is_err(), "{path}");
    }
    assert_eq!(rig.symlink("/etc", "x"), Err(ErrorCode::NotPermitted));
    // Removing a link removes the link.
    rig.unlink("up").unwrap();
    assert_eq!(std::fs::read(rig.path("secret")).unwrap(), b"s");
    assert_eq!((rig.charged(), rig.hit()), ((0, 0), None));
}

#[test]
fn a_link_is_renamed_and_not_what_it_leads_to() {
    // GHSA-m9f7: a `/` after a link's name had the system follow it.
    let mut rig = Rig::new(roomy(), &[("out", true)], |dir| {
        std::fs::create_dir(dir.join("outside")).unwrap();
        symlink("../outside", dir.join("out/link")).unwrap();
    });
    assert_eq!(rig.rename("link/", "moved"), Err(ErrorCode::NotDirectory));
    assert_eq!(rig.rename("link", "moved/"), Err(ErrorCode::NotDirectory));
    assert!(rig.rename("link/.", "moved").is_err());
    assert_eq!(rig.rmdir("link/"), Err(ErrorCode::NotDirectory));
    assert_eq!(rig.unlink("link/"), Err(ErrorCode::NotDirectory));
    assert!(rig.path("outside").is_dir());
    rig.rename("link", "moved").unwrap();
    assert!(rig.path("out/moved").is_symlink());
    rig.mkdir("d").unwrap();
    rig.rename("d/", "e/").unwrap();
}

#[test]
fn a_file_is_made_where_links_that_lead_nowhere_lead() {
    let mut rig = Rig::one(roomy());
    rig.mkdir("d").unwrap();
    rig.symlink("d/next", "link").unwrap();
    rig.symlink("../file", "d/next").unwrap();
    let fd = rig.create("link").unwrap();
    rig.write(&fd, 10, 0).unwrap();
    assert_eq!(rig.path("out/file").metadata().unwrap().len(), 10);
    assert_eq!(rig.charged(), rig.kernel().sum());
    rig.symlink("../../outside", "d/away").unwrap();
    assert!(rig.create("d/away").is_err());
    rig.symlink("round", "round").unwrap();
    assert_eq!(rig.create("round").err(), Some(ErrorCode::Loop));
    let exclusive = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
    let flags = DescriptorFlags::WRITE;
    rig.unlink("file").unwrap();
    let made = rig.open_with(0, "link", FOLLOW, exclusive, flags);
    assert_eq!(made.err(), Some(ErrorCode::Exist));
    let made = rig.open_with(0, "link", PathFlags::empty(), OpenFlags::CREATE, flags);
    assert_eq!(made.err(), Some(ErrorCode::Loop));
    rig.close(fd);
    assert_eq!(rig.charged(), rig.kernel().sum());
}

#[test]
fn odd_ways_to_open_say_what_linux_says() {
    says_what_linux_says(Rig::one(roomy()));
    says_what_linux_says(Rig::one(roomy()).step_by_step());
}

fn says_what_linux_says(mut rig: Rig) {
    rig.mkdir("d").unwrap();
    rig.create("f").unwrap();
    assert_eq!(rig.create("new/").err(), Some(ErrorCode::IsDirectory));
    assert_eq!(rig.create("f/").err(), Some(ErrorCode::NotDirectory));
    assert_eq!(rig.create("f/x").err(), Some(ErrorCode::NotDirectory));
    assert_eq!(rig.create("none/x").err(), Some(ErrorCode::NoEntry));
    assert_eq!(rig.create("d").err(), Some(ErrorCode::IsDirectory));
    assert_eq!(rig.truncate("d").err(), Some(ErrorCode::IsDirectory));
    assert_eq!(rig.create(".").err(), Some(ErrorCode::IsDirectory));
    assert_eq!(rig.create("").err(), Some(ErrorCode::NoEntry));
    assert_eq!(rig.create("a\0b").err(), Some(ErrorCode::Invalid));
    assert_eq!(rig.mkdir("a\0b"), Err(ErrorCode::Invalid));
    assert_eq!(rig.mkdir("."), Err(ErrorCode::Exist));
    assert_eq!(rig.rmdir("."), Err(ErrorCode::Invalid));
    assert_eq!(rig.rmdir("f"), Err(ErrorCode::NotDirectory));
    assert_eq!(rig.unlink("d"), Err(ErrorCode::IsDirectory));
    assert_eq!(rig.rename("f", "d"), Err(ErrorCode::IsDirectory));
    assert_eq!(rig.rename("none", "x"), Err(ErrorCode::NoEntry));
    assert_eq!(rig.rename("d", "d/d"), Err(ErrorCode::Invalid));
    let both = OpenFlags::DIRECTORY | OpenFlags::CREATE;
    let made = rig.open_with(0, "x", FOLLOW, both, DescriptorFlags::READ);
    assert_eq!(made.err(), Some(ErrorCode::Invalid));
    let flags = DescriptorFlags::READ;
    let made = rig.open_with(0, "f", FOLLOW, OpenFlags::DIRECTORY, flags);
    assert_eq!(made.err(), Some(ErrorCode::NotDirectory));
    assert_eq!((rig.charged(), rig.hit()), ((0, 2), None));
}

#[test]
fn a_pipe_holds_nobody_up() {
    let rig = || {
        Rig::new(roomy(), &[("granted", true)], |dir| {
            let (pipe, kind) = (dir.join("granted/pipe"), rustix::fs::FileType::Fifo);
            rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, 0o600.into(), 0).unwrap();
            symlink("pipe", dir.join("granted/link")).unwrap();
        })
    };
    is_not_held_up(rig());
    is_not_held_up(rig().step_by_step());
}

fn is_not_held_up(mut rig: Rig) {
    for path in ["pipe", "link"] {
        assert_eq!(rig.open(path).err(), Some(ErrorCode::NotPermitted));
        assert_eq!(rig.create(path).err(), Some(ErrorCode::NotPermitted));
        let root = rig.root(0);
        let mut view = rig.view();
        let time = NewTimestamp::Now;
        let set = view.set_times_at(root, FOLLOW, path.into(), time, time);
        assert_eq!(said(now(set)), Err(ErrorCode::NotPermitted));
    }
    assert!(rig.open("pipe/x").is_err());
    assert!(rig.mkdir("pipe/x").is_err());
    assert_eq!(rig.held(), (0, 0));
    rig.unlink("pipe").unwrap();
}

#[test]
fn a_listing_has_every_entry_once_whatever_is_removed_meanwhile() {
    let mut rig = Rig::new(roomy(), &[("out", true)], |dir| {
        for n in 0..2000 {
            std::fs::write(dir.join(format!("out/{n}")), []).unwrap();
        }
        std::fs::create_dir(dir.join("out/dir")).unwrap();
        symlink("dir", dir.join("out/link")).unwrap();
    });
    let root = rig.root(0);
    let listing = rig.list(&root).unwrap();
    let mut seen = BTreeSet::new();
    while let Some(entry) = rig.next(&listing).unwrap() {
        let expected = match &*entry.name {
            "dir" => DescriptorType::Directory,
            "link" => DescriptorType::SymbolicLink,
            _ => DescriptorType::RegularFile,
        };
        assert_eq!(entry.type_, expected, "{}", entry.name);
        if expected != DescriptorType::Directory {
            rig.unlink(&entry.name).unwrap();
        }
        assert!(seen.insert(entry.name));
    }
    assert_eq!(seen.len(), 2002);
    rig.unlist(listing);
    assert_eq!(rig.kernel().sum(), (0, 1));
}

#[test]
fn a_name_that_is_no_text_is_said_and_passed_over() {
    use std::os::unix::ffi::OsStrExt;
    let mut rig = Rig::new(roomy(), &[("granted", true)], |dir| {
        let odd = std::ffi::OsStr::from_bytes(b"odd\xff");
        std::fs::write(dir.join("granted").join(odd), []).unwrap();
        std::fs::write(dir.join("granted/plain"), []).unwrap();
    });
    let root = rig.root(0);
    let listing = rig.list(&root).unwrap();
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(
            rig.next(&listing)
                .map(|entry| entry.map(|entry| entry.name)),
        );
    }
    assert!(told.contains(&Err(ErrorCode::IllegalByteSequence)));
    assert!(told.contains(&Ok(Some("plain".into()))));
    assert!(told.contains(&Ok(None)));
}
