//! A failure with a message of 20 MiB.

use crate::answer::{Answer, Job, failed};

pub(crate) fn run(_job: &Job) -> Answer {
    failed("m".repeat(20 << 20))
}
