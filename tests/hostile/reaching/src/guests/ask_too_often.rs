//! Asks again and again, whatever it is told.

use crate::answer::{Answer, Job, innocent};
use crate::client;

pub(crate) fn run(job: &Job) -> Answer {
    for _ in 0..50 {
        let _told = client::get(&client::server(job), "/hello");
    }
    innocent()
}
