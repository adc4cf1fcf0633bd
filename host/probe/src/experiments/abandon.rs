//! An execution is stopped and abandoned while its job is in progress.

use super::ended;
use crate::bench::Bench;
use crate::lab::{Broken, Lab};
use crate::question::{Experiment, Question};

pub(crate) async fn run(lab: &Lab<'_>) -> Result<(), Broken> {
    let bench = Bench::open(lab, Experiment::Abandon, 1).await?;
    let done = observe(&bench).await;
    bench.close(done).await
}

async fn observe(bench: &Bench<'_>) -> Result<(), Broken> {
    let job = bench.own_job().await?.value;
    bench.abandon().await?;
    let mut wait = bench.wait("the action is abandoned");
    loop {
        let states = bench.actions().await?.value;
        if states.iter().any(|state| state.status == "Abandoned") {
            break;
        }
        if let Some(other) = states.iter().find(|state| state.status != "InProgress") {
            return Err(Broken::Unexpected(format!(
                "the action of the execution that was stopped and abandoned is {}",
                other.status
            )));
        }
        wait.rest(bench.lab.pace.interval).await?;
    }
    let how = "was abandoned";
    ended::details(bench, &job, Question::DetailsAfterAbandon, how).await?;
    ended::result(bench, &job, Question::ResultAfterAbandon, how).await?;
    Ok(())
}
