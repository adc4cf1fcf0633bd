//! One message of 17 MiB, in one call.

use crate::answer::{Answer, Job, innocent};
use crate::bindings::pipefitter::action::log;

pub(crate) fn run(_job: &Job) -> Answer {
    log::write(log::Level::Info, &"x".repeat(17 << 20), &[]);
    innocent()
}
