//! Twenty megabytes of lines to standard output.

use std::io::Write;

use crate::answer::{Answer, Job, innocent};

pub(crate) fn run(_job: &Job) -> Answer {
    let lines = format!("{}\n", "flood ".repeat(100)).repeat(100);
    let mut stdout = std::io::stdout().lock();
    for _ in 0..350 {
        // The host takes everything and keeps what it likes.
        let _taken = stdout.write_all(lines.as_bytes());
    }
    innocent()
}
