//! A variable whose name is none.

use crate::answer::{Answer, Job, succeeded};

pub(crate) fn run(_job: &Job) -> Answer {
    succeeded([("no name!\u{1b}[31m", "x".to_owned())])
}
