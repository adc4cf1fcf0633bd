//! Has a server answer with more headers than there may be, each of a few bytes.

use crate::answer::{Answer, Job, innocent};
use crate::client;

pub(crate) fn run(job: &Job) -> Answer {
    let _told = client::get(&client::server(job), "/many");
    innocent()
}
