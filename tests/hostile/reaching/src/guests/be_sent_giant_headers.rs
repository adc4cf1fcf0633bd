//! Has a server answer with longer headers than there may be.

use crate::answer::{Answer, Job, innocent};
use crate::client;

pub(crate) fn run(job: &Job) -> Answer {
    let _told = client::get(&client::server(job), "/wide");
    innocent()
}
