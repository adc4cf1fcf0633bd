//! More jobs are ready than a poll may get that does not say how many.

use std::collections::BTreeSet;

use crate::bench::Bench;
use crate::findings::Answer;
use crate::lab::{Broken, Lab};
use crate::question::{Experiment, Question};

/// Parallel actions. The largest batch that public workers ask for is 10.
const ACTIONS: usize = 12;

/// Looks that a job is given to become ready after its action began.
const SETTLING: u32 = 5;

pub(crate) async fn run(lab: &Lab<'_>) -> Result<(), Broken> {
    let bench = Bench::open(lab, Experiment::Batch, ACTIONS).await?;
    let done = observe(&bench).await;
    bench.close(done).await
}

async fn observe(bench: &Bench<'_>) -> Result<(), Broken> {
    let interval = bench.lab.pace.interval;
    let mut wait = bench.wait("all parallel actions have begun");
    while bench.actions().await?.value.len() < ACTIONS {
        wait.rest(interval).await?;
    }
    wait.rest(interval * SETTLING).await?;

    let mut wait = bench.wait("a poll without maxBatchSize gets jobs");
    let got = loop {
        let jobs = bench.poll(None).await?.value;
        if !jobs.is_empty() {
            break jobs;
        }
        wait.rest(interval).await?;
    };
    let count = got.len();
    let evidence = format!("{ACTIONS} jobs of one action type were ready");
    if count >= ACTIONS {
        let text = format!("{ACTIONS} or more");
        let answer = Answer::kind(text, Some("100"), evidence);
        bench
            .lab
            .answer(Experiment::Batch, Question::DefaultBatch, answer);
        return Ok(());
    }
    // Only what was ready all along shows that the poll stopped at its own number.
    let rest = bench.poll(i32::try_from(ACTIONS).ok()).await?.value;
    let all: BTreeSet<String> = got.into_iter().chain(rest).map(|job| job.action).collect();
    if all.len() < ACTIONS {
        return Err(Broken::Unexpected(format!(
            "a poll without maxBatchSize got {count} jobs, but only {} of {ACTIONS} were ready",
            all.len()
        )));
    }
    let answer = Answer::kind(count.to_string(), Some(&count.to_string()), evidence);
    bench
        .lab
        .answer(Experiment::Batch, Question::DefaultBatch, answer);
    Ok(())
}
