//! Sums itself up by a secret that it was granted, in all its forms.

use crate::answer::{Answer, Job, Outcome, failed};
use crate::bindings::pipefitter::action::secrets::get;
use crate::bindings::pipefitter::action::types::{ExecutionDetails, Success};
use crate::slips::forms;

pub(crate) fn run(_job: &Job) -> Answer {
    match get("granted") {
        Ok(secret) => Ok(Outcome::Succeeded(Success {
            variables: Vec::new(),
            details: ExecutionDetails {
                summary: Some(forms(&secret).join(" ")),
                external_execution_id: None,
                percent_complete: None,
            },
            current_revision: None,
        })),
        Err(error) => failed(format!("{error:?}")),
    }
}
