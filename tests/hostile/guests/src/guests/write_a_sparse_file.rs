//! A file of a terabyte that takes no room: who packs or copies it pays.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use crate::answer::{Answer, Job, innocent, output};

pub(crate) fn run(job: &Job) -> Answer {
    if let Ok(mut file) = File::create(output(job).join("sparse")) {
        // Either must be noticed.
        let _sized = file.set_len(1 << 40);
        let _sought = file.seek(SeekFrom::Start(1 << 40));
        let _written = file.write_all(b"end");
    }
    innocent()
}
