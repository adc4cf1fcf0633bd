//! What a hostile guest leaves in an output: packing reads nothing else, ends, and names what it refuses.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use cap_std::fs::Dir;
use pipefitter_artifacts::{ErrorKind, pack_dir, remove_tree};
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};

use crate::bounds::unpacked;
use crate::tree::{self, Node};

/// What packing says of a directory `Site` that `fill` filled.
fn refusal(fill: impl FnOnce(&Path)) -> String {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("Site");
    std::fs::create_dir_all(dir.join("sub")).unwrap();
    fill(&dir);
    let error = pack_dir(&dir, tempfile::tempfile().unwrap()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::BadOutput, "{error}");
    remove_tree(&dir).unwrap();
    error.to_string()
}

fn packed(dir: &Path) -> Vec<u8> {
    let home = tempfile::tempdir().unwrap();
    let archive = home.path().join("archive.zip");
    pack_dir(dir, std::fs::File::create(&archive).unwrap()).unwrap();
    std::fs::read(&archive).unwrap()
}

#[test]
fn planted_links_and_specials_are_named() {
    let said = [
        refusal(|dir| symlink("/etc/passwd", dir.join("sub/passwd")).unwrap()),
        refusal(|dir| symlink("/", dir.join("sub/root")).unwrap()),
        refusal(|dir| symlink("/proc/self/environ", dir.join("sub/environment")).unwrap()),
        refusal(|dir| symlink("../..", dir.join("sub/up")).unwrap()),
        refusal(|dir| symlink("../../Other/secret", dir.join("sub/neighbour")).unwrap()),
        refusal(|dir| symlink("../sub/../..", dir.join("sub/around")).unwrap()),
        refusal(|dir| symlink("/none/at/all", dir.join("sub/dangling")).unwrap()),
        refusal(|dir| {
            symlink(".", dir.join("sub/here")).unwrap();
            symlink("here/../..", dir.join("sub/two")).unwrap();
        }),
        refusal(|dir| symlink("..\\..\\x", dir.join("sub/backslash")).unwrap()),
        refusal(|dir| special(&dir.join("sub/pipe"), FileType::Fifo).unwrap()),
        refusal(|dir| drop(std::os::unix::net::UnixListener::bind(dir.join("sub/s")).unwrap())),
        refusal(|dir| std::fs::write(dir.join("C:evil"), b"x").unwrap()),
        refusal(|dir| std::fs::write(dir.join("sub/..\\x"), b"x").unwrap()),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

fn special(path: &Path, kind: FileType) -> rustix::io::Result<()> {
    mknodat(CWD, path, kind, Mode::RUSR | Mode::WUSR, makedev(1, 3))
}

/// A guest cannot make one; were it there all the same, it is not opened.
#[test]
fn devices_are_named() {
    let probe = tempfile::tempdir().unwrap();
    if special(&probe.path().join("probe"), FileType::CharacterDevice).is_err() {
        eprintln!("this user may make no devices: not looked at");
        return;
    }
    for kind in [FileType::CharacterDevice, FileType::BlockDevice] {
        let said = refusal(|dir| special(&dir.join("sub/node"), kind).unwrap());
        assert!(
            said.contains("\"sub/node\" is a device, FIFO or socket"),
            "{said}"
        );
    }
}

#[test]
fn links_within_stay_links_whatever_they_lead_to() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path();
    std::fs::create_dir_all(dir.join("folder/deep")).unwrap();
    std::fs::write(dir.join("folder/file"), b"content").unwrap();
    let links = [
        ("to-folder", "folder"),
        ("to-file", "folder/file"),
        ("to-nothing", "not/there"),
        ("to-itself", "to-itself"),
        ("folder/deep/up", "../../folder/file"),
        ("folder/deep/root", "../.."),
        ("chain", "to-folder/deep/root/folder/file"),
    ];
    for (path, target) in links {
        symlink(target, dir.join(path)).unwrap();
    }
    std::fs::hard_link(dir.join("folder/file"), dir.join("hard")).unwrap();
    let archive = packed(dir);
    let tree = unpacked(&archive);
    for (path, target) in links {
        assert_eq!(tree[path], Node::Link(target.to_owned()));
    }
    assert_eq!(tree["hard"], tree::file(b"content"));
    assert_eq!(tree, tree::read(dir));
    let read = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
    assert_eq!(
        read.len(),
        links.len() + 4,
        "nothing behind a link was packed"
    );
}

#[test]
fn what_would_not_end_or_not_fit_is_named() {
    let said = refusal(|dir| {
        let holes = std::fs::File::create(dir.join("sub/holes")).unwrap();
        holes.set_len((1 << 40) + 1).unwrap();
    });
    assert!(
        said.contains("\"sub/holes\" brings the content over 1099511627776 bytes"),
        "{said}"
    );
    let deep = "a-folder-with-a-name/".repeat(300);
    let said = refusal(|dir| {
        let mut at = Dir::open_ambient_dir(dir, cap_std::ambient_authority()).unwrap();
        for name in deep.split_terminator('/') {
            at.create_dir(name).unwrap();
            at = at.open_dir(name).unwrap();
        }
    });
    assert!(
        said.contains("has a path of more than 4095 bytes"),
        "{said}"
    );
    let said = refusal(|dir| {
        let mut at = Dir::open_ambient_dir(dir, cap_std::ambient_authority()).unwrap();
        for _ in 0..19 {
            at.create_dir("n".repeat(200)).unwrap();
            at = at.open_dir("n".repeat(200)).unwrap();
        }
        for n in 0..18_000 {
            at.write(n.to_string(), b"").unwrap();
        }
    });
    assert!(
        said.contains("brings the names of all files and folders over 67108864"),
        "{said}"
    );
}

#[test]
fn modes_hide_nothing_and_are_not_kept() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("Site");
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("setuid"), b"x").unwrap();
    let mode = |path: &str| {
        let metadata = std::fs::metadata(path).unwrap();
        metadata.permissions().mode()
    };
    let path = dir.join("setuid");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o6777)).unwrap();
    let archive = packed(&dir);
    let into = tempfile::tempdir().unwrap();
    let object = into.path().join("object");
    std::fs::write(&object, archive).unwrap();
    let unpacked = into.path().join("unpacked");
    std::fs::create_dir(&unpacked).unwrap();
    pipefitter_artifacts::unpack_file(
        &object,
        &unpacked,
        pipefitter_artifacts::Unpack::Auto,
        &crate::bounds::LIMITS,
    )
    .unwrap();
    assert_eq!(mode(unpacked.join("setuid").to_str().unwrap()) & 0o7022, 0);
}
