//! Beyond the sandbox: the network and the operator's secrets.

use pipefitter_sdk::http::Request;
use pipefitter_sdk::{Failure, Job, Outcome, log, secrets};

pub(crate) fn secret() -> Result<Outcome, Failure> {
    let secret = secrets::get("conformance")?;
    let denied = secrets::get("other").is_err();
    Ok(Outcome::succeeded()
        .variable("length", secret.chars().count())
        .variable("denied", if denied { "yes" } else { "no" }))
}

pub(crate) fn network(job: &Job) -> Result<Outcome, Failure> {
    let url = job.config_value("url").unwrap_or_default();
    let answer = match Request::get(url).send() {
        Ok(answer) => answer,
        Err(error) => {
            log::warn!("{error}");
            return Ok(Outcome::succeeded().variable("error", "yes"));
        }
    };
    Ok(Outcome::succeeded()
        .variable("status", answer.status)
        .variable("body", answer.text()?))
}
