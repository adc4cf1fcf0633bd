//! Two jobs that go on until the service ends them: one is held, the other continues again and again.
//!
//! ```text
//!   Action1   job ------------------------------------------------- timed out: so long an action may take
//!   Action2   job -> job -> job -----> job --------> job ------> | timed out too: continuations count as one
//!                                                                | goes on: each counts anew
//! ```
//!
//! Action2 continues when a quarter more of the time has passed, ten minutes at most, so that its last
//! continuation is never far back when Action1 ends.

use std::time::Duration;

use tokio::time::Instant;

use super::ended;
use crate::account::{Job, Success};
use crate::bench::Bench;
use crate::findings::Answer;
use crate::lab::{Broken, Lab};
use crate::measure::Span;
use crate::question::{Experiment, Question};

const HELD: &str = "Action1";
const CONTINUING: &str = "Action2";

/// The longest that a continuation waits.
const LONGEST_HOLD: Duration = Duration::from_secs(600);
/// The longest between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The longest that is looked on after the first has ended.
const LONGEST_MARGIN: Duration = Duration::from_secs(600);

pub(crate) async fn run(lab: &Lab<'_>, bound: Duration) -> Result<(), Broken> {
    let bench = Bench::open(lab, Experiment::Timeout, 2).await?;
    let done = observe(&bench, bound).await;
    bench.close(done).await
}

async fn observe(bench: &Bench<'_>, bound: Duration) -> Result<(), Broken> {
    let pace = bench.lab.pace;
    let mut held: Option<Job> = None;
    let mut begun = None;
    let mut continuing: Option<(Job, Instant)> = None;
    let mut not_yet = None;
    let mut ended: Option<(Span, Instant)> = None;
    let what = "an action is timed out";
    let mut wait = bench.lab.wait_within(bench.experiment, what, bound);
    loop {
        let polled = bench.poll(Some(2)).await?;
        for job in polled.value {
            match bench.own(&job).await {
                Ok(()) => {}
                // It was timed out a moment ago: the states below tell.
                Err(Broken::Call(error)) if error.code.is_some() && held.is_some() => continue,
                Err(other) => return Err(other),
            }
            if job.action == HELD {
                begun = Some(polled.received);
                held = Some(job);
            } else {
                continuing = Some((job, Instant::now()));
            }
        }
        if let Some((job, since)) = &continuing {
            let hold = (bench.began.elapsed() / 4).min(LONGEST_HOLD);
            if since.elapsed() >= hold {
                // Refused once it is timed out: the states below tell.
                if let Err(error) = bench.lab.account.succeed(job, Success::Continues).await
                    && error.code.is_none()
                {
                    return Err(error.into());
                }
                continuing = None;
            }
        }
        let looked = bench.actions().await?;
        let is_over = |name: &str| {
            let mut states = looked.value.iter();
            states.any(|state| state.name == name && state.status != "InProgress")
        };
        match (&ended, begun) {
            (None, Some(begun)) if is_over(HELD) => {
                let span = Span {
                    at_least: not_yet
                        .map(|sent: Instant| sent.saturating_duration_since(begun))
                        .unwrap_or_default(),
                    at_most: looked.received - bench.began,
                };
                let evidence = "from the action's begin to the look that found it ended";
                let answer = Answer::time(span, evidence);
                bench
                    .lab
                    .answer(bench.experiment, Question::ActionTimeout, answer);
                if let Some(job) = &held {
                    let how = "was timed out";
                    ended::details(bench, job, Question::DetailsAfterTimeout, how).await?;
                    ended::result(bench, job, Question::ResultAfterTimeout, how).await?;
                }
                ended = Some((span, looked.received));
            }
            _ => not_yet = Some(looked.sent),
        }
        if let Some((span, at)) = ended {
            let margin = span.at_most / 20;
            let margin = margin.clamp(pace.interval * 4, LONGEST_MARGIN.max(pace.interval * 4));
            let spans = is_over(CONTINUING);
            if spans || at.elapsed() >= margin {
                let evidence = "an action that continued, beside one that did not";
                let answer = Answer::yes_or_no(spans, evidence);
                bench.lab.answer(
                    bench.experiment,
                    Question::TimeoutSpansContinuations,
                    answer,
                );
                return Ok(());
            }
        }
        let pause = bench.began.elapsed() / 100;
        wait.rest(pause.clamp(pace.interval, LONGEST_PAUSE.max(pace.interval)))
            .await?;
    }
}
