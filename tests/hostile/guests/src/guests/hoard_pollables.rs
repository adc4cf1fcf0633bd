//! Subscribes to clocks and never lets go: resources that the host keeps.

use wasip2::clocks::monotonic_clock::subscribe_duration;

use crate::answer::{Answer, Job, succeeded};

pub(crate) fn run(_job: &Job) -> Answer {
    let hoard: Vec<_> = (0..100_000)
        .map(|_| subscribe_duration(3_600_000_000_000))
        .collect();
    succeeded([("pollables", hoard.len().to_string())])
}
