//! Reads the secret it was granted, and one that it was not, thousands of times.

use crate::answer::{Answer, Job, failed, succeeded};
use crate::bindings::pipefitter::action::secrets::{SecretError, get};

const TIMES: usize = 3000;

pub(crate) fn run(_job: &Job) -> Answer {
    for _ in 0..TIMES {
        match (get("granted"), get("other")) {
            (Ok(_), Err(SecretError::Denied)) => {}
            other => return failed(format!("{other:?}")),
        }
    }
    succeeded([("read", TIMES.to_string())])
}
