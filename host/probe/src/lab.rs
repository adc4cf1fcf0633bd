//! What all experiments of a run share.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::account::{Account, Kind};
use crate::call::CallError;
use crate::estate::{Estate, Thing};
use crate::findings::{Answer, Findings};
use crate::measure::in_words;
use crate::names::{RunName, VERSION};
use crate::question::{Experiment, Question};

/// How often a wait tells that it is still one.
const STILL: Duration = Duration::from_secs(30);

/// How a run waits.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between two questions to the service.
    pub interval: Duration,
    /// The longest wait for one thing.
    pub patience: Duration,
    /// The longest wait for a timeout; None: not waited for.
    pub long: Option<Duration>,
}

/// Hears what goes on: the experiment, if it is one's, and a line.
pub type Told<'a> = dyn Fn(Option<Experiment>, &str) + 'a;

/// Where a pipeline's artifacts go, and whose rights it has.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    pub(crate) bucket: String,
    pub(crate) role: String,
}

/// A run.
pub(crate) struct Lab<'a> {
    pub(crate) account: Account,
    pub(crate) run: RunName,
    pub(crate) ground: Ground,
    pub(crate) pace: Pace,
    pub(crate) estate: Estate,
    pub(crate) findings: Findings,
    pub(crate) told: &'a Told<'a>,
    /// Experiments end at their next rest once this is cancelled.
    pub(crate) stop: &'a CancellationToken,
}

/// Why an experiment ended before its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// A call was refused.
    #[error("{0}")]
    Call(#[from] CallError),
    /// Something did not come.
    #[error("waited {} in vain until {what}", in_words(*.bound))]
    Waited { what: String, bound: Duration },
    /// Something else came.
    #[error("{0}")]
    Unexpected(String),
    /// Somebody wants the run to end.
    #[error("the run was interrupted")]
    Stopped,
}

impl Lab<'_> {
    /// Registers the two action types.
    pub(crate) async fn register(&self) -> Result<(), CallError> {
        for kind in [Kind::Source, Kind::Build] {
            let thing = Thing::ActionType {
                category: kind.category().to_owned(),
                provider: self.run.provider(),
                version: VERSION.to_owned(),
            };
            self.estate.note(thing.clone());
            let made = self.account.create_type(kind).await;
            self.settle(&thing, made)?;
        }
        Ok(())
    }

    /// A refusal says that the thing was not made.
    pub(crate) fn settle(
        &self,
        thing: &Thing,
        made: Result<(), CallError>,
    ) -> Result<(), CallError> {
        made.inspect_err(|error| {
            if error.code.is_some() {
                self.estate.strike(thing);
            }
        })
    }

    pub(crate) fn say(&self, experiment: Experiment, text: &str) {
        (self.told)(Some(experiment), text);
    }

    pub(crate) fn answer(&self, experiment: Experiment, question: Question, answer: Answer) {
        let text = format!("{} {}", question.text(), answer.text);
        self.say(experiment, &text);
        self.findings.answered(question, answer);
    }

    /// Runs an experiment; what it leaves unanswered is told with why.
    pub(crate) async fn conduct(
        &self,
        experiment: Experiment,
        work: impl Future<Output = Result<(), Broken>>,
    ) {
        let why = match work.await {
            Ok(()) => "the experiment did not show it".to_owned(),
            Err(broken) => {
                let why = broken.to_string();
                self.say(experiment, &format!("given up: {why}"));
                why
            }
        };
        for question in experiment.questions() {
            self.findings.open(*question, why.as_str());
        }
    }

    /// A wait for `what`, no longer than the run's patience.
    pub(crate) fn wait(&self, experiment: Experiment, what: &str) -> Wait<'_> {
        self.wait_within(experiment, what, self.pace.patience)
    }

    pub(crate) fn wait_within(
        &self,
        experiment: Experiment,
        what: &str,
        bound: Duration,
    ) -> Wait<'_> {
        let wait = Wait {
            told: self.told,
            stop: self.stop,
            experiment,
            what: what.to_owned(),
            began: Instant::now(),
            bound,
            next_word: STILL,
        };
        self.say(
            experiment,
            &format!("waiting until {what}, at most {}", in_words(bound)),
        );
        wait
    }
}

/// A wait that ends, and says that it goes on.
pub(crate) struct Wait<'a> {
    told: &'a Told<'a>,
    stop: &'a CancellationToken,
    experiment: Experiment,
    what: String,
    began: Instant,
    bound: Duration,
    next_word: Duration,
}

impl Wait<'_> {
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Rests for a while before the next look.
    ///
    /// # Errors
    /// The wait has been as long as it may, or the run is to end.
    pub(crate) async fn rest(&mut self, interval: Duration) -> Result<(), Broken> {
        let elapsed = self.began.elapsed();
        if elapsed >= self.bound {
            return Err(Broken::Waited {
                what: self.what.clone(),
                bound: self.bound,
            });
        }
        if elapsed >= self.next_word {
            let text = format!(
                "still waiting until {} ({} of at most {})",
                self.what,
                in_words(elapsed),
                in_words(self.bound)
            );
            (self.told)(Some(self.experiment), &text);
            // Seldom, where it takes hours.
            self.next_word = elapsed + STILL.max(elapsed / 10);
        }
        tokio::select! {
            () = self.stop.cancelled() => Err(Broken::Stopped),
            () = tokio::time::sleep(interval.min(self.bound - elapsed)) => Ok(()),
        }
    }
}
