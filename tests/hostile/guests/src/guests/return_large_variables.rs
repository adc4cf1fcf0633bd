//! More than CodePipeline takes, within the result's own limit.

use crate::answer::{Answer, Job, succeeded};

pub(crate) fn run(_job: &Job) -> Answer {
    succeeded([("large", "x".repeat(130_000))])
}
