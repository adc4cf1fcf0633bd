//! The life of a job, as all kinds of jobs share it; [`super`] draws it.

use super::engine::{Effect, Engine, Timer, new_id};
use super::error::ApiError;
use super::event::{ErrorDetails, Phase};
use super::model::ActionTypeId;
use super::operation::{CurrentRevision, ExecutionDetails, FailureDetails};
use super::state::{Job, JobStatus, Revision, Run, epoch};
use crate::auth::{later, random};
use crate::third_party::JobIds;
use crate::{JobTimeoutFrom, LateResult};

/// The longest id of a third-party job, characters (the model's ThirdPartyJobId).
const LONGEST_ID: usize = 512;

/// What a worker said of a job that went well.
#[derive(Default)]
pub(super) struct Success {
    pub(super) current_revision: Option<CurrentRevision>,
    pub(super) continuation_token: Option<String>,
    pub(super) details: ExecutionDetails,
    pub(super) variables: std::collections::BTreeMap<String, String>,
}

impl Engine {
    /// Makes a run's next job; one that continues is offered after the continuation delay.
    pub(super) fn queue_job(&mut self, run_id: &str, continuation_token: Option<String>) {
        let Some(run) = self.runs.get(run_id) else {
            return;
        };
        let id = self.new_job_id(&run.declared.action_type_id);
        let sequence = self.next_sequence();
        let status = if continuation_token.is_some() {
            self.continue_run(run_id);
            let due = later(self.now, self.settings.continuation_delay);
            self.timers.insert((due, Timer::Offer { job: id.clone() }));
            JobStatus::Created { due }
        } else {
            self.offers.insert(sequence, id.clone());
            JobStatus::Queued
        };
        if let Some(run) = self.runs.get_mut(run_id) {
            run.job = Some(id.clone());
        }
        let is_offered = status == JobStatus::Queued;
        let job = Job {
            sequence,
            run: run_id.to_owned(),
            status,
            nonce: self.new_nonce(),
            deadline: None,
            continuation_token,
            sessions: Vec::new(),
        };
        self.jobs.insert(id.clone(), job);
        if is_offered {
            self.start_job_timeout(&id, JobTimeoutFrom::Offer);
        }
    }

    fn new_job_id(&self, kind: &ActionTypeId) -> String {
        if kind.is_third_party() && self.settings.third_party.job_ids == JobIds::FreeText {
            free_text_id()
        } else {
            new_id()
        }
    }

    /// A nonce is a number on AWS; this one was never given before.
    fn new_nonce(&mut self) -> String {
        format!("{}{}", self.next_sequence(), random(b"0123456789", 9))
    }

    /// A job of a third-party type that has a timeout must end in time from here on, if this is where that begins.
    fn start_job_timeout(&mut self, id: &str, reached: JobTimeoutFrom) {
        if self.settings.switches.job_timeout_from != reached {
            return;
        }
        let timeout = self.jobs.get(id).and_then(|job| {
            let kind = &self.runs.get(&job.run)?.declared.action_type_id;
            self.partner_type(kind)?.job_timeout
        });
        if let Some(timeout) = timeout {
            let deadline = later(self.now, timeout);
            if let Some(job) = self.jobs.get_mut(id) {
                job.deadline = Some(deadline);
            }
            let job = id.to_owned();
            self.timers.insert((deadline, Timer::JobTimeout { job }));
        }
    }

    /// A continuation's delay is over.
    pub(super) fn offer_job(&mut self, id: &str) {
        let Some(job) = self.jobs.get_mut(id) else {
            return;
        };
        if !matches!(job.status, JobStatus::Created { .. }) {
            return;
        }
        job.status = JobStatus::Queued;
        self.offers.insert(job.sequence, id.to_owned());
        let run = job.run.clone();
        self.start_job_timeout(id, JobTimeoutFrom::Offer);
        self.set_phase(&run, Phase::Queued);
    }

    pub(super) fn close_job(&mut self, id: &str, status: JobStatus) {
        let Some(job) = self.jobs.get_mut(id) else {
            return;
        };
        let named = || id.to_owned();
        if let JobStatus::Created { due } = job.status {
            self.timers.remove(&(due, Timer::Offer { job: named() }));
        }
        if let Some(deadline) = job.deadline.take() {
            self.timers
                .remove(&(deadline, Timer::JobTimeout { job: named() }));
        }
        job.status = status;
        self.offers.remove(&job.sequence);
    }

    /// A job took longer than its action type allows.
    pub(super) fn time_out_job(&mut self, id: &str) {
        let Some(job) = self.jobs.get(id).filter(|job| !job.status.is_ended()) else {
            return;
        };
        let run_id = job.run.clone();
        self.close_job(id, JobStatus::TimedOut);
        let Some(run) = self.runs.get_mut(&run_id) else {
            return;
        };
        run.job = None;
        let kind = run.declared.action_type_id.clone();
        let seconds = self
            .partner_type(&kind)
            .and_then(|kind| kind.job_timeout)
            .map_or(0, |timeout| timeout.as_secs());
        let message = format!(
            "the job did not end within the {seconds} seconds that {} gives a job",
            kind.short()
        );
        self.end_run(&run_id, Some(ErrorDetails::new("JobFailed", message)));
    }

    /// Hands out free jobs of a type, oldest first, each with a new nonce; returns their ids.
    pub(super) fn hand_out(
        &mut self,
        kind: &ActionTypeId,
        batch: Option<usize>,
        is_wanted: impl Fn(&Self, &Run) -> bool,
    ) -> Vec<String> {
        let switches = &self.settings.switches;
        let is_free = |job: &Job| {
            let is_offered = match &job.status {
                JobStatus::Queued => true,
                JobStatus::Dispatched { again } => *again <= self.now || !switches.poll_hides,
                _ => false,
            };
            is_offered
                && self
                    .runs
                    .get(&job.run)
                    .is_some_and(|run| run.declared.action_type_id == *kind && is_wanted(self, run))
        };
        let chosen: Vec<String> = self
            .offers
            .values()
            .filter(|id| self.jobs.get(*id).is_some_and(is_free))
            .take(batch.unwrap_or(switches.default_batch))
            .cloned()
            .collect();
        let again = later(self.now, switches.reoffer_after);
        for id in &chosen {
            let nonce = self.new_nonce();
            let now = self.now;
            if let Some(job) = self.jobs.get_mut(id) {
                if matches!(job.status, JobStatus::Dispatched { again } if again > now) {
                    // Not hidden, and not offered anew: each gets the same.
                    continue;
                }
                job.nonce = nonce;
                job.status = JobStatus::Dispatched { again };
            }
        }
        chosen
    }

    /// A worker takes the job that was handed out to it.
    pub(super) fn acknowledge(&mut self, id: &str, nonce: &str) -> Result<&'static str, ApiError> {
        let job = self
            .jobs
            .get_mut(id)
            .ok_or_else(|| ApiError::job_not_found(id))?;
        match &job.status {
            JobStatus::Dispatched { .. } if job.nonce == nonce => {}
            JobStatus::InProgress
                if self.settings.switches.acknowledge_again && job.nonce == nonce =>
            {
                return Ok(JobStatus::InProgress.name());
            }
            JobStatus::Dispatched { .. } => {
                return Err(ApiError::nonce(format!(
                    "The nonce is not that of the last hand-out of job '{id}'"
                )));
            }
            status => {
                return Err(ApiError::nonce(format!(
                    "The nonce is no longer valid: job '{id}' is {}",
                    status.name()
                )));
            }
        }
        job.status = JobStatus::InProgress;
        let run = job.run.clone();
        let sequence = job.sequence;
        self.offers.remove(&sequence);
        self.start_job_timeout(id, JobTimeoutFrom::Acknowledge);
        self.set_phase(&run, Phase::Running);
        Ok(JobStatus::InProgress.name())
    }

    /// The job is done: another one follows, or the action's outputs are looked at.
    pub(super) fn succeed(&mut self, id: &str, told: Success) -> Result<(), ApiError> {
        let run_id = self.job_in_progress(id)?;
        self.close_job(id, JobStatus::Succeeded);
        let Some(run) = self.runs.get_mut(&run_id) else {
            return Ok(());
        };
        run.updated = self.now;
        run.job = None;
        let details = told.details;
        run.details.summary = details.summary.or(run.details.summary.take());
        run.details.external_execution_id = details
            .external_execution_id
            .or(run.details.external_execution_id.take());
        run.details.percent_complete = details.percent_complete.or(run.details.percent_complete);
        if let Some(revision) = told.current_revision {
            run.revision = Some(Revision {
                id: revision.revision,
                change_id: revision.change_identifier,
                summary: revision.revision_summary,
                created: revision.created.unwrap_or_else(|| epoch(self.now)),
            });
        }
        if told.continuation_token.is_some() {
            run.phase = Phase::Continuing;
            self.queue_job(&run_id, told.continuation_token);
            self.tell(&run_id);
            return Ok(());
        }
        run.variables = told.variables;
        let objects: Vec<_> = run
            .outputs
            .iter()
            .map(|output| {
                (
                    output.name.clone(),
                    (output.bucket.clone(), output.key.clone()),
                )
            })
            .collect();
        if objects.is_empty() {
            self.end_run(&run_id, None);
        } else {
            self.effect(Effect::VerifyOutputs {
                run: run_id,
                objects,
            });
        }
        Ok(())
    }

    /// The job went wrong, and its action with it.
    pub(super) fn fail(&mut self, id: &str, details: FailureDetails) -> Result<(), ApiError> {
        let run_id = self.job_in_progress(id)?;
        self.close_job(id, JobStatus::Failed);
        if let Some(run) = self.runs.get_mut(&run_id) {
            run.job = None;
            if details.external_execution_id.is_some() {
                run.details.external_execution_id = details.external_execution_id;
            }
        }
        let error = ErrorDetails::new(&details.kind, details.message);
        self.end_run(&run_id, Some(error));
        Ok(())
    }

    /// The run of a job that may be reported.
    pub(super) fn job_in_progress(&self, id: &str) -> Result<String, ApiError> {
        let job = self
            .jobs
            .get(id)
            .ok_or_else(|| ApiError::job_not_found(id))?;
        if job.status == JobStatus::InProgress {
            return Ok(job.run.clone());
        }
        Err(ApiError::job_state(format!(
            "Job '{id}' is {}; a result can be put only while it is InProgress",
            job.status.name()
        )))
    }

    /// The run of a job whose action is of an owner. A job that was lost may be forgotten.
    pub(super) fn run_of_job(&self, id: &str, owner: &str) -> Option<&Run> {
        let job = self.jobs.get(id)?;
        if job.status.is_lost() && self.settings.switches.late_result == LateResult::JobNotFound {
            return None;
        }
        let run = self.runs.get(&job.run)?;
        (run.declared.action_type_id.owner == owner).then_some(run)
    }
}

/// Text that is awkward as a path, in a shell, in a log and in a terminal, of any length that is
/// allowed, and unlike any other.
fn free_text_id() -> String {
    const PIECES: [&str; 16] = [
        "../",
        "/",
        "\\",
        ".",
        " ",
        "\"",
        "'",
        "$(id)",
        "%2e",
        "\n",
        "\u{1b}[31m",
        "ä",
        "漢",
        "ß",
        "{}",
        ":",
    ];
    let mut id = String::from("../");
    let length = 64 + id.len() + usize::from(rand::random::<u16>()) % (LONGEST_ID - 63 - id.len());
    let unique = new_id();
    while id.chars().count() + unique.len() + 8 < length {
        id.push_str(PIECES[usize::from(rand::random::<u8>()) % PIECES.len()]);
    }
    id.push_str(&unique);
    while id.chars().count() < length {
        id.push('.');
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_text_ids_are_long_and_awkward_and_fit() {
        let ids: std::collections::HashSet<String> = (0..500).map(|_| free_text_id()).collect();
        assert_eq!(ids.len(), 500);
        assert!(
            ids.iter()
                .all(|id| (64..=LONGEST_ID).contains(&id.encode_utf16().count()))
        );
        assert!(ids.iter().any(|id| id.chars().count() > 480));
        assert!(ids.iter().all(|id| id.starts_with("../")));
    }
}
