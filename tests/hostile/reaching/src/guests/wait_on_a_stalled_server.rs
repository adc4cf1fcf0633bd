//! Waits for the end of an answer that stops in its middle.

use crate::answer::{Answer, Job, failed, succeeded};
use crate::client;

pub(crate) fn run(job: &Job) -> Answer {
    match client::get(&client::server(job), "/stalled") {
        Ok(_) => failed("it was answered"),
        Err(error) => succeeded([("error", error)]),
    }
}
