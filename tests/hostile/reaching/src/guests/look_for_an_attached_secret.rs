//! Looks for the secret that the host adds to its requests: gives a header of that name itself, asks for what was sent,
//! and says all that it finds.

use crate::answer::{Answer, Job, failed, succeeded};
use crate::client;

pub(crate) fn run(job: &Job) -> Answer {
    let own = ("x-attached", b"its own".to_vec());
    let future = client::begin(&client::server(job), "/attached", &[own]);
    let there = match future.and_then(|future| client::body(&future)) {
        Ok(body) => String::from_utf8_lossy(&body).into_owned(),
        Err(error) => return failed(error),
    };
    // A server that repeats what it was sent tells it: to the guest, and to nobody else.
    let repeated = match client::get(&client::server(job), "/repeat") {
        Ok((_, body)) => String::from_utf8_lossy(&body).into_owned(),
        Err(error) => return failed(error),
    };
    println!("repeated {repeated}");
    succeeded([("there", there), ("length", repeated.len().to_string())])
}
