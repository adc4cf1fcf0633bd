//! Paths that lead out of what was given.

use std::fs;

use crate::answer::{Answer, Job, all_denied, input, output};

pub(crate) fn run(job: &Job) -> Answer {
    let tried = |path: std::path::PathBuf| fs::read(path).map(drop);
    let listed = |path: std::path::PathBuf| fs::read_dir(path).map(drop);
    all_denied(vec![
        ("passwd", tried("/etc/passwd".into())),
        ("environ", tried("/proc/self/environ".into())),
        ("root", listed("/".into())),
        ("here", listed(".".into())),
        ("up", listed(output(job).join(".."))),
        (
            "far",
            tried(input(job).join("../../../../../../../etc/passwd")),
        ),
        (
            "sideways",
            tried(input(job).join("sub/../../../journal.redb")),
        ),
        ("write", fs::write(output(job).join("../escaped"), b"x")),
    ])
}
