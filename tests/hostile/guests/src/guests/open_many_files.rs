//! Opens one file again and again, and never closes it.

use std::fs::{self, File};

use crate::answer::{Answer, Job, innocent, output};

pub(crate) fn run(job: &Job) -> Answer {
    let path = output(job).join("file");
    let _made = fs::write(&path, b"x");
    let mut open = Vec::new();
    while let Ok(file) = File::open(&path) {
        open.push(file);
        if open.len() > 100_000 {
            break;
        }
    }
    innocent()
}
