//! Writes until nothing is taken any more, and says that all went well.

use std::fs::File;
use std::io::Write;

use crate::answer::{Answer, Job, innocent, output};

pub(crate) fn run(job: &Job) -> Answer {
    let block = vec![7_u8; 1 << 20];
    for n in 0.. {
        let Ok(mut file) = File::create(output(job).join(format!("part-{n}"))) else {
            break;
        };
        if (0..8).any(|_| file.write_all(&block).is_err()) {
            break;
        }
    }
    innocent()
}
