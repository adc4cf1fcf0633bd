//! The handle: carries out what is asked for.

use std::time::Duration;

use serde_json::{Value, json};

use super::command::{Command, Slow, Where};
use super::faults::{Faults, Mishap};
use crate::auth::Clock;
use crate::pipeline::{ApiError, CodePipeline, Order};

/// The furthest that time is moved at once: more than any timeout of the service.
const FURTHEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Moves time and makes things go wrong; cheap to clone.
#[derive(Clone)]
pub struct Control {
    pipeline: CodePipeline,
    faults: Faults,
    clock: Clock,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control")
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// A time that is none.
    #[error("`seconds` is to be a number from 0 to {}", FURTHEST.as_secs())]
    Seconds,
    /// A fault that no request could ever meet.
    #[error("`count` is to be 1 or more")]
    Count,
    /// The service's own words, such as those for a job that is not there.
    #[error("{0}")]
    Refused(String),
}

impl From<ApiError> for ControlError {
    fn from(error: ApiError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl Control {
    pub(crate) fn new(pipeline: CodePipeline, faults: Faults, clock: Clock) -> Self {
        Self {
            pipeline,
            faults,
            clock,
        }
    }

    /// Does it, and tells in a few words what was done.
    ///
    /// # Errors
    /// A number that makes no sense; a job that is not there or not in a state for it; a service that
    /// is stopping. Nothing was done then.
    pub async fn carry_out(&self, command: Command) -> Result<String, ControlError> {
        Ok(match command {
            Command::Advance { seconds } => {
                self.pipeline.order(Order::Advance(time(seconds)?)).await?;
                format!(
                    "the service's time is {} seconds ahead of this machine's",
                    self.clock.ahead().as_secs_f64()
                )
            }
            Command::Throttle(place) => self.add(place, Mishap::Throttled, "are throttled")?,
            Command::Fail(place) => self.add(place, Mishap::Failed, "are answered with 500")?,
            Command::Drop(place) => self.add(
                place,
                Mishap::Unanswered,
                "are carried out but not answered",
            )?,
            Command::LoseRace(place) => self.add(place, Mishap::Beaten, "lose the race")?,
            Command::Slow(Slow {
                operation,
                job,
                count,
                seconds,
            }) => {
                let place = Where {
                    operation,
                    job,
                    count,
                };
                let late = time(seconds)?;
                let text = told(&place, &format!("wait for {seconds} seconds"))?;
                self.faults.add_late(place, late);
                text
            }
            Command::ExpireCredentials { job } => {
                let count = self.pipeline.order(Order::ExpireCredentials(job)).await?;
                format!("credentials of jobs that expired: {count}")
            }
            Command::Reoffer { job } => {
                let count = self.pipeline.order(Order::Reoffer(job)).await?;
                format!("jobs that are offered again: {count}")
            }
            Command::Abandon { job } => {
                let count = self.pipeline.order(Order::Abandon(job)).await?;
                format!("executions that were stopped and abandoned: {count}")
            }
            Command::Clear {} => format!("faults that will not happen: {}", self.faults.clear()),
        })
    }

    fn add(&self, place: Where, mishap: Mishap, what: &str) -> Result<String, ControlError> {
        let text = told(&place, what)?;
        self.faults.add(place, mishap);
        Ok(text)
    }

    /// How things stand: the service's time, faults to come, open jobs.
    ///
    /// # Errors
    /// A service that is stopping.
    pub async fn state(&self) -> Result<Value, ControlError> {
        Ok(json!({
            "now": self.clock.now().to_string(),
            "ahead-seconds": self.clock.ahead().as_secs_f64(),
            "faults": self.faults.list(),
            "jobs": self.pipeline.open_jobs().await?,
        }))
    }
}

fn time(seconds: f64) -> Result<Duration, ControlError> {
    let time = Duration::try_from_secs_f64(seconds).map_err(|_| ControlError::Seconds)?;
    if time > FURTHEST {
        return Err(ControlError::Seconds);
    }
    Ok(time)
}

fn told(place: &Where, what: &str) -> Result<String, ControlError> {
    let count = place.count.unwrap_or(1);
    if count == 0 {
        return Err(ControlError::Count);
    }
    let operation = place
        .operation
        .as_ref()
        .map(|name| format!(" for {name}"))
        .unwrap_or_default();
    let job = place
        .job
        .as_ref()
        .map(|id| format!(" about job {id}"))
        .unwrap_or_default();
    Ok(format!("the next requests{operation}{job} {what}: {count}"))
}
