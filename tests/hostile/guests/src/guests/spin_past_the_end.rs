//! Computes until its time is over.

use crate::answer::{Answer, Job};

pub(crate) fn run(_job: &Job) -> Answer {
    println!("spinning");
    let mut n = 0_u64;
    loop {
        n = std::hint::black_box(n.wrapping_add(1));
    }
}
