//! Waits for a server that takes no connection.

use crate::answer::{Answer, Job, configured, failed, succeeded};
use crate::client;

pub(crate) fn run(job: &Job) -> Answer {
    match client::get(configured(job, "crowded"), "/hello") {
        Ok(_) => failed("it was answered"),
        Err(error) => succeeded([("error", error)]),
    }
}
