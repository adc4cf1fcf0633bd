//! Sends more headers than there may be, each of a few bytes.

use crate::answer::{Answer, Job, innocent};
use crate::client;

pub(crate) fn run(job: &Job) -> Answer {
    let headers = vec![("x-many", b"m".to_vec()); 200];
    let begun = client::begin(&client::server(job), "/hello", &headers);
    // Dropped before there is an answer, it may never be sent.
    let _told = begun.and_then(|future| client::body(&future));
    innocent()
}
