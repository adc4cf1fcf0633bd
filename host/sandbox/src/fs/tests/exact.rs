//! Charges and refunds, to the byte.

use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, ErrorCode, HostDescriptor as _, OpenFlags,
};

use super::rig::{FOLLOW, Rig, now, roomy};
use crate::fs::DiskLimits;
use crate::limits::Limit;

fn bytes(bytes: u64) -> DiskLimits {
    DiskLimits { bytes, ..roomy() }
}

#[test]
fn bytes_end_at_the_byte() {
    let mut rig = Rig::one(bytes(1000));
    let a = rig.create("a").unwrap();
    assert_eq!(rig.write(&a, 600, 0), Ok(600));
    // Over what is there, and nothing at all, cost nothing.
    assert_eq!(rig.write(&a, 300, 100), Ok(300));
    assert_eq!(rig.write(&a, 0, 5000), Ok(0));
    assert_eq!(rig.charged(), (600, 1));
    let b = rig.create("b").unwrap();
    assert_eq!(rig.write(&b, 400, 0), Ok(400));
    assert_eq!(rig.hit(), None);
    assert_eq!(rig.write(&b, 1, 400), Err(ErrorCode::InsufficientSpace));
    assert_eq!(rig.write(&b, 400, 0), Ok(400));
    assert_eq!(rig.hit(), Some((Limit::Disk, "1000 bytes".into())));
    assert_eq!(rig.charged(), (1000, 2));
    assert_eq!(rig.kernel().sum(), (1000, 2));
}

#[test]
fn holes_count() {
    let mut rig = Rig::one(bytes(1000));
    let a = rig.create("a").unwrap();
    assert_eq!(rig.write(&a, 1, 999), Ok(1));
    assert_eq!(rig.charged(), (1000, 1));
    assert_eq!(rig.write(&a, 999, 0), Ok(999));
    assert_eq!(rig.charged(), (1000, 1));
    assert_eq!(rig.set_size(&a, 10), Ok(()));
    assert_eq!(rig.set_size(&a, 700), Ok(()));
    assert_eq!(rig.charged(), (700, 1));
    assert_eq!(rig.write(&a, 2, 999), Err(ErrorCode::InsufficientSpace));
    assert_eq!(rig.set_size(&a, 1001), Err(ErrorCode::InsufficientSpace));
    assert_eq!(rig.kernel().sum(), (700, 1));
}

#[test]
fn streams_are_charged_and_say_why_they_end() {
    let mut rig = Rig::one(bytes(1000));
    let a = rig.create("a").unwrap();
    let out = rig.stream(&a, Some(100)).unwrap();
    assert_eq!(rig.stream_write(&out, 300), Ok(()));
    let end = rig.stream(&a, None).unwrap();
    assert_eq!(rig.stream_write(&end, 600), Ok(()));
    assert_eq!(rig.stream_write(&out, 600), Ok(()));
    assert_eq!(rig.charged(), (1000, 1));
    assert_eq!(rig.stream_write(&end, 1), Err(ErrorCode::InsufficientSpace));
    let closed = rig.table.get_mut(&end).unwrap().check_write();
    assert!(closed.is_err());
    assert_eq!(rig.kernel().sum(), (1000, 1));
}

#[test]
fn what_a_stream_writes_is_what_one_reads() {
    let mut rig = Rig::one(roomy());
    let a = rig.create("a").unwrap();
    let out = rig.stream(&a, Some(0)).unwrap();
    let text: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    for part in text.chunks(64 << 10) {
        let out = rig.table.get_mut(&out).unwrap();
        assert_eq!(out.check_write().unwrap(), 64 << 10);
        out.write(part.to_vec().into()).unwrap();
    }
    let input = rig.view().read_via_stream(a, 4).unwrap();
    let input = rig.table.get_mut(&input).unwrap();
    let mut back = Vec::new();
    while let Ok(part) = now(input.blocking_read(usize::MAX)) {
        assert!((1..=64 << 10).contains(&part.len()));
        back.extend_from_slice(&part);
    }
    assert_eq!(back, text[4..]);
    assert_eq!(std::fs::read(rig.path("out/a")).unwrap(), text);
}

#[test]
fn one_file_has_its_own_limit() {
    let mut rig = Rig::one(DiskLimits {
        file_bytes: 100,
        ..roomy()
    });
    let a = rig.create("a").unwrap();
    assert_eq!(rig.write(&a, 100, 0), Ok(100));
    assert_eq!(rig.write(&a, 1, 100), Err(ErrorCode::FileTooLarge));
    assert_eq!(rig.hit(), Some((Limit::FileSize, "100 bytes".into())));
    assert_eq!(rig.write(&a, 8, u64::MAX - 3), Err(ErrorCode::FileTooLarge));
    assert_eq!(rig.set_size(&a, 101), Err(ErrorCode::FileTooLarge));
    let end = rig.stream(&a, None).unwrap();
    assert_eq!(rig.stream_write(&end, 1), Err(ErrorCode::FileTooLarge));
    assert_eq!(rig.kernel().sum(), (100, 1));
}

#[test]
fn a_longer_file_of_before_is_written_only_up_to_the_limit() {
    let mut rig = Rig::one(DiskLimits {
        file_bytes: 100,
        ..roomy()
    });
    std::fs::write(rig.path("out/a"), [b'o'; 300]).unwrap();
    let a = rig.create("a").unwrap();
    assert_eq!(rig.write(&a, 50, 50), Ok(50));
    assert_eq!(rig.hit(), None);
    assert_eq!(rig.write(&a, 50, 51), Err(ErrorCode::FileTooLarge));
    assert_eq!(rig.hit(), Some((Limit::FileSize, "100 bytes".into())));
    assert_eq!(rig.write(&a, 1, 200), Err(ErrorCode::FileTooLarge));
    let end = rig.stream(&a, None).unwrap();
    assert_eq!(rig.stream_write(&end, 1), Err(ErrorCode::FileTooLarge));
    // It gets shorter.
    assert_eq!(rig.set_size(&a, 200), Ok(()));
    assert_eq!(rig.charged(), (0, 0));
}

#[test]
fn what_the_system_refuses_is_not_charged() {
    let mut rig = Rig::one(DiskLimits {
        bytes: u64::MAX,
        file_bytes: u64::MAX,
        ..roomy()
    });
    let a = rig.create("a").unwrap();
    rig.write(&a, 10, 0).unwrap();
    assert!(rig.write(&a, 10, (1 << 63) - 10).is_err());
    assert!(rig.set_size(&a, (1 << 63) - 1).is_err());
    assert!(rig.set_size(&a, u64::MAX).is_err());
    assert_eq!(rig.charged(), (10, 1));
}

#[test]
fn files_directories_and_links_are_counted() {
    let mut rig = Rig::one(DiskLimits {
        files: 3,
        ..roomy()
    });
    let a = rig.create("a").unwrap();
    rig.mkdir("d").unwrap();
    rig.symlink("d/a", "d/link").unwrap();
    assert_eq!(rig.charged(), (3, 3));
    // What is there can still be opened, made again, and found to be there.
    assert!(rig.create("a").is_ok());
    assert_eq!(rig.mkdir("d/"), Err(ErrorCode::Exist));
    assert_eq!(rig.symlink("x", "a"), Err(ErrorCode::Exist));
    assert_eq!(rig.hit(), None);
    assert_eq!(rig.create("b").err(), Some(ErrorCode::InsufficientSpace));
    let files = "3".to_owned();
    assert_eq!(rig.hit(), Some((Limit::Files, files)));
    assert_eq!(rig.mkdir("d/e"), Err(ErrorCode::InsufficientSpace));
    assert_eq!(rig.symlink("x", "y"), Err(ErrorCode::InsufficientSpace));
    rig.unlink("d/link").unwrap();
    assert_eq!(rig.charged(), (0, 2));
    rig.rmdir("d/").unwrap();
    rig.unlink("a").unwrap();
    assert_eq!(rig.charged(), (0, 1));
    rig.close(a);
}

#[test]
fn what_is_open_is_there() {
    let mut rig = Rig::one(bytes(1000));
    let a = rig.create("a").unwrap();
    let stream = rig.stream(&a, Some(0)).unwrap();
    rig.stream_write(&stream, 900).unwrap();
    rig.unlink("a").unwrap();
    assert_eq!(rig.charged(), (900, 1));
    rig.close(a);
    // The stream holds it.
    assert_eq!(rig.charged(), (900, 1));
    assert_eq!(rig.kernel().sum(), (900, 1));
    rig.stream_write(&stream, 100).unwrap();
    assert_eq!(rig.charged(), (1000, 1));
    rig.table.delete(stream).unwrap();
    assert_eq!(rig.charged(), (0, 0));
    assert_eq!((rig.held(), rig.hit()), ((0, 0), None));
    // So does a directory's listing.
    rig.mkdir("d").unwrap();
    let dir = rig.open("d").unwrap();
    let listing = rig.list(&dir).unwrap();
    rig.rmdir("d").unwrap();
    rig.close(dir);
    assert_eq!(rig.charged(), (0, 1));
    rig.unlist(listing);
    assert_eq!(rig.charged(), (0, 0));
}

#[test]
fn what_is_replaced_is_given_back() {
    let mut rig = Rig::one(bytes(1000));
    for (name, size) in [("a", 300), ("b", 700)] {
        let fd = rig.create(name).unwrap();
        rig.write(&fd, size, 0).unwrap();
        rig.close(fd);
    }
    rig.rename("a", "b").unwrap();
    assert_eq!(rig.charged(), (300, 1));
    rig.rename("b", "b").unwrap();
    assert_eq!(rig.charged(), (300, 1));
    rig.mkdir("d").unwrap();
    rig.mkdir("e").unwrap();
    rig.rename("d", "e").unwrap();
    assert_eq!(rig.charged(), (300, 2));
    let cut = rig.truncate("b").unwrap();
    assert_eq!(rig.charged(), (0, 2));
    rig.write(&cut, 1000, 0).unwrap();
    assert_eq!((rig.kernel().sum(), rig.hit()), ((1000, 2), None));
}

#[test]
fn what_was_there_before_is_nobodys() {
    let limits = DiskLimits {
        files: 1,
        ..bytes(100)
    };
    let mut rig = Rig::new(limits, &[("granted", true)], |dir| {
        std::fs::write(dir.join("granted/old"), [0; 500]).unwrap();
        std::fs::write(dir.join("granted/other"), [0; 500]).unwrap();
    });
    let old = rig.create("old").unwrap();
    assert_eq!(rig.charged(), (0, 0));
    rig.write(&old, 60, 480).unwrap();
    assert_eq!(rig.charged(), (40, 0));
    // Cut off, it gives back what was charged, and no more; written again, it costs nothing.
    rig.set_size(&old, 0).unwrap();
    assert_eq!(rig.charged(), (0, 0));
    rig.write(&old, 500, 0).unwrap();
    assert_eq!(rig.charged(), (0, 0));
    rig.unlink("old").unwrap();
    rig.unlink("other").unwrap();
    rig.close(old);
    assert_eq!(rig.charged(), (0, 0));
    let new = rig.create("new").unwrap();
    assert_eq!(rig.write(&new, 101, 0), Err(ErrorCode::InsufficientSpace));
    assert_eq!(
        rig.create("newer").err(),
        Some(ErrorCode::InsufficientSpace)
    );
}

#[test]
fn what_others_write_is_theirs() {
    let mut rig = Rig::new(bytes(100), &[("granted", true)], |dir| {
        std::fs::write(dir.join("granted/log"), [0; 10]).unwrap();
    });
    let log = rig.create("log").unwrap();
    let end = rig.stream(&log, None).unwrap();
    rig.stream_write(&end, 50).unwrap();
    let path = rig.path("granted/log");
    std::fs::write(&path, [1; 5000]).unwrap();
    rig.stream_write(&end, 50).unwrap();
    assert_eq!(rig.charged(), (100, 0));
    assert_eq!(path.metadata().unwrap().len(), 5050);
    assert_eq!(rig.stream_write(&end, 1), Err(ErrorCode::InsufficientSpace));
    // What they cut off is free.
    std::fs::write(&path, []).unwrap();
    let end = rig.stream(&log, None).unwrap();
    rig.stream_write(&end, 100).unwrap();
    assert_eq!(path.metadata().unwrap().len(), 100);
}

#[test]
fn the_same_file_by_two_ways_is_charged_once() {
    let mut rig = Rig::one(bytes(100));
    let (one, other) = (rig.create("a").unwrap(), rig.create("a").unwrap());
    rig.write(&one, 100, 0).unwrap();
    rig.write(&other, 100, 0).unwrap();
    assert_eq!(rig.charged(), (100, 1));
    rig.close(one);
    rig.set_size(&other, 40).unwrap();
    rig.close(other);
    assert_eq!(rig.charged(), (40, 1));
    let again = rig.open("a").unwrap();
    assert_eq!(rig.charged(), (40, 1));
    rig.close(again);
    rig.unlink("a").unwrap();
    assert_eq!((rig.charged(), rig.hit()), ((0, 0), None));
}

#[test]
fn open_files_and_listings_are_counted_until_their_last_handle_is_gone() {
    let mut rig = Rig::one(DiskLimits {
        open_files: 2,
        directory_streams: 1,
        ..roomy()
    });
    let a = rig.create("a").unwrap();
    let stream = rig.stream(&a, None).unwrap();
    rig.close(a);
    rig.mkdir("d").unwrap();
    let d = rig.open("d").unwrap();
    assert_eq!((rig.held(), rig.kernel().descriptors), ((2, 0), 3));
    let root = rig.root(0);
    let listing = rig.list(&root).unwrap();
    assert_eq!((rig.held(), rig.kernel().descriptors), ((2, 1), 4));
    assert_eq!(rig.hit(), None);
    assert_eq!(rig.open("d").err(), Some(ErrorCode::Quota));
    let value = "2".to_owned();
    assert_eq!(rig.hit(), Some((Limit::OpenFiles, value)));
    assert_eq!(rig.list(&root).err(), Some(ErrorCode::Quota));
    // A creation that is refused leaves no file.
    assert_eq!(rig.create("b").err(), Some(ErrorCode::Quota));
    assert!(!rig.path("out/b").exists());
    rig.table.delete(stream).unwrap();
    rig.close(d);
    rig.unlist(listing);
    assert_eq!((rig.held(), rig.kernel().descriptors), ((0, 0), 1));
}

#[test]
fn an_exclusive_creation_is_one() {
    let mut rig = Rig::one(roomy());
    let exclusive = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
    let open = |rig: &mut Rig| {
        rig.open_with(0, "lock", FOLLOW, exclusive, DescriptorFlags::WRITE)
            .map(drop)
    };
    assert_eq!(open(&mut rig), Ok(()));
    assert_eq!(open(&mut rig), Err(ErrorCode::Exist));
    assert_eq!(rig.charged(), (0, 1));
}
