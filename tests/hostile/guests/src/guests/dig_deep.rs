//! Folders in folders.

use std::fs;

use crate::answer::{Answer, Job, innocent, output};

pub(crate) fn run(job: &Job) -> Answer {
    let mut at = output(job);
    for _ in 0..500 {
        at.push("d");
        if fs::create_dir(&at).is_err() {
            break;
        }
    }
    innocent()
}
