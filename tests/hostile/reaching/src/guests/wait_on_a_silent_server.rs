//! Waits for an answer that never comes.

use crate::answer::{Answer, Job, failed, succeeded};
use crate::client;

pub(crate) fn run(job: &Job) -> Answer {
    match client::get(&client::server(job), "/never") {
        Ok(_) => failed("it was answered"),
        Err(error) => succeeded([("error", error)]),
    }
}
