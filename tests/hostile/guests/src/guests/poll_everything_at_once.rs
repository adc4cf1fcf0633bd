//! Waits for many clocks in one call, again and again: a list for the host to copy each time.

use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::io::poll::poll;

use crate::answer::{Answer, Job};

pub(crate) fn run(_job: &Job) -> Answer {
    let clocks: Vec<_> = (0..500).map(|n| subscribe_duration(n % 3)).collect();
    let all: Vec<_> = clocks.iter().collect();
    loop {
        poll(&all);
    }
}
