//! Says a secret of its configuration in every form that programs print by accident, everywhere.

use crate::answer::{Answer, Job, configured, failed};
use crate::slips::say_everywhere;

pub(crate) fn run(job: &Job) -> Answer {
    let forms = say_everywhere(configured(job, "secret"));
    failed(format!("told {}", forms.join(" ")))
}
