//! Is sent to where it may not go, and goes there.

use crate::answer::{Answer, Job, failed, succeeded};
use crate::client;

pub(crate) fn run(job: &Job) -> Answer {
    let (status, place) = match client::location(&client::server(job), "/redirect") {
        Ok(found) => found,
        Err(error) => return failed(error),
    };
    match client::get(&place, "/") {
        Ok((status, _)) => failed(format!("{place} answered {status}")),
        Err(error) => succeeded([("status", status.to_string()), ("error", error)]),
    }
}
