//! An action gives a variable of 600 characters, and the next one's configuration has it twice.
//!
//! | the second action | so |
//! |---|---|
//! | has a job with all 1,200 characters | values are not limited once they are resolved |
//! | fails with a ConfigurationError | they are |

use crate::account::{Layout, Success};
use crate::bench::Bench;
use crate::findings::Answer;
use crate::lab::{Broken, Lab};
use crate::question::{Experiment, Question};

/// Allowed alone, and too long twice.
const VARIABLE_LENGTH: usize = 600;
const RESOLVED_LENGTH: usize = 2 * VARIABLE_LENGTH;

const SECOND: &str = "Action2";

pub(crate) async fn run(lab: &Lab<'_>) -> Result<(), Broken> {
    let bench = Bench::open_as(lab, Experiment::ResolvedValues, Layout::Chain).await?;
    let done = observe(&bench).await;
    bench.close(done).await
}

async fn observe(bench: &Bench<'_>) -> Result<(), Broken> {
    let account = &bench.lab.account;
    let first = bench.own_job().await?.value;
    bench.upload(&first).await?;
    let success = Success::Variable(VARIABLE_LENGTH);
    account.succeed(&first, success).await?;
    let mut wait = bench.wait("the action with the long value begins or fails");
    let answer = loop {
        let jobs = bench.poll(Some(1)).await?.value;
        if let Some(job) = jobs.iter().find(|job| job.action == SECOND) {
            bench.own(job).await?;
            bench.finish(job).await?;
            break got(job.text_length);
        }
        let states = bench.actions().await?.value;
        let mut states = states.into_iter();
        let ended = states.find(|state| state.name == SECOND && state.status != "InProgress");
        if let Some(state) = ended {
            let how = state.error.unwrap_or(state.status);
            break ended_with(how);
        }
        wait.rest(bench.lab.pace.interval).await?;
    };
    let question = Question::ResolvedValuesLimited;
    bench.lab.answer(bench.experiment, question, answer);
    Ok(())
}

fn got(length: usize) -> Answer {
    let evidence = format!("a job's value of {length} characters, of {RESOLVED_LENGTH}");
    match length {
        RESOLVED_LENGTH => Answer::yes_or_no(false, evidence),
        _ => Answer::kind("the value is changed", None, evidence),
    }
}

/// Another failure than that of a configuration need not come from the value.
fn ended_with(how: String) -> Answer {
    match how.as_str() {
        "ConfigurationError" => {
            let evidence = format!("the action of a value of {RESOLVED_LENGTH} characters: {how}");
            Answer::yes_or_no(true, evidence)
        }
        _ => {
            let evidence = format!("the action of a value of {RESOLVED_LENGTH} characters");
            Answer::kind(how, None, evidence)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_value_and_a_configurations_error_are_answers() {
        assert_eq!(got(1_200).value.as_deref(), Some("no"));
        assert_eq!(got(1_000).value, None);
        let limited = ended_with("ConfigurationError".into());
        assert_eq!(limited.value.as_deref(), Some("yes"));
        for other in ["PermissionError", "Abandoned"] {
            let answer = ended_with(other.into());
            assert_eq!((answer.text.as_str(), answer.value), (other, None));
        }
    }
}
