//! A job is acknowledged twice with one nonce, ended, and asked for once more.

use super::ended;
use crate::bench::Bench;
use crate::findings::Answer;
use crate::lab::{Broken, Lab};
use crate::question::{Experiment, Question};

pub(crate) async fn run(lab: &Lab<'_>) -> Result<(), Broken> {
    let bench = Bench::open(lab, Experiment::Acknowledge, 1).await?;
    let done = observe(&bench).await;
    bench.close(done).await
}

async fn observe(bench: &Bench<'_>) -> Result<(), Broken> {
    let job = bench.own_job().await?.value;
    let evidence = "the second AcknowledgeJob with the nonce of the first";
    let answer = match bench.lab.account.acknowledge(&job).await {
        Ok(again) if again.value == "InProgress" => {
            Answer::kind("InProgress, as the first time", Some("yes"), evidence)
        }
        Ok(again) => Answer::kind(format!("the status {}", again.value), None, evidence),
        Err(error) => match &error.code {
            Some(code) if code == "InvalidNonceException" => {
                Answer::kind(code.clone(), Some("no"), evidence)
            }
            Some(code) if code.starts_with("Invalid") => Answer::kind(code.clone(), None, evidence),
            _ => return Err(error.into()),
        },
    };
    let experiment = Experiment::Acknowledge;
    bench
        .lab
        .answer(experiment, Question::AcknowledgeAgain, answer);
    bench.finish(&job).await?;
    ended::details(bench, &job, Question::EndedDetails, "succeeded").await?;
    Ok(())
}
