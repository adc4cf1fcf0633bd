//! One file that grows beyond what a file may have.

use std::fs::File;
use std::io::Write;

use crate::answer::{Answer, Job, innocent, output};

pub(crate) fn run(job: &Job) -> Answer {
    let block = vec![7_u8; 64 << 10];
    if let Ok(mut file) = File::create(output(job).join("large")) {
        while file.write_all(&block).is_ok() {}
    }
    innocent()
}
