//! An output that changes while it is packed: nothing may write to one after its guest ended, and should
//! something do so all the same, no host file is read, packing ends, and what was changed is named.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use pipefitter_artifacts::{ErrorKind, pack_dir};

use crate::bounds::unpacked;
use crate::tree::Node;

const ROUNDS: usize = 200;
const SECRET: &[u8] = b"a file of the host";

/// Packs again and again while `change` changes the output; looks at all that was packed.
fn packed_while(change: impl Fn(&Path, usize) + Sync) {
    let home = tempfile::tempdir().unwrap();
    let (dir, secret) = (home.path().join("Site"), home.path().join("secret"));
    std::fs::create_dir(&secret).unwrap();
    std::fs::write(secret.join("file"), SECRET).unwrap();
    std::fs::create_dir_all(dir.join("folder")).unwrap();
    std::fs::write(dir.join("folder/file"), b"a file of the guest").unwrap();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 0;
            while !over.load(Ordering::Relaxed) {
                change(&dir, round);
                round += 1;
            }
        });
        for _ in 0..ROUNDS {
            pack_once(home.path(), &dir);
        }
        over.store(true, Ordering::Relaxed);
    });
}

fn pack_once(home: &Path, dir: &Path) {
    let archive = home.join("archive.zip");
    match pack_dir(dir, std::fs::File::create(&archive).unwrap()) {
        Ok(_) => {
            for (path, node) in unpacked(&std::fs::read(&archive).unwrap()) {
                if let Node::File { content, .. } = node {
                    assert_ne!(content, SECRET, "{path}");
                }
            }
        }
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::BadOutput, "{error}");
            let names = ["\"folder", "\"other", "\"file", "\"link"];
            assert!(
                names.iter().any(|name| error.message.contains(name)),
                "{error}"
            );
        }
    }
}

#[test]
fn a_folder_that_becomes_a_link_to_the_hosts() {
    packed_while(|dir, _| {
        std::fs::rename(dir.join("folder"), dir.join("other")).unwrap();
        symlink("../secret", dir.join("folder")).unwrap();
        std::fs::remove_file(dir.join("folder")).unwrap();
        std::fs::rename(dir.join("other"), dir.join("folder")).unwrap();
    });
}

#[test]
fn a_file_that_becomes_a_link_a_pipe_or_a_folder() {
    packed_while(|dir, round| {
        let file = dir.join("folder/file");
        std::fs::remove_file(&file).unwrap();
        match round % 3 {
            0 => symlink("../../secret/file", &file).unwrap(),
            1 => rustix::fs::mknodat(
                rustix::fs::CWD,
                &file,
                rustix::fs::FileType::Fifo,
                rustix::fs::Mode::RUSR,
                0,
            )
            .unwrap(),
            _ => std::fs::create_dir(&file).unwrap(),
        }
        if round % 3 == 2 {
            std::fs::remove_dir(&file).unwrap();
        } else {
            std::fs::remove_file(&file).unwrap();
        }
        std::fs::write(&file, b"a file of the guest").unwrap();
    });
}

#[test]
fn a_file_that_grows_and_shrinks() {
    packed_while(|dir, round| {
        let size = [0, 20, 70_000][round % 3];
        let file = std::fs::OpenOptions::new()
            .write(true)
            .open(dir.join("folder/file"))
            .unwrap();
        file.set_len(size).unwrap();
    });
}
