//! What the control path has the engine do: other people's doings, and time's.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::engine::{Engine, Timer};
use super::error::ApiError;
use super::requests::StopPipelineExecution;
use super::state::{Job, JobStatus};
use crate::auth::Clock;

/// Something for the engine to do that no request could ask for. Each tells how many it was done to.
#[derive(Debug)]
pub(crate) enum Order {
    /// Time moves ahead.
    Advance(Duration),
    /// A job's credentials, or all, expire.
    ExpireCredentials(Option<String>),
    /// A job, or each, is offered at the next poll.
    Reoffer(Option<String>),
    /// Somebody else acknowledges a job.
    Beat(String),
    /// The execution of a job, or of each that is open, is stopped and abandoned.
    Abandon(Option<String>),
}

impl Engine {
    /// # Errors
    /// A job that is not there, or that this cannot be done to; the state is then unchanged.
    pub(super) fn carry_out(&mut self, order: Order, clock: &Clock) -> Result<usize, ApiError> {
        match order {
            Order::Advance(by) => {
                clock.advance(by);
                self.tick(clock.now());
                Ok(1)
            }
            Order::ExpireCredentials(job) => {
                let jobs = self.chosen(job, |job| !job.sessions.is_empty())?;
                let jobs = jobs.iter().filter_map(|id| self.jobs.get(id));
                let keys = jobs.flat_map(|job| job.sessions.iter().map(String::as_str));
                Ok(self.registry.expire(keys))
            }
            Order::Reoffer(job) => {
                let waits = |job: &Job| {
                    matches!(
                        job.status,
                        JobStatus::Created { .. } | JobStatus::Dispatched { .. }
                    )
                };
                let jobs = self.chosen(job, waits)?;
                for id in &jobs {
                    self.offer_now(id);
                }
                Ok(jobs.len())
            }
            Order::Beat(job) => self.beat(&job),
            Order::Abandon(job) => {
                let jobs = self.chosen(job, |job| !job.status.is_ended())?;
                self.abandon_executions_of(&jobs)
            }
        }
    }

    /// One job by its id, or all of a kind.
    fn chosen(
        &self,
        id: Option<String>,
        is_wanted: impl Fn(&Job) -> bool,
    ) -> Result<Vec<String>, ApiError> {
        let Some(id) = id else {
            let wanted = self.jobs.iter().filter(|(_, job)| is_wanted(job));
            return Ok(wanted.map(|(id, _)| id.clone()).collect());
        };
        let job = self
            .jobs
            .get(&id)
            .ok_or_else(|| ApiError::job_not_found(&id))?;
        if is_wanted(job) {
            return Ok(vec![id]);
        }
        Err(ApiError::job_state(format!(
            "Job '{id}' is {}, and nothing of this kind can happen to it",
            job.status.name()
        )))
    }

    fn offer_now(&mut self, id: &str) {
        let now = self.now;
        let Some(job) = self.jobs.get_mut(id) else {
            return;
        };
        match &mut job.status {
            JobStatus::Dispatched { again } => *again = now,
            JobStatus::Created { due } => {
                let timer = (*due, Timer::Offer { job: id.to_owned() });
                self.timers.remove(&timer);
                self.offer_job(id);
            }
            _ => {}
        }
    }

    /// Acknowledges a job as somebody would who polled when the worker did.
    fn beat(&mut self, id: &str) -> Result<usize, ApiError> {
        let job = self
            .jobs
            .get(id)
            .ok_or_else(|| ApiError::job_not_found(id))?;
        if !matches!(job.status, JobStatus::Dispatched { .. }) {
            return Err(ApiError::job_state(format!(
                "Job '{id}' is {}: nobody can be first",
                job.status.name()
            )));
        }
        let nonce = job.nonce.clone();
        self.acknowledge(id, &nonce)?;
        Ok(1)
    }

    fn abandon_executions_of(&mut self, jobs: &[String]) -> Result<usize, ApiError> {
        let runs = jobs
            .iter()
            .filter_map(|id| self.runs.get(&self.jobs.get(id)?.run));
        let executions: BTreeSet<(String, String)> = runs
            .map(|run| (run.pipeline.clone(), run.execution.clone()))
            .collect();
        let count = executions.len();
        for (pipeline_name, pipeline_execution_id) in executions {
            self.stop_execution(StopPipelineExecution {
                pipeline_name,
                pipeline_execution_id,
                abandon: true,
                reason: Some("the control path had it abandoned".to_owned()),
            })?;
        }
        Ok(count)
    }

    /// How open jobs stand.
    pub(super) fn open_jobs(&self) -> Value {
        let open = self.jobs.iter().filter(|(_, job)| !job.status.is_ended());
        let shown = open.map(|(id, job)| {
            let run = self.runs.get(&job.run);
            json!({
                "id": id,
                "status": job.status.name(),
                "pipeline": run.map(|run| &run.pipeline),
                "action": run.map(|run| &run.declared.name),
                "execution": run.map(|run| &run.execution),
            })
        });
        shown.collect()
    }
}
