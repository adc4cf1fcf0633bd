//! Sends longer headers than there may be.

use crate::answer::{Answer, Job, innocent};
use crate::client;

pub(crate) fn run(job: &Job) -> Answer {
    let header = ("x-wide", vec![b'x'; 20_000]);
    let begun = client::begin(&client::server(job), "/hello", &[header]);
    // Dropped before there is an answer, it may never be sent.
    let _told = begun.and_then(|future| client::body(&future));
    innocent()
}
