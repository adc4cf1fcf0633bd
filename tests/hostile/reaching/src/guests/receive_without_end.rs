//! Takes a body that has no end.

use crate::answer::{Answer, Job, innocent};
use crate::client;

pub(crate) fn run(job: &Job) -> Answer {
    let _told = client::get(&client::server(job), "/endless");
    innocent()
}
