//! Hard links: a file that is counted once and is there twice, or one of the inputs made writable.

use std::fs;

use crate::answer::{Answer, Job, all_denied, failed, input, output};

pub(crate) fn run(job: &Job) -> Answer {
    let out = output(job);
    let own = out.join("own");
    if let Err(error) = fs::write(&own, b"own") {
        return failed(format!("own: {error}"));
    }
    all_denied(vec![
        ("own", fs::hard_link(&own, out.join("twin"))),
        (
            "input",
            fs::hard_link(input(job).join("a.txt"), out.join("stolen")),
        ),
        (
            "moved",
            fs::rename(input(job).join("a.txt"), out.join("moved")),
        ),
    ])
}
