//! A gigabyte of random bytes in one call.

use wasip2::random::random::get_random_bytes;

use crate::answer::{Answer, Job, succeeded};

pub(crate) fn run(_job: &Job) -> Answer {
    let bytes = get_random_bytes(1 << 30);
    succeeded([("bytes", bytes.len().to_string())])
}
