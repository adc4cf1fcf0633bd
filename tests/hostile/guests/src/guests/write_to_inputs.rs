//! Every way to change a read-only folder.

use std::fs::{self, OpenOptions};
use std::io::Write;

use crate::answer::{Answer, Job, all_denied, input, symlink};

pub(crate) fn run(job: &Job) -> Answer {
    let root = input(job);
    let file = root.join("a.txt");
    let opened = |options: &mut OpenOptions| options.open(&file);
    all_denied(vec![
        ("create", fs::write(root.join("new"), b"x")),
        ("overwrite", fs::write(&file, b"x")),
        (
            "truncate",
            opened(OpenOptions::new().write(true).truncate(true)).map(drop),
        ),
        (
            "append",
            opened(OpenOptions::new().append(true)).and_then(|mut file| file.write_all(b"x")),
        ),
        (
            "resize",
            opened(OpenOptions::new().read(true)).and_then(|file| file.set_len(0)),
        ),
        ("remove", fs::remove_file(&file)),
        ("rename", fs::rename(&file, root.join("renamed"))),
        ("mkdir", fs::create_dir(root.join("dir"))),
        ("rmdir", fs::remove_dir_all(root.join("sub"))),
        ("link", fs::hard_link(&file, root.join("linked"))),
        ("symlink", symlink("a.txt", &root, "soft")),
    ])
}
