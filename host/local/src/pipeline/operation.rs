//! From a name and a body to a checked request.
//!
//! Three kinds of operation: built (a variant of [`Operation`]), of the service's model but not
//! built (a named error, once the request is as the model wants it), unknown.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::error::ApiError;
use super::model::{ActionTypeId, ArtifactDetails, Pipeline, Property, Settings, Tag};
use super::requests::{
    AcknowledgeThirdPartyJob, DeleteCustomActionType, DisableStageTransition,
    EnableStageTransition, GetActionType, GetThirdPartyJobDetails, PollForThirdPartyJobs,
    PutActionRevision, PutApprovalResult, PutThirdPartyJobFailureResult,
    PutThirdPartyJobSuccessResult, RetryStageExecution, StopPipelineExecution, UpdatePipeline,
};
use super::schema::{self, Shape};
use super::shapes::REQUESTS;

/// A checked request.
#[derive(Debug)]
pub(super) enum Operation {
    CreateCustomActionType(CreateCustomActionType),
    ListActionTypes(ListActionTypes),
    CreatePipeline(Box<CreatePipeline>),
    GetPipeline(GetPipeline),
    ListPipelines(ListPipelines),
    DeletePipeline(ByName),
    StartPipelineExecution(StartPipelineExecution),
    GetPipelineExecution(GetPipelineExecution),
    GetPipelineState(ByName),
    ListPipelineExecutions(ListPipelineExecutions),
    ListActionExecutions(ListActionExecutions),
    PollForJobs(PollForJobs),
    AcknowledgeJob(AcknowledgeJob),
    GetJobDetails(GetJobDetails),
    PutJobSuccessResult(PutJobSuccessResult),
    PutJobFailureResult(PutJobFailureResult),
    UpdatePipeline(Box<UpdatePipeline>),
    DeleteCustomActionType(DeleteCustomActionType),
    DisableStageTransition(DisableStageTransition),
    EnableStageTransition(EnableStageTransition),
    PutActionRevision(PutActionRevision),
    PutApprovalResult(PutApprovalResult),
    RetryStageExecution(RetryStageExecution),
    StopPipelineExecution(StopPipelineExecution),
    GetActionType(GetActionType),
    PollForThirdPartyJobs(PollForThirdPartyJobs),
    GetThirdPartyJobDetails(GetThirdPartyJobDetails),
    AcknowledgeThirdPartyJob(AcknowledgeThirdPartyJob),
    PutThirdPartyJobSuccessResult(PutThirdPartyJobSuccessResult),
    PutThirdPartyJobFailureResult(PutThirdPartyJobFailureResult),
}

impl Operation {
    /// The pipeline that it declares, if it does.
    pub(super) fn declared(&self) -> Option<&Pipeline> {
        match self {
            Self::CreatePipeline(request) => Some(&request.pipeline),
            Self::UpdatePipeline(request) => Some(&request.pipeline),
            _ => None,
        }
    }

    /// Reads the request named `name`.
    ///
    /// # Errors
    /// An unknown or unbuilt operation; a body that is no JSON object or breaks the model.
    pub(super) fn parse(name: &str, body: &[u8]) -> Result<Self, ApiError> {
        let Some((name, shape)) = REQUESTS.iter().find(|(known, _)| *known == name) else {
            return Err(ApiError::new(
                "UnknownOperationException",
                format!("CodePipeline has no operation named '{name}'"),
            ));
        };
        Self::read(name, checked(body, shape)?)
    }

    /// What an operation takes of a request that keeps to the model.
    pub(super) fn read<'de, D>(name: &str, request: D) -> Result<Self, ApiError>
    where
        D: Deserializer<'de, Error: std::fmt::Display>,
    {
        Ok(match name {
            "CreateCustomActionType" => Self::CreateCustomActionType(read(request)?),
            "ListActionTypes" => Self::ListActionTypes(read(request)?),
            "CreatePipeline" => Self::CreatePipeline(read(request)?),
            "GetPipeline" => Self::GetPipeline(read(request)?),
            "ListPipelines" => Self::ListPipelines(read(request)?),
            "DeletePipeline" => Self::DeletePipeline(read(request)?),
            "StartPipelineExecution" => Self::StartPipelineExecution(read(request)?),
            "GetPipelineExecution" => Self::GetPipelineExecution(read(request)?),
            "GetPipelineState" => Self::GetPipelineState(read(request)?),
            "ListPipelineExecutions" => Self::ListPipelineExecutions(read(request)?),
            "ListActionExecutions" => Self::ListActionExecutions(read(request)?),
            "PollForJobs" => Self::PollForJobs(read(request)?),
            "AcknowledgeJob" => Self::AcknowledgeJob(read(request)?),
            "GetJobDetails" => Self::GetJobDetails(read(request)?),
            "PutJobSuccessResult" => Self::PutJobSuccessResult(read(request)?),
            "PutJobFailureResult" => Self::PutJobFailureResult(read(request)?),
            "GetActionType" => Self::GetActionType(read(request)?),
            "PollForThirdPartyJobs" => Self::PollForThirdPartyJobs(read(request)?),
            "GetThirdPartyJobDetails" => Self::GetThirdPartyJobDetails(read(request)?),
            "AcknowledgeThirdPartyJob" => Self::AcknowledgeThirdPartyJob(read(request)?),
            "PutThirdPartyJobSuccessResult" => Self::PutThirdPartyJobSuccessResult(read(request)?),
            "PutThirdPartyJobFailureResult" => Self::PutThirdPartyJobFailureResult(read(request)?),
            "DeleteCustomActionType" => Self::DeleteCustomActionType(read(request)?),
            "DisableStageTransition" => Self::DisableStageTransition(read(request)?),
            "EnableStageTransition" => Self::EnableStageTransition(read(request)?),
            "PutActionRevision" => Self::PutActionRevision(read(request)?),
            "PutApprovalResult" => Self::PutApprovalResult(read(request)?),
            "RetryStageExecution" => Self::RetryStageExecution(read(request)?),
            "StopPipelineExecution" => Self::StopPipelineExecution(read(request)?),
            "UpdatePipeline" => Self::UpdatePipeline(read(request)?),
            name => return Err(ApiError::not_built(name)),
        })
    }
}

/// The body as JSON that keeps to the model.
fn checked(body: &[u8], shape: &Shape) -> Result<Value, ApiError> {
    // An absent body is an empty request, as with other services of this protocol.
    let body = if body.is_empty() { b"{}" } else { body };
    let mut value: Value = serde_json::from_slice(body)
        .map_err(|error| ApiError::serialization(format!("the body is not JSON: {error}")))?;
    drop_nulls(&mut value);
    schema::check(&value, shape)?;
    Ok(value)
}

fn read<'de, T, D>(request: D) -> Result<T, ApiError>
where
    T: Deserialize<'de>,
    D: Deserializer<'de, Error: std::fmt::Display>,
{
    T::deserialize(request)
        .map_err(|error| ApiError::serialization(format!("the request cannot be read: {error}")))
}

/// A null member is an absent one.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateCustomActionType {
    pub(super) category: String,
    pub(super) provider: String,
    pub(super) version: String,
    pub(super) settings: Option<Settings>,
    #[serde(default)]
    pub(super) configuration_properties: Vec<Property>,
    pub(super) input_artifact_details: ArtifactDetails,
    pub(super) output_artifact_details: ArtifactDetails,
    #[serde(default)]
    pub(super) tags: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListActionTypes {
    pub(super) action_owner_filter: Option<String>,
    pub(super) next_token: Option<String>,
    pub(super) region_filter: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CreatePipeline {
    pub(super) pipeline: Pipeline,
    #[serde(default)]
    pub(super) tags: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
pub(super) struct GetPipeline {
    pub(super) name: String,
    pub(super) version: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListPipelines {
    pub(super) next_token: Option<String>,
    pub(super) max_results: Option<usize>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ByName {
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StartPipelineExecution {
    pub(super) name: String,
    #[serde(default)]
    pub(super) variables: Vec<Variable>,
    pub(super) client_request_token: Option<String>,
    pub(super) source_revisions: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GetPipelineExecution {
    pub(super) pipeline_name: String,
    pub(super) pipeline_execution_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListPipelineExecutions {
    pub(super) pipeline_name: String,
    pub(super) max_results: Option<usize>,
    pub(super) next_token: Option<String>,
    pub(super) filter: Option<ExecutionFilter>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExecutionFilter {
    pub(super) succeeded_in_stage: Option<SucceededInStage>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SucceededInStage {
    pub(super) stage_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListActionExecutions {
    pub(super) pipeline_name: String,
    pub(super) max_results: Option<usize>,
    pub(super) next_token: Option<String>,
    pub(super) filter: Option<ActionExecutionFilter>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActionExecutionFilter {
    pub(super) pipeline_execution_id: Option<String>,
    pub(super) latest_in_pipeline_execution: Option<LatestInPipelineExecution>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LatestInPipelineExecution {
    pub(super) pipeline_execution_id: String,
    pub(super) start_time_range: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PollForJobs {
    pub(super) action_type_id: ActionTypeId,
    pub(super) max_batch_size: Option<usize>,
    #[serde(default)]
    pub(super) query_param: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AcknowledgeJob {
    pub(super) job_id: String,
    pub(super) nonce: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GetJobDetails {
    pub(super) job_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutJobSuccessResult {
    pub(super) job_id: String,
    pub(super) current_revision: Option<CurrentRevision>,
    pub(super) continuation_token: Option<String>,
    #[serde(default)]
    pub(super) execution_details: ExecutionDetails,
    #[serde(default)]
    pub(super) output_variables: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CurrentRevision {
    pub(super) revision: String,
    pub(super) change_identifier: String,
    /// Seconds since the epoch.
    pub(super) created: Option<f64>,
    pub(super) revision_summary: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExecutionDetails {
    pub(super) summary: Option<String>,
    pub(super) external_execution_id: Option<String>,
    pub(super) percent_complete: Option<u8>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutJobFailureResult {
    pub(super) job_id: String,
    pub(super) failure_details: FailureDetails,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FailureDetails {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) message: String,
    pub(super) external_execution_id: Option<String>,
}
