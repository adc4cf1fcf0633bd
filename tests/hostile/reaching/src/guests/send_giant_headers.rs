//! Sends more headers than there may be.

use crate::answer::{Answer, Job, innocent};
use crate::client;

pub(crate) fn run(job: &Job) -> Answer {
    let header = ("x-wide", vec![b'x'; 9_000]);
    let _told = client::begin(&client::server(job), "/hello", &[header]);
    innocent()
}
