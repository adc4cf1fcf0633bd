//! Sends a body that has no end.

use crate::answer::{Answer, Job, innocent};
use crate::client;

pub(crate) fn run(job: &Job) -> Answer {
    let _told = client::send_without_end(&client::server(job), "/length");
    innocent()
}
