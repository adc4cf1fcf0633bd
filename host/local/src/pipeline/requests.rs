//! The requests of third-party job operations, of GetActionType, and of what steers executions.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use super::model::{ActionTypeId, Pipeline};
use super::operation::{CurrentRevision, ExecutionDetails, FailureDetails};

#[derive(Debug, Deserialize)]
pub(super) struct GetActionType {
    pub(super) category: String,
    pub(super) owner: String,
    pub(super) provider: String,
    pub(super) version: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PollForThirdPartyJobs {
    pub(super) action_type_id: ActionTypeId,
    pub(super) max_batch_size: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GetThirdPartyJobDetails {
    pub(super) job_id: String,
    #[serde(deserialize_with = "secret")]
    pub(super) client_token: SecretString,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AcknowledgeThirdPartyJob {
    pub(super) job_id: String,
    pub(super) nonce: String,
    #[serde(deserialize_with = "secret")]
    pub(super) client_token: SecretString,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutThirdPartyJobSuccessResult {
    pub(super) job_id: String,
    #[serde(deserialize_with = "secret")]
    pub(super) client_token: SecretString,
    pub(super) current_revision: Option<CurrentRevision>,
    pub(super) continuation_token: Option<String>,
    #[serde(default)]
    pub(super) execution_details: ExecutionDetails,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutThirdPartyJobFailureResult {
    pub(super) job_id: String,
    #[serde(deserialize_with = "secret")]
    pub(super) client_token: SecretString,
    pub(super) failure_details: FailureDetails,
}

#[derive(Debug, Deserialize)]
pub(super) struct UpdatePipeline {
    pub(super) pipeline: Pipeline,
}

#[derive(Debug, Deserialize)]
pub(super) struct DeleteCustomActionType {
    pub(super) category: String,
    pub(super) provider: String,
    pub(super) version: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StopPipelineExecution {
    pub(super) pipeline_name: String,
    pub(super) pipeline_execution_id: String,
    #[serde(default)]
    pub(super) abandon: bool,
    pub(super) reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RetryStageExecution {
    pub(super) pipeline_name: String,
    pub(super) stage_name: String,
    pub(super) pipeline_execution_id: String,
    pub(super) retry_mode: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutApprovalResult {
    pub(super) pipeline_name: String,
    pub(super) stage_name: String,
    pub(super) action_name: String,
    pub(super) result: ApprovalResult,
    pub(super) token: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct ApprovalResult {
    pub(super) summary: String,
    pub(super) status: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EnableStageTransition {
    pub(super) pipeline_name: String,
    pub(super) stage_name: String,
    pub(super) transition_type: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DisableStageTransition {
    pub(super) pipeline_name: String,
    pub(super) stage_name: String,
    pub(super) transition_type: String,
    pub(super) reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutActionRevision {
    pub(super) pipeline_name: String,
    pub(super) stage_name: String,
    pub(super) action_name: String,
    pub(super) action_revision: ActionRevision,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActionRevision {
    pub(super) revision_id: String,
    pub(super) revision_change_id: String,
    /// Seconds since the epoch.
    pub(super) created: f64,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}
