//! Says a secret that it was granted in every form that programs print by accident, everywhere.

use crate::answer::{Answer, Job, failed};
use crate::bindings::pipefitter::action::secrets::get;
use crate::slips::say_everywhere;

pub(crate) fn run(_job: &Job) -> Answer {
    match get("granted") {
        Ok(secret) => failed(format!("told {}", say_everywhere(&secret).join(" "))),
        Err(error) => failed(format!("{error:?}")),
    }
}
