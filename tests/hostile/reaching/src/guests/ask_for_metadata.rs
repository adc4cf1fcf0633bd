//! Asks for what hands out the credentials of a cloud's machine, in every spelling, and for the test's other server.

use crate::answer::{Answer, Job, configured, failed, with_variables};
use crate::client;

const PLACES: &[(&str, &str)] = &[
    ("v4", "http://169.254.169.254"),
    ("ecs", "http://169.254.170.2"),
    ("v6", "http://[fd00:ec2::254]"),
    ("mapped", "http://[::ffff:169.254.169.254]"),
    ("mapped-hex", "http://[::ffff:a9fe:a9fe]"),
    ("nat64", "http://[64:ff9b::169.254.169.254]"),
    ("decimal", "http://2852039166"),
    ("short", "http://169.254.43518"),
    ("octal", "http://0251.0376.0251.0376"),
    ("hex", "http://0xa9.0xfe.0xa9.0xfe"),
    ("name", "http://metadata.google.internal"),
    ("user", "http://169.254.169.254@127.0.0.1"),
    ("alibaba", "http://100.100.100.200"),
    ("loopback", "http://localhost"),
    ("unspecified", "http://0.0.0.0"),
];

pub(crate) fn run(job: &Job) -> Answer {
    let mut told = Vec::new();
    let other = ("other", configured(job, "other"));
    for (name, place) in PLACES.iter().copied().chain([other]) {
        match client::get(place, "/latest/meta-data/") {
            Ok((status, _)) => return failed(format!("{place} answered {status}")),
            Err(error) => told.push((name.to_owned(), error)),
        }
    }
    with_variables(told)
}
