//! Empty files, folders and links without end.

use std::fs;

use crate::answer::{Answer, Job, innocent, output};

pub(crate) fn run(job: &Job) -> Answer {
    let out = output(job);
    for n in 0..100_000 {
        let made = match n % 2 {
            0 => fs::write(out.join(format!("file-{n}")), b""),
            _ => fs::create_dir(out.join(format!("folder-{n}"))),
        };
        if made.is_err() {
            break;
        }
    }
    innocent()
}
