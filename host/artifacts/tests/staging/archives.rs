//! Good archives: what other tools write is unpacked, what is packed is the same each time and
//! unpacks to what it was, and nothing ever escapes.

use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::support::tree::{self, Node, Tree};
use crate::support::{LIMITS, noise, tarball, unpack_bytes, zipfile};
use pipefitter_artifacts::{ErrorKind, Packed, Unpack, pack_dir, unpack_file};
use proptest::prelude::*;

fn packed(dir: &Path) -> (Packed, Vec<u8>) {
    let home = tempfile::tempdir().unwrap();
    let archive = home.path().join("archive.zip");
    let packed = pack_dir(dir, std::fs::File::create(&archive).unwrap()).unwrap();
    let bytes = std::fs::read(&archive).unwrap();
    assert_eq!(packed.bytes, bytes.len() as u64);
    (packed, bytes)
}

fn unpacked(archive: &[u8]) -> Tree {
    let into = tempfile::tempdir().unwrap();
    let fetched = unpack_bytes(archive, into.path(), &LIMITS).unwrap();
    let tree = tree::read(into.path());
    assert_eq!(fetched.file, None);
    assert_eq!(fetched.entries, tree.len() as u64);
    tree
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn equal_trees_give_equal_bytes_and_unpack_to_themselves(tree in tree::any_tree()) {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        tree::make(&tree, a.path(), false);
        tree::make(&tree, b.path(), true);
        let (of_a, archive) = packed(a.path());
        prop_assert_eq!(&archive, &packed(b.path()).1);
        let files = tree.values().filter(|node| **node != Node::Folder).count();
        prop_assert_eq!(of_a.files, files as u64);
        prop_assert_eq!(unpacked(&archive), tree);
    }

    #[test]
    fn hostile_names_and_links_never_escape(
        entries in prop::collection::vec((hostile_path(), hostile_path(), 0..5_u8), 1..8),
    ) {
        let zip: Vec<zipfile::Entry> = entries
            .iter()
            .map(|(name, target, kind)| match kind {
                0 | 1 => zipfile::link(name, target),
                2 => zipfile::stored(format!("{name}/"), b""),
                _ => zipfile::stored(name, b"evil"),
            })
            .collect();
        contained(&zipfile::zip(&zip))?;
        let tar: Vec<Vec<u8>> = entries
            .iter()
            .flat_map(|(name, target, kind)| {
                let pax = tarball::pax(&[("path", name), ("linkpath", target)]);
                let entry = match kind {
                    0 | 1 => tarball::link("n", b'2', "t"),
                    2 => tarball::link("n", b'1', "t"),
                    3 => tarball::special("n", b'5'),
                    _ => tarball::file("n", b"evil"),
                };
                [pax, entry]
            })
            .collect();
        contained(&tarball::tar(&tar))?;
    }

    #[test]
    fn damaged_archives_are_refused_or_contained(
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        kind in 0..3_u8,
    ) {
        let tar = tarball::tar(&[tarball::file("a/b", b"text text"), tarball::link("l", b'2', "a")]);
        let mut archive = match kind {
            0 => zipfile::zip(&[zipfile::deflated("a/b", &[7; 900]), zipfile::link("l", "a/b")]),
            1 => tar,
            _ => tarball::gz(&tar),
        };
        for (at, byte) in hits {
            let at = at.index(archive.len());
            archive[at] = byte;
        }
        contained(&archive)?;
    }
}

/// Parts that archives use to break out, put together at random.
fn hostile_path() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just(".."),
        Just("."),
        Just(""),
        Just("a"),
        Just("b"),
        Just("l"),
        Just("outside"),
        Just("..\\"),
        Just("C:"),
        Just("\0"),
        Just("...."),
        Just("~"),
        Just("\u{202e}"),
    ];
    let joined = prop::collection::vec(part, 1..6).prop_map(|parts| parts.join("/"));
    prop_oneof![4 => joined, 1 => "[^\n]{1,30}"]
}

/// Unpacks it, whatever comes of it; nothing beside the directory may change, and no link in it may
/// lead out.
fn contained(archive: &[u8]) -> Result<(), TestCaseError> {
    let home = tempfile::tempdir().unwrap();
    let into = home.path().join("job/into");
    std::fs::create_dir_all(&into).unwrap();
    for dir in [home.path().to_owned(), home.path().join("job")] {
        std::fs::write(dir.join("outside"), b"untouched").unwrap();
    }
    let _any = unpack_bytes(archive, &into, &LIMITS);
    let tree = tree::read(home.path());
    for path in tree.keys() {
        let mine = path.starts_with("job/into/") || path == "job/into" || path == "job";
        prop_assert!(mine || path == "outside" || path == "job/outside", "{path}");
        if let Ok(leads) = std::fs::canonicalize(home.path().join(path)) {
            let stays = !path.starts_with("job/into/") || leads.starts_with(&into);
            prop_assert!(stays, "{path} leads to {}", leads.display());
        }
    }
    prop_assert_eq!(&tree["outside"], &tree::file(b"untouched"));
    prop_assert_eq!(&tree["job/outside"], &tree::file(b"untouched"));
    Ok(())
}

#[test]
fn tar_with_links_long_names_and_programs() {
    let long = format!(
        "{}/file",
        "folder-of-a-long-name/".repeat(12).trim_end_matches('/')
    );
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(4);
    header.set_mode(0o4755);
    builder
        .append_data(&mut header, "bin/run", &b"run!"[..])
        .unwrap();
    header.set_mode(0o644);
    builder
        .append_data(&mut header, &long, &b"long"[..])
        .unwrap();
    let mut archive = builder.into_inner().unwrap();
    archive.truncate(archive.len() - 1024);
    let rest = [
        tarball::entry(b"./", b'5', b"", "755", b""),
        tarball::entry(b"empty/", b'5', b"", "755", b""),
        tarball::entry(b"comment", b'g', b"", "644", b"18 comment=of git\n"),
        tarball::link("bin/sym", b'2', "../empty"),
        tarball::link("bin/hard", b'1', "bin/run"),
        tarball::pax(&[("path", "pax/näme"), ("size", "5")]),
        tarball::file("short", b"12345"),
    ];
    archive.extend(tarball::tar(&rest));
    for archive in [archive.clone(), tarball::gz(&archive)] {
        let tree = unpacked(&archive);
        let program = Node::File {
            content: b"run!".to_vec(),
            program: true,
        };
        assert_eq!(tree["bin/run"], program);
        assert_eq!(tree["bin/hard"], program);
        assert_eq!(tree["bin/sym"], Node::Link("../empty".to_owned()));
        assert_eq!(tree[&long], tree::file(b"long"));
        assert_eq!(tree["empty"], Node::Folder);
        assert_eq!(tree["pax/näme"], tree::file(b"12345"));
    }
}

#[test]
fn setuid_and_write_for_all_are_not_kept() {
    let into = tempfile::tempdir().unwrap();
    let archive = zipfile::zip(&[zipfile::moded("x", b"1", 0o106_777)]);
    unpack_bytes(&archive, into.path(), &LIMITS).unwrap();
    let mode = std::fs::metadata(into.path().join("x"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7022, 0, "{mode:o}");
    assert_eq!(mode & 0o100, 0o100, "{mode:o}");
}

/// The way of writers that do not know sizes beforehand: Java, Go, Python to a pipe.
#[test]
fn zip_with_data_descriptors() {
    let mut writer = zip::ZipWriter::new_stream(Vec::new());
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    writer.start_file("a/stream.txt", options).unwrap();
    writer.write_all(&[b's'; 3000]).unwrap();
    writer.add_directory("b", options).unwrap();
    let archive = writer.finish().unwrap().into_inner();
    assert!(
        archive.windows(4).any(|bytes| bytes == b"PK\x07\x08"),
        "no data descriptor"
    );
    let tree = unpacked(&archive);
    assert_eq!(tree["a/stream.txt"], tree::file(&[b's'; 3000]));
    assert_eq!(tree["b"], Node::Folder);
}

#[test]
fn empty_zip_is_an_empty_tree() {
    assert_eq!(unpacked(&zipfile::zip(&[])), Tree::new());
}

#[test]
fn what_is_no_archive_is_one_file_of_its_own_name() {
    let home = tempfile::tempdir().unwrap();
    let zip = zipfile::zip(&[zipfile::stored("a", b"1")]);
    for (name, content, how) in [
        ("notes.txt", b"just text".to_vec(), Unpack::Auto),
        ("empty", Vec::new(), Unpack::Auto),
        ("text.gz", tarball::gz(&[b't'; 2000]), Unpack::Auto),
        ("kept.zip", zip, Unpack::Never),
    ] {
        let file = home.path().join(name);
        std::fs::write(&file, &content).unwrap();
        let into = tempfile::tempdir().unwrap();
        let fetched = unpack_file(&file, into.path(), how, &LIMITS).unwrap();
        assert_eq!(fetched.file.as_deref(), Some(name));
        assert_eq!((fetched.entries, fetched.bytes), (1, content.len() as u64));
        assert_eq!(
            tree::read(into.path()),
            Tree::from([(name.to_owned(), tree::file(&content))])
        );
    }
}

#[test]
fn large_files_are_streamed_and_what_does_not_shrink_is_stored() {
    let dir = tempfile::tempdir().unwrap();
    let noise = noise(9 << 20);
    let text = vec![b't'; 9 << 20];
    for (name, content) in [("a-text", &text), ("b-noise", &noise), ("c-text", &text)] {
        std::fs::write(dir.path().join(name), content).unwrap();
    }
    std::fs::write(dir.path().join("d-noise"), &noise[..1000]).unwrap();
    let (_, archive) = packed(dir.path());
    assert_eq!(packed(dir.path()).1, archive);
    let mut read = zip::ZipArchive::new(std::io::Cursor::new(&archive)).unwrap();
    let methods: Vec<String> = (0..read.len())
        .map(|index| read.by_index(index).unwrap().compression().to_string())
        .collect();
    assert_eq!(methods, ["Deflated", "Stored", "Deflated", "Stored"]);
    let tree = unpacked(&archive);
    assert!(tree["a-text"] == tree::file(&text) && tree["b-noise"] == tree::file(&noise));
    assert!(tree["c-text"] == tree::file(&text));
}

#[test]
fn outputs_that_cannot_be_packed_are_named() {
    let refusal = |fill: fn(&Path)| {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("Site");
        std::fs::create_dir_all(dir.join("sub")).unwrap();
        fill(&dir);
        let error = pack_dir(&dir, tempfile::tempfile().unwrap()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::BadOutput);
        error.to_string()
    };
    let said = [
        refusal(|dir| symlink("/etc/passwd", dir.join("sub/link")).unwrap()),
        refusal(|dir| symlink("../../up", dir.join("sub/link")).unwrap()),
        refusal(|dir| drop(std::os::unix::net::UnixListener::bind(dir.join("sub/s")).unwrap())),
        refusal(|dir| {
            let mode = rustix::fs::Mode::RUSR;
            let pipe = dir.join("sub/pipe");
            rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0)
                .unwrap();
        }),
        refusal(|dir| std::fs::write(dir.join("sub/a\\b"), b"x").unwrap()),
        refusal(|dir| {
            use std::os::unix::ffi::OsStrExt;
            let name = std::ffi::OsStr::from_bytes(b"sub/\xff");
            std::fs::write(dir.join(name), b"x").unwrap();
        }),
    ];
    insta::assert_snapshot!(said.join("\n"));
}
