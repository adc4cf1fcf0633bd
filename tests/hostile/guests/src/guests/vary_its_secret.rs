//! Puts a secret into an output variable, which the console shows.

use crate::answer::{Answer, Job, configured, succeeded};

pub(crate) fn run(job: &Job) -> Answer {
    succeeded([("told", format!("it is {}", configured(job, "secret")))])
}
