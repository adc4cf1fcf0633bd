//! The requests of third-party job operations, and of GetActionType.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use super::model::ActionTypeId;
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

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}
