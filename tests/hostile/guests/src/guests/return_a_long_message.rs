//! A failure's message of 100,000 characters.

use crate::answer::{Answer, Job, failed};

pub(crate) fn run(_job: &Job) -> Answer {
    failed(format!("beginning {}", "long ".repeat(20_000)))
}
