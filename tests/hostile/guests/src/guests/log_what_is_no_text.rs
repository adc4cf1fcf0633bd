//! Bytes that are not UTF-8, characters cut in two, every byte there is.

use std::io::Write;

use crate::answer::{Answer, Job, innocent};

pub(crate) fn run(_job: &Job) -> Answer {
    let all: Vec<u8> = (0..=255).collect();
    let mut stdout = std::io::stdout().lock();
    for bytes in [
        &b"\xff\xfe no text \xc3"[..],
        b"\xf0\x9f\x92",
        &all,
        b"\ned\xa0\x80end\n",
    ] {
        let _taken = stdout.write_all(bytes);
        let _flushed = stdout.flush();
    }
    innocent()
}
