//! Ten thousand fields with one message.

use crate::answer::{Answer, Job, innocent};
use crate::bindings::pipefitter::action::log;

pub(crate) fn run(_job: &Job) -> Answer {
    let fields: Vec<_> = (0..10_000)
        .map(|n| (format!("field-{n}"), "bomb".repeat(20)))
        .collect();
    for _ in 0..20 {
        log::write(log::Level::Info, "fields", &fields);
    }
    innocent()
}
