//! One sleep that outlasts the job's time, and asks nobody.

use std::time::Duration;

use crate::answer::{Answer, Job, innocent};

pub(crate) fn run(_job: &Job) -> Answer {
    println!("asleep");
    std::thread::sleep(Duration::from_secs(3600));
    innocent()
}
