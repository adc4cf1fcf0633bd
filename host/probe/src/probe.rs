//! A run, from the first call to the last.
//!
//! ```text
//!   register types -> experiments -> remove everything -> report
//!                       |   ^
//!                       |   '-- quick ones one after the other, slow ones beside them
//!                       '------ stopped: what is known is kept, what is under way is dropped
//! ```
//!
//! Removal happens in every ending of this process that is not its sudden death; for that there are
//! [`leftovers`](Probe::leftovers).

use std::time::Duration;

use aws_config::SdkConfig;
use futures::future::LocalBoxFuture;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::account::Account;
use crate::call::CallError;
use crate::estate::{Estate, Left, Thing, leftovers};
use crate::experiments::{
    abandon, acknowledge, batch, continuation, credentials, hand_out, resolved_values, timeout,
};
use crate::findings::Findings;
use crate::lab::{Broken, Ground, Lab, Pace, Told};
use crate::measure::in_words;
use crate::names::{PIPELINES, RunName};
use crate::policy::{Bucket, Role};
use crate::question::Experiment;
use crate::report::Report;

/// How long calls under way may go on once the run is to end: one that is cut off may still be done, after
/// what it made was looked for.
const GRACE: Duration = Duration::from_secs(5);

/// An account and Region to ask.
pub struct Probe {
    sdk: SdkConfig,
    region: String,
    endpoint: Option<String>,
}

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The run's name.
    pub run: RunName,
    /// Where artifacts go.
    pub bucket: Bucket,
    /// The pipelines' service role.
    pub role: Role,
    /// How it waits.
    pub pace: Pace,
    /// Which experiments; in the order of [`Experiment::ALL`].
    pub experiments: Vec<Experiment>,
}

impl Probe {
    /// Somebody's configuration, with its Region and, where it is not AWS itself, the endpoint.
    #[must_use]
    pub fn new(sdk: SdkConfig, region: String, endpoint: Option<String>) -> Self {
        Self {
            sdk,
            region,
            endpoint,
        }
    }

    fn account(&self, provider: String) -> Account {
        Account::new(&self.sdk, &self.region, provider, self.endpoint.is_some())
    }

    /// What earlier probes left in the account; and what could not be looked for, with why.
    pub async fn leftovers(&self) -> (Vec<Thing>, Vec<String>) {
        let mut notes = Vec::new();
        let account = self.account(String::new());
        let found = leftovers(&account, &mut notes).await;
        (found, notes)
    }

    /// Removes things of earlier probes; what could not be is told.
    pub async fn remove(&self, things: Vec<Thing>, told: &Told<'_>) -> Vec<Left> {
        let account = self.account(String::new());
        let estate = Estate::default();
        for thing in things {
            estate.note(thing);
        }
        estate
            .remove_all(&account, &|thing| told(None, &format!("removing {thing}")))
            .await
    }

    /// Runs the experiments of a plan until they are done or `stop` is cancelled, and removes all that was
    /// made. `give_up` ends the removal, too: what is not removed by then is left.
    pub async fn run(
        &self,
        plan: &Plan,
        told: &Told<'_>,
        stop: &CancellationToken,
        give_up: &CancellationToken,
    ) -> Report {
        let began = (jiff::Timestamp::now(), Instant::now());
        let bucket = match &plan.bucket {
            Bucket::Given(name) => name.clone(),
            Bucket::Create => plan.run.bucket(),
        };
        let lab = Lab {
            account: self.account(plan.run.provider()),
            run: plan.run.clone(),
            ground: Ground {
                bucket,
                role: plan.role.arn().to_owned(),
            },
            pace: plan.pace,
            estate: Estate::default(),
            findings: Findings::default(),
            told,
            stop,
        };
        let overdue = async {
            stop.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        let failed = tokio::select! {
            () = overdue => None,
            done = work(&lab, plan) => done.err().map(|error| error.to_string()),
        };
        let why = failed.unwrap_or_else(|| Broken::Stopped.to_string());
        for experiment in &plan.experiments {
            for question in experiment.questions() {
                lab.findings.open(*question, why.as_str());
            }
        }
        told(None, "removing what was made");
        let each = |thing: &Thing| told(None, &format!("removing {thing}"));
        let left = tokio::select! {
            left = lab.estate.remove_all(&lab.account, &each) => left,
            () = give_up.cancelled() => {
                let not_tried = |thing| Left { thing, why: "its removal was interrupted".to_owned() };
                lab.estate.things().into_iter().map(not_tried).collect()
            }
        };
        Report {
            run: plan.run.as_str().to_owned(),
            region: self.region.clone(),
            endpoint: self.endpoint.clone(),
            began: began.0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            took: in_words(began.1.elapsed()),
            findings: lab.findings.take(),
            left,
        }
    }
}

async fn work(lab: &Lab<'_>, plan: &Plan) -> Result<(), CallError> {
    if plan.bucket == Bucket::Create {
        let thing = Thing::Bucket(lab.ground.bucket.clone());
        lab.estate.note(thing.clone());
        let made = lab.account.create_bucket(&lab.ground.bucket).await;
        lab.settle(&thing, made)?;
    }
    lab.register().await?;
    let (slow, quick): (Vec<Experiment>, Vec<Experiment>) = plan
        .experiments
        .iter()
        .partition(|experiment| is_slow(**experiment));
    let quick = async {
        for experiment in quick {
            conduct(lab, experiment).await;
        }
    };
    let slow = slow.into_iter().map(|experiment| conduct(lab, experiment));
    futures::join!(quick, futures::future::join_all(slow));
    Ok(())
}

/// Whether most of an experiment is waiting.
fn is_slow(experiment: Experiment) -> bool {
    matches!(
        experiment,
        Experiment::HandOut
            | Experiment::Continuation
            | Experiment::Credentials
            | Experiment::Timeout
    )
}

async fn conduct(lab: &Lab<'_>, experiment: Experiment) {
    if lab.stop.is_cancelled() {
        return;
    }
    let work: LocalBoxFuture<'_, _> = match experiment {
        Experiment::HandOut => Box::pin(hand_out::run(lab)),
        Experiment::Acknowledge => Box::pin(acknowledge::run(lab)),
        Experiment::Batch => Box::pin(batch::run(lab)),
        Experiment::ResolvedValues => Box::pin(resolved_values::run(lab)),
        Experiment::Continuation => Box::pin(continuation::run(lab)),
        Experiment::Abandon => Box::pin(abandon::run(lab)),
        Experiment::Credentials => Box::pin(credentials::run(lab)),
        Experiment::Timeout => match lab.pace.long {
            Some(bound) => Box::pin(timeout::run(lab, bound)),
            None => {
                for question in experiment.questions() {
                    let why = "it takes up to a day: only asked with --long";
                    lab.findings.open(*question, why);
                }
                return;
            }
        },
    };
    lab.conduct(experiment, work).await;
}

/// What is made and done, for whoever has to agree.
#[must_use]
pub fn intentions(plan: &Plan, region: &str) -> Vec<String> {
    let Pace {
        interval,
        patience,
        long,
    } = plan.pace;
    let provider = plan.run.provider();
    let bucket = match &plan.bucket {
        Bucket::Given(name) => {
            format!("small artifacts in the bucket {name}, under {PIPELINES}...")
        }
        Bucket::Create => format!("the bucket {}, with small artifacts", plan.run.bucket()),
    };
    let longest = long.unwrap_or(Duration::ZERO).max(patience);
    vec![
        format!("the action types Custom/Source/{provider}/1 and Custom/Build/{provider}/1"),
        format!(
            "{} pipelines (type V1), {}-..., one execution of each",
            plan.experiments.len(),
            plan.run.bucket()
        ),
        bucket,
        format!(
            "calls of CodePipeline in {region}, about one each {} for each experiment, and of S3; no wait \
             is longer than {}",
            in_words(interval),
            in_words(longest)
        ),
    ]
}
