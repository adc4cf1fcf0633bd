//! Panics.

use crate::answer::{Answer, Job};

pub(crate) fn run(_job: &Job) -> Answer {
    panic!("the guest panics on purpose")
}
