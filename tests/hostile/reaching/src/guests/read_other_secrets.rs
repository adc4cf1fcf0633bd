//! Asks for secrets that it was not granted, by every name that might do.

use crate::answer::{Answer, Job, failed, succeeded};
use crate::bindings::pipefitter::action::secrets::{SecretError, get, get_bytes};

pub(crate) fn run(_job: &Job) -> Answer {
    let long = "granted".repeat(20_000);
    let names = [
        "other",
        "",
        "*",
        "GRANTED",
        "granted ",
        "granted\0",
        "granted/../other",
        "HOSTILE_OTHER",
        "/etc/passwd",
        &long,
    ];
    let mut denied = 0;
    for name in names {
        for told in [get(name).map(String::into_bytes), get_bytes(name)] {
            match told {
                Err(SecretError::Denied) => denied += 1,
                other => return failed(format!("{name}: {other:?}")),
            }
        }
    }
    succeeded([("denied", denied.to_string())])
}
