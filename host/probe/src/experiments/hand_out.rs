//! A job is polled for again and again, and never acknowledged.
//!
//! | the next poll gives | so |
//! |---|---|
//! | nothing | polls hide the job, until it comes with another nonce: offered again |
//! | the job with the same nonce | polls do not hide it, until the nonce is another: offered again |
//! | the job with another nonce | each poll is a hand-out of its own: offered again at once |

use tokio::time::Instant;

use crate::bench::Bench;
use crate::findings::Answer;
use crate::lab::{Broken, Lab};
use crate::measure::Span;
use crate::question::{Experiment, Question};

pub(crate) async fn run(lab: &Lab<'_>) -> Result<(), Broken> {
    let bench = Bench::open(lab, Experiment::HandOut, 1).await?;
    let done = observe(&bench).await;
    bench.close(done).await
}

async fn observe(bench: &Bench<'_>) -> Result<(), Broken> {
    let first = bench.job().await?;
    let mut wait = bench.wait("the job is offered again");
    let mut not_yet: Option<Instant> = None;
    loop {
        let polled = bench.poll(Some(1)).await?;
        let (sent, received) = (polled.sent, polled.received);
        let same = match polled.value.first() {
            None => None,
            Some(job) if job.has_nonce_of(&first.value) => Some(true),
            Some(_) => Some(false),
        };
        if not_yet.is_none() {
            let evidence = match same {
                None => "the next poll got nothing",
                Some(true) => "the next poll got the job with the same nonce",
                Some(false) => "the next poll got the job with another nonce",
            };
            let answer = Answer::yes_or_no(same.is_none(), evidence);
            bench
                .lab
                .answer(bench.experiment, Question::PollHides, answer);
        }
        if same == Some(false) {
            let span = Span {
                at_least: not_yet
                    .map(|sent| sent.saturating_duration_since(first.received))
                    .unwrap_or_default(),
                at_most: received - first.sent,
            };
            let evidence = "from one hand-out to the first poll with another nonce";
            let answer = Answer::time(span, evidence);
            bench
                .lab
                .answer(bench.experiment, Question::ReofferAfter, answer);
            return Ok(());
        }
        not_yet = Some(sent);
        wait.rest(bench.lab.pace.interval).await?;
    }
}
