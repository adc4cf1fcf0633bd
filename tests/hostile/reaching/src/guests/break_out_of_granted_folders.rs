//! Was granted one folder to read, one to write and a scratch: leaves them, changes the first, and moves what is in one
//! to another.

use std::fs;
use std::path::{Path, PathBuf};

use crate::answer::{Answer, Job, all_denied, failed, symlink};

pub(crate) fn run(job: &Job) -> Answer {
    let read = Path::new("/shelf");
    let Some(scratch) = job.scratch.as_ref().map(PathBuf::from) else {
        return failed("there is no scratch");
    };
    // What it may do.
    let may = fs::read(read.join("kept")).and_then(|kept| fs::write(scratch.join("copy"), kept));
    if let Err(error) = may {
        return failed(format!("it may not do what it may: {error}"));
    }
    let found = |path: PathBuf| fs::read(path).map(drop);
    all_denied(vec![
        ("create", fs::write(read.join("new"), b"x")),
        ("overwrite", fs::write(read.join("kept"), b"x")),
        ("remove", fs::remove_file(read.join("kept"))),
        ("remove-link", fs::remove_file(read.join("absolute"))),
        ("mkdir", fs::create_dir(read.join("dir"))),
        ("take", fs::rename(read.join("kept"), scratch.join("kept"))),
        ("give", fs::rename(scratch.join("copy"), read.join("copy"))),
        (
            "link",
            fs::hard_link(read.join("kept"), scratch.join("linked")),
        ),
        // Links that somebody has put there.
        ("absolute", found(read.join("absolute"))),
        ("relative", found(read.join("relative"))),
        ("folder", found(read.join("folder/pipefitter.toml"))),
        ("write-link", fs::write(read.join("relative"), b"x")),
        ("up", found(read.join("../pipefitter.toml"))),
        ("sideways", found(scratch.join("../../../journal.redb"))),
        // Its own.
        ("own-link", own_link(&scratch)),
        ("own-absolute", symlink("/shelf/kept", &scratch, "absolute")),
    ])
}

/// Makes a link that leads up, which is a name like any other, and follows it.
fn own_link(scratch: &Path) -> std::io::Result<()> {
    symlink("../../../journal.redb", scratch, "own")?;
    fs::read(scratch.join("own")).map(drop)
}
