//! Links that lead in circles within its own output: whoever follows them never ends.

use std::fs;

use crate::answer::{Answer, Job, failed, output, succeeded, symlink};

pub(crate) fn run(job: &Job) -> Answer {
    let out = output(job);
    let planted = fs::write(out.join("honest"), b"honest")
        .and_then(|()| symlink("itself", &out, "itself"))
        .and_then(|()| symlink("there", &out, "here"))
        .and_then(|()| symlink("here", &out, "there"))
        .and_then(|()| symlink(".", &out, "again"));
    match planted {
        Ok(()) => succeeded([("planted", "4".to_owned())]),
        Err(error) => failed(error.to_string()),
    }
}
