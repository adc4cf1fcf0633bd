//! Every fault of the service against every operation of a worker, and what the worker did: one table.
//!
//! ```text
//!   hold the operation at the proxy -> have the fault -> let it go on -> the execution ends -> a row
//! ```
//!
//! A fault of requests (throttled, 500, unanswered, late) is met by the request that was held and the next one; a
//! fault of the job (another's, offered again, abandoned, expired, timed out) has happened when the request goes on.
//! What is judged is the same for all: how the execution ends, what became of the job for the worker, that a job has at
//! most one result that counted and none that the worker had no right to, and, by whoever stops the worker, that its
//! journal is empty. Where a race comes too late to be lost, its row shows that nothing came of it.
//!
//! Some rows are others under another answer of the service's (docs/AWS-ASSUMPTIONS.md), and each suite expects its own:
//! where a job is acknowledged again with its nonce, a worker whose nonce somebody else used first is told that the job is
//! its own, and reports it; and nothing is left to a rule where the first answer was lost.

mod did;
mod rival;
mod trouble;

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::proxy::{Exchange, Fault};
use crate::rig::Rig;
use crate::service::{CONTROL_TOKEN, ServiceOptions};
use crate::worker::Worker;
use did::Fate;

pub use trouble::Trouble;

/// Longer than the worker waits for an answer to one attempt, and shorter than for all of them:
/// `Timeouts` of host/codepipeline/src/config.rs.
const PAST_AN_ATTEMPT: f64 = 45.0;

/// Less than the worker waits for an answer to one attempt, by as much as a slow machine may take until it is measured.
const WITHIN_AN_ATTEMPT: Duration = Duration::from_secs(10);

/// How late an answer is that the worker waits for.
const LATE: Duration = Duration::from_millis(200);

/// Longer than an action may take.
const PAST_THE_TIMEOUT: u64 = 25 * 60 * 60;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upset {
    /// Two requests are throttled.
    Throttled,
    /// Two requests are answered with status 500.
    Failed,
    /// Two requests are carried out, and nobody hears of it.
    Unanswered,
    /// Two requests are answered late, within the time that the worker gives them.
    Late,
    /// A request is answered after the worker has given it up. Not among [`Upset::ALL`]: it takes 45 seconds.
    TooLate,
    /// Another worker acknowledges the job first, with the nonce that the worker has.
    Raced,
    /// Another worker is offered the job anew, and acknowledges it first with the nonce of that offer. Not among
    /// [`Upset::ALL`]: it can only come before the worker's own acknowledge.
    Overtaken,
    /// The job is offered again.
    Reoffered,
    /// The execution is stopped and abandoned.
    Abandoned,
    /// The job's credentials expire.
    Expired,
    /// The action's time is over.
    TimedOut,
}

impl Upset {
    /// All that take no long time.
    pub const ALL: [Upset; 9] = [
        Upset::Throttled,
        Upset::Failed,
        Upset::Unanswered,
        Upset::Late,
        Upset::Raced,
        Upset::Reoffered,
        Upset::Abandoned,
        Upset::Expired,
        Upset::TimedOut,
    ];
}

/// Whether services acknowledge a job again with its nonce, in this test's suite.
fn acknowledges_again() -> bool {
    let assume = ServiceOptions::default().assume;
    assume.contains(&"acknowledge-again=yes".to_owned())
}

/// An operation that the worker sends.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Its name for the service.
    pub name: &'static str,
    /// Its name for the proxy.
    pub seen_as: &'static str,
    /// The pipeline whose execution makes the worker send it.
    pub pipeline: &'static str,
    /// How that execution ends where nothing comes between.
    pub end: &'static str,
    /// What the table says of it, besides.
    pub note: &'static str,
    /// An operation that is refused before, so that this one is sent.
    pub refused: Option<&'static str>,
}

impl Operation {
    /// Of this name, sent for a pipeline that succeeds.
    #[must_use]
    pub const fn new(name: &'static str, pipeline: &'static str) -> Operation {
        Operation {
            name,
            seen_as: name,
            pipeline,
            end: "succeeded",
            note: "",
            refused: None,
        }
    }

    /// Whether it comes before the job is the worker's, so that a race can still be lost.
    #[must_use]
    pub fn is_before_ownership(&self) -> bool {
        ["Poll", "GetThirdParty", "Acknowledge"]
            .iter()
            .any(|start| self.name.starts_with(start))
    }

    /// Whether it is sent with the job's credentials.
    fn is_of_s3(&self) -> bool {
        ["Object", "Upload"]
            .iter()
            .any(|word| self.name.contains(word))
    }

    /// Whether the worker loses the job by this, and is told so.
    fn is_lost_to(&self, upset: Upset) -> bool {
        let has_rivals_nonce = match upset {
            Upset::Raced => true,
            // Details tell a partner's nonce to whoever asks for them.
            Upset::Overtaken => self.name == "GetThirdPartyJobDetails",
            _ => return false,
        };
        self.is_before_ownership() && !(has_rivals_nonce && acknowledges_again())
    }

    /// Whether the worker has to guess from an answer that was lost that the job is its own.
    fn is_adopted_after(&self, upset: Upset) -> bool {
        upset == Upset::Unanswered && self.name.starts_with("Acknowledge") && !acknowledges_again()
    }
}

/// The rows so far.
#[derive(Debug)]
pub struct FaultTable {
    text: String,
}

/// One line of it.
#[derive(Debug)]
pub struct Row<'a> {
    /// The operation.
    pub operation: String,
    /// What went wrong.
    pub fault: String,
    /// The requests that met it, and those that were sent again.
    pub sent: Vec<&'a Exchange>,
    /// What the worker did.
    pub did: String,
    /// How the execution ended.
    pub end: String,
    /// Results that counted.
    pub counted: usize,
}

impl Default for FaultTable {
    fn default() -> FaultTable {
        FaultTable {
            text: "| operation | fault | its answers | what the worker did | the execution | results that counted |\n\
                   |---|---|---|---|---|---|\n"
                .to_owned(),
        }
    }
}

impl FaultTable {
    /// As Markdown.
    #[must_use]
    pub fn rendered(&self) -> &str {
        &self.text
    }

    /// Print it where it is seen: what a passing test prints is kept back.
    pub fn show(&self) {
        // Nobody is left to tell where standard error is closed.
        let _ = writeln!(std::io::stderr().lock(), "\n{}", self.text);
    }

    /// A row of a test's own.
    pub fn add(&mut self, row: &Row<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(
            self.text,
            "| {} | {} | {} | {} | {} | {} |",
            row.operation.trim_end(),
            row.fault,
            did::answers(&row.sent),
            row.did,
            row.end,
            row.counted,
        );
    }

    /// One fault at one operation of a worker that runs in `rig`.
    pub async fn row(&mut self, rig: &Rig, worker: &Worker, operation: Operation, upset: Upset) {
        rig.wait();
        if let Some(refused) = operation.refused {
            let answer = Fault::Answer(403, "AccessDenied");
            rig.proxy.next(refused, answer);
        }
        let asked = Instant::now();
        let mut held = rig.proxy.hold(operation.seen_as);
        let execution = rig.service.begin(operation.pipeline).await;
        held.arrived().await;
        let first = rig.proxy.came(operation.seen_as);
        // An earlier request for the operation has its answer by now.
        let before = rig.proxy.exchanges().len();
        let job = open_job(rig).await;
        arrange(rig, operation, upset, &job).await;
        held.release();
        rig.go();
        let began = Instant::now();
        let is_raced = operation.is_lost_to(upset);
        if is_raced {
            let what = format!("the acknowledge of {job} being answered");
            let answered =
                |e: &Exchange| e.operation.starts_with("Acknowledge") && e.subject == job;
            // What another worker has is offered to nobody.
            if upset == Upset::Raced || !operation.name.starts_with("Poll") {
                rig.proxy
                    .until(&what, |seen| seen[before..].iter().any(answered))
                    .await;
            }
            // As the worker that was first would, in its time.
            rig.service
                .control(json!({ "do": "abandon", "job": job }))
                .await;
        }
        let end = rig.service.ended(&execution).await;
        let took = began.elapsed();
        // What comes too late is part of the row.
        let polls = rig.proxy.of("Poll*").len();
        rig.proxy.count("Poll*", polls + 3).await;
        let fate = Fate::told(&worker.process, &job).await;
        rig.service.control(json!({ "do": "clear" })).await;

        let seen = rig.proxy.exchanges().split_off(before);
        let sent = did::sent(&seen, operation.seen_as);
        let results = results(&seen, &job);
        let counted = results.iter().filter(|result| result.is_ok()).count();
        // The answer came to another request than the first, which nothing but its time kept from its own.
        let is_given_up = upset == Upset::TooLate
            && sent.iter().any(|e| e.is_ok() && e.number > first)
            && asked.elapsed() >= WITHIN_AN_ATTEMPT;
        let log = worker.process.lines_with(&job);
        self.add(&Row {
            operation: [operation.name, operation.note].join(" "),
            fault: format!("{upset:?}"),
            sent: sent.clone(),
            did: did::did(upset, &seen, &sent, &log, fate, is_given_up),
            end: end.clone(),
            counted,
        });
        assert_eq!(is_given_up, upset == Upset::TooLate, "{}", self.text);
        let what = || format!("{}\n{seen:#?}", self.text);
        // What is asked while a plugin runs holds up nothing.
        if upset == Upset::Late && operation.pipeline != "slow" {
            assert!(took >= LATE, "{took:?}: {}", what());
        }
        let is_answered_otherwise = match upset {
            Upset::Throttled | Upset::Failed | Upset::Unanswered => true,
            Upset::Expired => operation.is_of_s3(),
            _ => false,
        };
        if is_answered_otherwise {
            let is_met = sent.iter().any(|exchange| !exchange.is_ok());
            assert!(is_met, "nothing met the fault: {}", what());
        }
        let is_over = matches!(upset, Upset::Abandoned | Upset::TimedOut);
        let is_unheard = upset == Upset::Unanswered && operation.name.ends_with("Result");
        let expected = match upset {
            Upset::Abandoned => "stopped",
            Upset::TimedOut => "failed",
            _ if is_raced => "stopped",
            _ => operation.end,
        };
        assert_eq!(end, expected, "{}", what());
        let fates: &[Fate] = match () {
            () if is_raced || is_over && operation.is_before_ownership() => &[Fate::LeftAlone],
            () if is_over => &[Fate::Dropped, Fate::Cancelled],
            () if is_unheard => &[Fate::Dropped],
            () => &[Fate::Reported],
        };
        assert!(fates.contains(&fate), "{fate:?}: {}", what());
        if is_raced {
            assert!(results.is_empty(), "another worker's job: {}", what());
        }
        // Nor does a worker know what came of a request with status 500: where the job was offered again before it was
        // acknowledged, the old nonce is refused, and the rule decides.
        let is_refused_then =
            upset == Upset::Failed && sent.iter().any(|e| did::is_refused_for_its_nonce(e));
        assert_eq!(
            did::is_adopted(&log),
            operation.is_adopted_after(upset) || is_refused_then,
            "{}",
            what()
        );
        let is_lost = is_raced || is_over;
        assert_eq!(counted, usize::from(!is_lost && !is_unheard), "{}", what());
    }
}

async fn arrange(rig: &Rig, operation: Operation, upset: Upset, job: &str) {
    let name = operation.name;
    let command = match upset {
        Upset::Throttled => json!({ "do": "throttle", "operation": name, "count": 2 }),
        Upset::Failed => json!({ "do": "fail", "operation": name, "count": 2 }),
        Upset::Unanswered => json!({ "do": "drop", "operation": name, "count": 2 }),
        Upset::Late => {
            json!({ "do": "slow", "operation": name, "count": 2, "seconds": LATE.as_secs_f64() })
        }
        Upset::TooLate => json!({ "do": "slow", "operation": name, "seconds": PAST_AN_ATTEMPT }),
        // Of this job: the next one of its action is another matter.
        Upset::Raced => json!({ "do": "lose-race", "job": job }),
        Upset::Overtaken => return rival::takes(rig, operation, job).await,
        Upset::Reoffered => json!({ "do": "reoffer" }),
        Upset::Abandoned => json!({ "do": "abandon", "job": job }),
        // Of all jobs: before a poll this one has none.
        Upset::Expired => json!({ "do": "expire-credentials" }),
        Upset::TimedOut => json!({ "do": "advance", "seconds": PAST_THE_TIMEOUT }),
    };
    rig.service.control(command).await;
}

/// The one job that is open, once it is there.
async fn open_job(rig: &Rig) -> String {
    let found = async {
        loop {
            let (_, state) = rig.service.control_with(CONTROL_TOKEN, None).await;
            if let Some(job) = state["jobs"][0]["id"].as_str() {
                return job.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(300), found)
        .await
        .expect("the execution has a job")
}

fn results<'a>(seen: &'a [Exchange], job: &str) -> Vec<&'a Exchange> {
    seen.iter()
        .filter(|e| {
            e.operation.starts_with("Put") && e.operation.ends_with("Result") && e.subject == job
        })
        .collect()
}
