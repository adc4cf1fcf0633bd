//! Calls itself until the stack is used up.

use std::hint::black_box;

use crate::answer::{Answer, Job, succeeded};

pub(crate) fn run(_job: &Job) -> Answer {
    succeeded([("depth", down(0).to_string())])
}

fn down(n: u64) -> u64 {
    if black_box(n) == u64::MAX {
        return 0;
    }
    down(n + 1).wrapping_mul(3) ^ n
}
