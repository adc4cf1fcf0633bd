//! Puts a secret that it was granted into an output variable, encoded.

use crate::answer::{Answer, Job, failed, succeeded};
use crate::bindings::pipefitter::action::secrets::get;
use crate::slips::forms;

pub(crate) fn run(_job: &Job) -> Answer {
    match get("granted").map(|secret| forms(&secret)) {
        // In base64, in the middle of something longer.
        Ok(forms) => succeeded([("told", forms.get(3).cloned().unwrap_or_default())]),
        Err(error) => failed(format!("{error:?}")),
    }
}
