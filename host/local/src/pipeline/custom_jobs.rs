//! The five job operations of custom actions.

use serde_json::{Value, json};

use super::engine::Engine;
use super::error::ApiError;
use super::jobs::Success;
use super::operation::{
    AcknowledgeJob, GetJobDetails, PollForJobs, PutJobFailureResult, PutJobSuccessResult,
};
use crate::EndedDetails;

/// Bytes of output variables per action (the user guide's limits page).
const MAX_VARIABLES: usize = 122_880;

const OWNER: &str = "Custom";

impl Engine {
    pub(super) fn poll_for_jobs(&mut self, request: &PollForJobs) -> Result<Value, ApiError> {
        let id = &request.action_type_id;
        if id.owner != OWNER {
            return Err(ApiError::validation(format!(
                "PollForJobs is for custom action types only; the owner of {} is {}",
                id.short(),
                id.owner
            )));
        }
        let kind = self
            .types
            .get(id)
            .ok_or_else(|| ApiError::action_type_not_found(id))?;
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
                Some((name.clone(), value.as_str()))
            }
        };
        let handed_out = self.hand_out(id, request.max_batch_size, |_, run| {
            query.as_ref().is_none_or(|(name, value)| {
                run.configuration
                    .get(name)
                    .is_some_and(|configured| configured == value)
            })
        });
        let jobs: Vec<Value> = handed_out
            .iter()
            .filter_map(|id| {
                let data = self.job_data(id)?;
                Some(json!({
                    "id": id,
                    "data": data,
                    "nonce": self.jobs.get(id)?.nonce,
                    "accountId": self.settings.account,
                }))
            })
            .collect();
        Ok(json!({ "jobs": jobs }))
    }

    pub(super) fn acknowledge_job(&mut self, request: &AcknowledgeJob) -> Result<Value, ApiError> {
        self.custom_job(&request.job_id)?;
        let status = self.acknowledge(&request.job_id, &request.nonce)?;
        Ok(json!({ "status": status }))
    }

    pub(super) fn get_job_details(&mut self, request: &GetJobDetails) -> Result<Value, ApiError> {
        let id = &request.job_id;
        self.custom_job(id)?;
        let is_ended = self.jobs.get(id).is_some_and(|job| job.status.is_ended());
        if is_ended && self.settings.switches.ended_details == EndedDetails::JobNotFound {
            return Err(ApiError::job_not_found(id));
        }
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
        self.custom_job(&request.job_id)?;
        self.job_in_progress(&request.job_id)?;
        if size > MAX_VARIABLES {
            return Err(ApiError::new(
                "OutputVariablesSizeExceededException",
                format!(
                    "The output variables have {size} bytes; an action can have {MAX_VARIABLES}"
                ),
            ));
        }
        let told = Success {
            current_revision: request.current_revision,
            continuation_token: request.continuation_token,
            details: request.execution_details,
            variables: request.output_variables,
        };
        self.succeed(&request.job_id, told)?;
        Ok(json!({}))
    }

    pub(super) fn put_job_failure(
        &mut self,
        request: PutJobFailureResult,
    ) -> Result<Value, ApiError> {
        self.custom_job(&request.job_id)?;
        self.fail(&request.job_id, request.failure_details)?;
        Ok(json!({}))
    }

    /// A job of a third-party action does not exist for these operations.
    fn custom_job(&self, id: &str) -> Result<(), ApiError> {
        self.run_of_job(id, OWNER)
            .map(|_| ())
            .ok_or_else(|| ApiError::job_not_found(id))
    }
}
