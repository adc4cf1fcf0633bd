//! A job reports success with a continuation token; the next one is waited for.

use crate::account::Success;
use crate::bench::Bench;
use crate::findings::Answer;
use crate::lab::{Broken, Lab};
use crate::measure::Span;
use crate::question::{Experiment, Question};

pub(crate) async fn run(lab: &Lab<'_>) -> Result<(), Broken> {
    let bench = Bench::open(lab, Experiment::Continuation, 1).await?;
    let done = observe(&bench).await;
    bench.close(done).await
}

async fn observe(bench: &Bench<'_>) -> Result<(), Broken> {
    let experiment = Experiment::Continuation;
    let first = bench.own_job().await?.value;
    let put = bench
        .lab
        .account
        .succeed(&first, Success::Continues)
        .await?;
    let mut wait = bench.wait("the job that continues comes");
    let mut not_yet = put.received;
    let next = loop {
        let polled = bench.poll(Some(1)).await?;
        let (sent, received) = (polled.sent, polled.received);
        if let Some(job) = polled.value.into_iter().find(|job| job.continues) {
            let span = Span {
                at_least: not_yet.saturating_duration_since(put.received),
                at_most: received - put.sent,
            };
            let evidence = "from the result with a token to the poll that got the next job";
            let answer = Answer::time(span, evidence);
            bench
                .lab
                .answer(experiment, Question::ContinuationDelay, answer);
            break job;
        }
        not_yet = sent;
        wait.rest(bench.lab.pace.interval).await?;
    };
    let keeps = first.output == next.output;
    let evidence = "bucket and key of the output artifact, in both jobs";
    let answer = Answer::yes_or_no(keeps, evidence);
    bench
        .lab
        .answer(experiment, Question::ContinuationKeepsOutputs, answer);
    bench.own(&next).await?;
    bench.finish(&next).await
}
