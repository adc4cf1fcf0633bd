//! Variables of 800 KiB.

use crate::answer::{Answer, Job, with_variables};

pub(crate) fn run(_job: &Job) -> Answer {
    let value = "v".repeat(1 << 10);
    with_variables((0..800).map(|n| (format!("v{n}"), value.clone())).collect())
}
