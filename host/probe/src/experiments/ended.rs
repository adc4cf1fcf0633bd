//! What is said of a job that has ended, in one way or another.

use crate::account::{Details, Job};
use crate::bench::Bench;
use crate::call::CallError;
use crate::findings::Answer;
use crate::question::Question;

/// Asks GetJobDetails for a job that has ended.
pub(super) async fn details(
    bench: &Bench<'_>,
    job: &Job,
    question: Question,
    how: &str,
) -> Result<(), CallError> {
    let answer = match bench.lab.account.details(job).await? {
        Details::Data { with_credentials } => {
            let has = if with_credentials { "with" } else { "without" };
            Answer::kind(
                format!("the job's data, {has} credentials"),
                (!with_credentials).then_some("data"),
                format!("GetJobDetails of a job that {how}"),
            )
        }
        Details::Refused(code) => {
            let value = (code == "JobNotFoundException").then_some("job-not-found");
            let evidence = format!("GetJobDetails of a job that {how}");
            Answer::kind(code, value, evidence)
        }
    };
    bench.lab.answer(bench.experiment, question, answer);
    Ok(())
}

/// Reports success for a job that has ended.
pub(super) async fn result(
    bench: &Bench<'_>,
    job: &Job,
    question: Question,
    how: &str,
) -> Result<(), CallError> {
    let evidence = format!("PutJobSuccessResult for a job that {how}");
    let answer = match bench.lab.account.refused_success(job).await? {
        None => Answer::kind("it is accepted", None, evidence),
        Some(code) => {
            let value = match code.as_str() {
                "InvalidJobStateException" => Some("invalid-job-state"),
                "JobNotFoundException" => Some("job-not-found"),
                _ => None,
            };
            Answer::kind(code.clone(), value, evidence)
        }
    };
    bench.lab.answer(bench.experiment, question, answer);
    Ok(())
}
