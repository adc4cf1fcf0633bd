//! Begins to list a folder again and again, and never reads on.

use std::fs;

use crate::answer::{Answer, Job, innocent, output};

pub(crate) fn run(job: &Job) -> Answer {
    let mut open = Vec::new();
    while let Ok(list) = fs::read_dir(output(job)) {
        open.push(list);
        if open.len() > 10_000 {
            break;
        }
    }
    innocent()
}
