//! The five job operations of custom actions, and the life of a job that they drive.

use serde_json::{Value, json};

use super::engine::{Effect, Engine, Timer, new_id};
use super::error::ApiError;
use super::event::{ErrorDetails, Phase, Status};
use super::operation::{
    AcknowledgeJob, GetJobDetails, PollForJobs, PutJobFailureResult, PutJobSuccessResult,
};
use super::state::{Artifact, Job, JobStatus, Revision, Run, epoch};
use crate::auth::{JobAccess, KeyRule, Scope, later, random};

/// Jobs handed out where a poll does not say how many. (AWS documents no default.)
const DEFAULT_BATCH: usize = 1;

/// Bytes of output variables per action (the user guide's limits page).
const MAX_VARIABLES: usize = 122_880;

impl Engine {
    /// Makes a run's next job; one that continues is offered after the continuation delay.
    pub(super) fn queue_job(&mut self, run: &str, continuation_token: Option<String>) {
        let (id, sequence) = (new_id(), self.next_sequence());
        let status = if continuation_token.is_some() {
            let due = later(self.now, self.settings.continuation_delay);
            self.timers.insert((due, Timer::Offer { job: id.clone() }));
            JobStatus::Created { due }
        } else {
            self.offers.insert(sequence, id.clone());
            JobStatus::Queued
        };
        if let Some(run) = self.runs.get_mut(run) {
            run.job = Some(id.clone());
        }
        let job = Job {
            sequence,
            run: run.to_owned(),
            status,
            continuation_token,
            sessions: Vec::new(),
        };
        self.jobs.insert(id, job);
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
        self.set_phase(&run, Phase::Queued);
    }

    pub(super) fn close_job(&mut self, id: &str, status: JobStatus) {
        let Some(job) = self.jobs.get_mut(id) else {
            return;
        };
        if let JobStatus::Created { due } = job.status {
            self.timers
                .remove(&(due, Timer::Offer { job: id.to_owned() }));
        }
        job.status = status;
        self.offers.remove(&job.sequence);
    }

    pub(super) fn poll_for_jobs(&mut self, request: &PollForJobs) -> Result<Value, ApiError> {
        let id = &request.action_type_id;
        if id.owner != "Custom" {
            return Err(ApiError::validation(format!(
                "PollForJobs is for custom action types only; the owner of {} is {}",
                id.short(),
                id.owner
            )));
        }
        let kind = self.types.get(id).ok_or_else(|| {
            ApiError::new(
                "ActionTypeNotFoundException",
                format!("{id} is not available"),
            )
        })?;
        let query = match (kind.queryable(), request.query_param.iter().next()) {
            (None, None) => None,
            (None, Some((key, _))) => {
                return Err(ApiError::validation(format!(
                    "queryParam '{key}' cannot be used: {id} has no queryable property"
                )));
            }
            (Some(property), given) => {
                let name = &property.name;
                let (_, value) = given.filter(|(key, _)| *key == name).ok_or_else(|| {
                    ApiError::validation(format!(
                        "queryParam must have the key '{name}', the queryable property of {id}"
                    ))
                })?;
                Some((name.as_str(), value.as_str()))
            }
        };
        let is_wanted = |job: &Job| {
            let is_free = match &job.status {
                JobStatus::Queued => true,
                JobStatus::Dispatched { again, .. } => *again <= self.now,
                _ => false,
            };
            let Some(run) = self.runs.get(&job.run).filter(|_| is_free) else {
                return false;
            };
            run.declared.action_type_id == *id
                && query.is_none_or(|(name, value)| {
                    run.configuration
                        .get(name)
                        .is_some_and(|configured| configured == value)
                })
        };
        let chosen: Vec<String> = self
            .offers
            .values()
            .filter(|id| self.jobs.get(*id).is_some_and(is_wanted))
            .take(request.max_batch_size.unwrap_or(DEFAULT_BATCH))
            .cloned()
            .collect();
        let jobs: Vec<Value> = chosen.iter().filter_map(|id| self.hand_out(id)).collect();
        Ok(json!({ "jobs": jobs }))
    }

    fn hand_out(&mut self, id: &str) -> Option<Value> {
        // A nonce is a number on AWS; this one is never the last one's.
        let nonce = format!("{}{}", self.next_sequence(), random(b"0123456789", 9));
        let again = later(self.now, self.settings.reoffer_after);
        let job = self.jobs.get_mut(id)?;
        job.status = JobStatus::Dispatched {
            nonce: nonce.clone(),
            again,
        };
        let data = self.job_data(id)?;
        Some(json!({
            "id": id,
            "data": data,
            "nonce": nonce,
            "accountId": self.settings.account,
        }))
    }

    pub(super) fn acknowledge_job(&mut self, request: &AcknowledgeJob) -> Result<Value, ApiError> {
        let id = &request.job_id;
        let job = self
            .jobs
            .get_mut(id)
            .ok_or_else(|| ApiError::job_not_found(id))?;
        match &job.status {
            JobStatus::Dispatched { nonce, .. } if *nonce == request.nonce => {}
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
        self.set_phase(&run, Phase::Running);
        Ok(json!({ "status": JobStatus::InProgress.name() }))
    }

    pub(super) fn get_job_details(&mut self, request: &GetJobDetails) -> Result<Value, ApiError> {
        let id = &request.job_id;
        let data = self
            .job_data(id)
            .ok_or_else(|| ApiError::job_not_found(id))?;
        Ok(json!({
            "jobDetails": { "id": id, "data": data, "accountId": self.settings.account }
        }))
    }

    pub(super) fn put_job_success(
        &mut self,
        request: PutJobSuccessResult,
    ) -> Result<Value, ApiError> {
        if request.continuation_token.is_some() && !request.output_variables.is_empty() {
            return Err(ApiError::validation(
                "outputVariables cannot be given together with a continuationToken: they belong \
                 to the last job of the action",
            ));
        }
        let size: usize = request
            .output_variables
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        let run_id = self.job_in_progress(&request.job_id)?;
        if size > MAX_VARIABLES {
            return Err(ApiError::new(
                "OutputVariablesSizeExceededException",
                format!(
                    "The output variables have {size} bytes; an action can have {MAX_VARIABLES}"
                ),
            ));
        }
        self.close_job(&request.job_id, JobStatus::Succeeded);
        let Some(run) = self.runs.get_mut(&run_id) else {
            return Ok(json!({}));
        };
        run.updated = self.now;
        run.job = None;
        let told = request.execution_details;
        run.details.summary = told.summary.or(run.details.summary.take());
        run.details.external_execution_id = told
            .external_execution_id
            .or(run.details.external_execution_id.take());
        run.details.percent_complete = told.percent_complete.or(run.details.percent_complete);
        if let Some(revision) = request.current_revision {
            run.revision = Some(Revision {
                id: revision.revision,
                change_id: revision.change_identifier,
                summary: revision.revision_summary,
                created: revision.created.unwrap_or_else(|| epoch(self.now)),
            });
        }
        if request.continuation_token.is_some() {
            run.phase = Phase::Continuing;
            self.queue_job(&run_id, request.continuation_token);
            self.tell(&run_id);
            return Ok(json!({}));
        }
        run.variables = request.output_variables;
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
        Ok(json!({}))
    }

    pub(super) fn put_job_failure(
        &mut self,
        request: PutJobFailureResult,
    ) -> Result<Value, ApiError> {
        let run_id = self.job_in_progress(&request.job_id)?;
        self.close_job(&request.job_id, JobStatus::Failed);
        let details = request.failure_details;
        if let Some(run) = self.runs.get_mut(&run_id) {
            run.job = None;
            if details.external_execution_id.is_some() {
                run.details.external_execution_id = details.external_execution_id;
            }
        }
        self.end_run(
            &run_id,
            Some(ErrorDetails::new(&details.kind, details.message)),
        );
        Ok(json!({}))
    }

    /// The run of a job that may be reported.
    fn job_in_progress(&self, id: &str) -> Result<String, ApiError> {
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

    /// What a worker gets to know of a job, in clear, with fresh credentials while it is open.
    fn job_data(&mut self, id: &str) -> Option<Value> {
        let job = self.jobs.get(id)?;
        let run = self.runs.get(&job.run)?;
        let pipeline = self.pipelines.get(&run.pipeline)?;
        let key = pipeline
            .declaration
            .artifact_store
            .as_ref()
            .and_then(|s| s.encryption_key.as_ref());
        let input = |artifact: &Artifact| {
            let location = &artifact.location;
            let mut value = artifact_value(&location.name, &location.bucket, &location.key);
            if let Some(revision) = &artifact.revision {
                value["revision"] = json!(revision);
            }
            value
        };
        let mut data = json!({
            "actionTypeId": run.declared.action_type_id,
            "actionConfiguration": { "configuration": run.configuration },
            "pipelineContext": {
                "pipelineName": run.pipeline,
                "stage": { "name": run.stage_name },
                "action": { "name": run.declared.name, "actionExecutionId": run.id },
                "pipelineArn": self.arn(&run.pipeline),
                "pipelineExecutionId": run.execution,
            },
            "inputArtifacts": run.inputs.iter().map(input).collect::<Vec<_>>(),
            "outputArtifacts": run
                .outputs
                .iter()
                .map(|output| artifact_value(&output.name, &output.bucket, &output.key))
                .collect::<Vec<_>>(),
        });
        if let Some(token) = &job.continuation_token {
            data["continuationToken"] = json!(token);
        }
        if let Some(key) = key {
            data["encryptionKey"] = json!(key);
        }
        let has_artifacts = !run.inputs.is_empty() || !run.outputs.is_empty();
        if has_artifacts && !job.status.is_ended() && run.status == Status::InProgress {
            let rule = key.map(|key| KeyRule {
                key_id: Some(key.id.clone()),
            });
            let access = self
                .registry
                .issue(scope(run, rule), self.settings.credential_lifetime);
            data["artifactCredentials"] = credentials(&access);
            self.jobs
                .get_mut(id)?
                .sessions
                .push(access.access_key_id.clone());
        }
        Some(data)
    }
}

fn artifact_value(name: &str, bucket: &str, key: &str) -> Value {
    json!({
        "name": name,
        "location": {
            "type": "S3",
            "s3Location": { "bucketName": bucket, "objectKey": key },
        },
    })
}

fn scope(run: &Run, require_kms: Option<KeyRule>) -> Scope {
    let object = |bucket: &String, key: &String| (bucket.clone(), key.clone());
    Scope {
        reads: run
            .inputs
            .iter()
            .map(|input| object(&input.location.bucket, &input.location.key))
            .collect(),
        writes: run
            .outputs
            .iter()
            .map(|output| object(&output.bucket, &output.key))
            .collect(),
        require_kms,
    }
}

fn credentials(access: &JobAccess) -> Value {
    json!({
        "accessKeyId": access.access_key_id,
        "secretAccessKey": access.secret,
        "sessionToken": access.session_token,
    })
}
