//! While a job is worked on: its credentials are renewed at their age, and with that the service is asked
//! whether it still wants the job.
//!
//! The job API has no word for cancellation. GetJobDetails of a job that was abandoned or timed out is refused or
//! comes without credentials (assumed: no public source says so), ListActionExecutions says it for sure, and an event may have come
//! that leaves a doubt which of two jobs it means. Whichever tells first ends this task, and its end is the
//! message.

use std::sync::Arc;
use std::time::Duration;

use pipefitter_artifacts::CredentialSource;
use pipefitter_codepipeline::{ActionExecution, ErrorClass, JobSource, PipelineContext};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::credentials::JobCredentials;

/// How the end of a job was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noticed {
    /// GetJobDetails was refused, or came without credentials; for a partner's job GetThirdPartyJobDetails.
    Details,
    /// ListActionExecutions says so.
    Executions,
    /// An event said so.
    Event,
}

impl Noticed {
    /// In words, for a partner's job or for one of the account's own.
    pub(crate) fn how(self, is_partners: bool) -> &'static str {
        match self {
            Noticed::Details if is_partners => "GetThirdPartyJobDetails",
            Noticed::Details => "GetJobDetails",
            Noticed::Executions => "ListActionExecutions",
            Noticed::Event => "an event",
        }
    }
}

/// What is looked after.
pub(crate) struct Upkeep {
    pub(crate) source: Arc<dyn JobSource>,
    pub(crate) context: PipelineContext,
    /// Whose age counts.
    pub(crate) own: Arc<JobCredentials>,
    /// The way to renew them by which the job's masker knows of it.
    pub(crate) hidden: Arc<dyn CredentialSource>,
    /// How often ListActionExecutions is asked; `None`: it may not be.
    pub(crate) check: Option<Duration>,
    /// Ask now.
    pub(crate) nudge: Arc<Notify>,
}

impl Upkeep {
    /// Until the service says that the job has ended; dropped when the work on it is over.
    pub(crate) async fn run(mut self) -> Noticed {
        let mut check_at = self.next_check();
        loop {
            let due = self.own.due().await;
            tokio::select! {
                biased;
                () = self.own.ended().cancelled() => return Noticed::Details,
                () = self.nudge.notified() => {
                    self.own.hurry().await;
                    self.renew().await;
                    if self.has_ended().await {
                        return Noticed::Executions;
                    }
                }
                () = sleep_until(due) => self.renew().await,
                () = at(check_at) => {
                    if self.has_ended().await {
                        return Noticed::Executions;
                    }
                    check_at = self.next_check();
                }
            }
        }
    }

    /// What fails is said where it is tried; what works is everybody's who asks for credentials.
    async fn renew(&self) {
        let _renewed = self.hidden.credentials(None).await;
    }

    fn next_check(&self) -> Option<Instant> {
        self.check.map(|every| Instant::now() + every)
    }

    async fn has_ended(&mut self) -> bool {
        if self.check.is_none() || self.own.ended().is_cancelled() {
            return false;
        }
        match self.source.action_execution(&self.context).await {
            Ok(ActionExecution::Ended) => true,
            Ok(ActionExecution::InProgress | ActionExecution::Unknown) => false,
            Err(error) => {
                let advice = match error.class {
                    ErrorClass::Denied => {
                        ": `check-executions` of the source needs codepipeline:ListActionExecutions \
                         (see `pipefitter iam`)"
                    }
                    ErrorClass::Invalid | ErrorClass::Gone => "",
                    _ => {
                        tracing::debug!(%error, "asked again later");
                        return false;
                    }
                };
                self.check = None;
                tracing::warn!(%error, "not asked again for this job{advice}");
                false
            }
        }
    }
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
