//! A job's input is read with the job's credentials until they are refused.

use std::time::Duration;

use crate::bench::Bench;
use crate::findings::Answer;
use crate::lab::{Broken, Lab};
use crate::measure::Span;
use crate::question::{Experiment, Question};

/// The longest pause between two reads: a known lifetime is 15 minutes, give or take that much.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

pub(crate) async fn run(lab: &Lab<'_>) -> Result<(), Broken> {
    let bench = Bench::open(lab, Experiment::Credentials, 1).await?;
    let done = observe(&bench).await;
    bench.close(done).await
}

async fn observe(bench: &Bench<'_>) -> Result<(), Broken> {
    let given = bench.own_job().await?;
    let job = &given.value;
    let pace = bench.lab.pace;
    let bound = pace.long.unwrap_or(pace.patience).max(pace.patience);
    let what = "the job's credentials are refused";
    let mut wait = bench.lab.wait_within(bench.experiment, what, bound);
    let mut worked = None;
    loop {
        match bench.lab.account.read_input(job).await {
            Ok(read) => worked = Some(read.sent),
            Err(error) if is_expiry(error.code.as_deref()) => {
                let Some(worked) = worked else {
                    return Err(error.into());
                };
                let span = Span {
                    at_least: worked.saturating_duration_since(given.received),
                    at_most: given.sent.elapsed(),
                };
                let evidence = "from the poll that got the job to the first read that S3 refused";
                let answer = Answer::time(span, evidence);
                bench
                    .lab
                    .answer(bench.experiment, Question::CredentialLifetime, answer);
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
        let pause = wait.elapsed() / 50;
        let pause = pause.clamp(pace.interval, LONGEST_PAUSE.max(pace.interval));
        wait.rest(pause).await?;
    }
}

/// The codes that S3 and its gateways use.
fn is_expiry(code: Option<&str>) -> bool {
    matches!(
        code,
        Some("ExpiredToken" | "ExpiredTokenException" | "RequestExpired")
    )
}
