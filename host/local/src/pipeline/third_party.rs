//! Third-party (partner) actions: their types, and the five job operations of their workers.
//!
//! ```text
//!   PollForThirdPartyJobs ──> {client id, job id}         the worker looks up the client's token
//!   GetThirdPartyJobDetails(job id, token) ──> data, credentials, nonce
//!   AcknowledgeThirdPartyJob(job id, nonce, token)        from here on as with a custom job
//! ```
//!
//! A job is looked up first, then the token is compared, then the job's state is. Two workers that
//! ask for details between two hand-outs get the same nonce, and the first to acknowledge wins.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::engine::Engine;
use super::error::ApiError;
use super::executions::present;
use super::jobs::Success;
use super::model::{ActionType, ActionTypeId, ArtifactDetails, Property, Settings};
use super::requests::{
    AcknowledgeThirdPartyJob, GetActionType, GetThirdPartyJobDetails, PollForThirdPartyJobs,
    PutThirdPartyJobFailureResult, PutThirdPartyJobSuccessResult,
};
use super::state::Run;
use crate::EndedThirdPartyDetails;
use crate::third_party::{ArtifactCounts, ThirdPartyActionType, ThirdPartyClient};

const OWNER: &str = "ThirdParty";

/// Who polls for jobs of AWS's own action types.
const SERVICE_PRINCIPAL: &str = "codepipeline.amazonaws.com";

impl ActionTypeId {
    pub(super) fn is_third_party(&self) -> bool {
        self.owner == OWNER
    }

    /// `Deploy/Partner/1`, as the settings know a partner's type.
    pub(super) fn in_settings(&self) -> String {
        format!("{}/{}/{}", self.category, self.provider, self.version)
    }
}

impl From<&ThirdPartyActionType> for ActionType {
    fn from(kind: &ThirdPartyActionType) -> Self {
        let details = |counts: ArtifactCounts| ArtifactDetails {
            minimum_count: counts.minimum,
            maximum_count: counts.maximum,
        };
        let urls = &kind.urls;
        Self {
            id: ActionTypeId {
                category: kind.category.clone(),
                owner: OWNER.into(),
                provider: kind.provider.clone(),
                version: kind.version.clone(),
            },
            settings: Some(Settings {
                third_party_configuration_url: urls.configuration.clone(),
                entity_url_template: urls.entity.clone(),
                execution_url_template: urls.execution.clone(),
                revision_url_template: urls.revision.clone(),
            }),
            action_configuration_properties: kind
                .properties
                .iter()
                .map(|property| Property {
                    name: property.name.clone(),
                    required: property.required,
                    key: property.key,
                    secret: property.secret,
                    queryable: Some(property.queryable),
                    description: property.description.clone(),
                    kind: None,
                })
                .collect(),
            input_artifact_details: details(kind.inputs),
            output_artifact_details: details(kind.outputs),
        }
    }
}

impl Engine {
    pub(super) fn poll_for_third_party_jobs(
        &mut self,
        request: &PollForThirdPartyJobs,
    ) -> Result<Value, ApiError> {
        let id = &request.action_type_id;
        if !id.is_third_party() {
            return Err(ApiError::validation(format!(
                "PollForThirdPartyJobs is for third-party action types only; the owner of {} is {}",
                id.short(),
                id.owner
            )));
        }
        if !self.types.contains_key(id) {
            return Err(ApiError::action_type_not_found(id));
        }
        let jobs: Vec<Value> = self
            .hand_out(id, request.max_batch_size, |engine, run| {
                engine.client_of(run).is_some()
            })
            .into_iter()
            .filter_map(|job| {
                let client = self.client_of(self.run_of_job(&job, OWNER)?)?;
                Some(json!({ "clientId": client.id, "jobId": job }))
            })
            .collect();
        Ok(json!({ "jobs": jobs }))
    }

    pub(super) fn get_third_party_job_details(
        &mut self,
        request: &GetThirdPartyJobDetails,
    ) -> Result<Value, ApiError> {
        let id = &request.job_id;
        self.third_party_job(id, request.client_token.expose_secret())?;
        let job = self
            .jobs
            .get(id)
            .ok_or_else(|| ApiError::job_not_found(id))?;
        if job.status.is_ended() {
            match self.settings.switches.ended_third_party_details {
                EndedThirdPartyDetails::InvalidJob => {
                    return Err(ApiError::new(
                        "InvalidJobException",
                        format!(
                            "Job '{id}' is {}: it has no details any more",
                            job.status.name()
                        ),
                    ));
                }
                EndedThirdPartyDetails::JobNotFound => return Err(ApiError::job_not_found(id)),
                EndedThirdPartyDetails::Data => {}
            }
        }
        let nonce = job.nonce.clone();
        let data = self
            .job_data(id)
            .ok_or_else(|| ApiError::job_not_found(id))?;
        Ok(json!({ "jobDetails": { "id": id, "data": data, "nonce": nonce } }))
    }

    pub(super) fn acknowledge_third_party_job(
        &mut self,
        request: &AcknowledgeThirdPartyJob,
    ) -> Result<Value, ApiError> {
        self.third_party_job(&request.job_id, request.client_token.expose_secret())?;
        let status = self.acknowledge(&request.job_id, &request.nonce)?;
        Ok(json!({ "status": status }))
    }

    pub(super) fn put_third_party_job_success(
        &mut self,
        request: PutThirdPartyJobSuccessResult,
    ) -> Result<Value, ApiError> {
        self.third_party_job(&request.job_id, request.client_token.expose_secret())?;
        let told = Success {
            current_revision: request.current_revision,
            continuation_token: request.continuation_token,
            details: request.execution_details,
            ..Success::default()
        };
        self.succeed(&request.job_id, told)?;
        Ok(json!({}))
    }

    pub(super) fn put_third_party_job_failure(
        &mut self,
        request: PutThirdPartyJobFailureResult,
    ) -> Result<Value, ApiError> {
        self.third_party_job(&request.job_id, request.client_token.expose_secret())?;
        self.fail(&request.job_id, request.failure_details)?;
        Ok(json!({}))
    }

    pub(super) fn get_action_type(&self, request: &GetActionType) -> Result<Value, ApiError> {
        let id = ActionTypeId {
            category: request.category.clone(),
            owner: request.owner.clone(),
            provider: request.provider.clone(),
            version: request.version.clone(),
        };
        let kind = self
            .types
            .get(&id)
            .ok_or_else(|| ApiError::action_type_not_found(&id))?;
        let partner = self.partner_type(&id);
        let polling = match partner {
            Some(_) => json!({ "pollingAccounts": [self.settings.account] }),
            None => json!({ "pollingServicePrincipals": [SERVICE_PRINCIPAL] }),
        };
        let timeout = partner.and_then(|partner| partner.job_timeout);
        let properties: Vec<Value> = kind
            .action_configuration_properties
            .iter()
            .map(|property| {
                present([
                    ("name", json!(property.name)),
                    ("optional", json!(!property.required)),
                    ("key", json!(property.key)),
                    ("noEcho", json!(property.secret)),
                    ("queryable", json!(property.queryable)),
                    ("description", json!(property.description)),
                ])
            })
            .collect();
        let urls = kind.settings.as_ref().map(|settings| {
            present([
                (
                    "configurationUrl",
                    json!(settings.third_party_configuration_url),
                ),
                ("entityUrlTemplate", json!(settings.entity_url_template)),
                (
                    "executionUrlTemplate",
                    json!(settings.execution_url_template),
                ),
                ("revisionUrlTemplate", json!(settings.revision_url_template)),
            ])
        });
        Ok(json!({ "actionType": present([
            ("id", json!(id)),
            ("description", json!(partner.and_then(|p| p.description.as_ref()))),
            ("executor", present([
                ("type", json!("JobWorker")),
                ("configuration", json!({ "jobWorkerExecutorConfiguration": polling })),
                ("jobTimeout", json!(timeout.map(|timeout| timeout.as_secs()))),
            ])),
            ("inputArtifactDetails", json!(kind.input_artifact_details)),
            ("outputArtifactDetails", json!(kind.output_artifact_details)),
            ("permissions", json!({ "allowedAccounts": ["*"] })),
            ("properties", json!(properties)),
            ("urls", json!(urls)),
        ]) }))
    }

    /// What the settings say of a third-party type.
    pub(super) fn partner_type(&self, id: &ActionTypeId) -> Option<&ThirdPartyActionType> {
        let partners = &self.settings.third_party;
        id.is_third_party()
            .then(|| partners.action_type(&id.in_settings()))?
    }

    /// The customer that a run of a third-party action belongs to.
    fn client_of(&self, run: &Run) -> Option<&ThirdPartyClient> {
        let name = run.declared.action_type_id.in_settings();
        self.settings.third_party.client(&name, &run.pipeline)
    }

    /// Partners' types that kept pipelines use and this start's settings do not give them, each with those
    /// pipelines.
    pub(super) fn not_connected(&self) -> BTreeMap<String, BTreeSet<&str>> {
        let mut missing: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for (pipeline, state) in self.pipelines.iter() {
            let actions = state
                .declaration
                .stages
                .iter()
                .flat_map(|stage| &stage.actions);
            let partners = actions.filter(|action| action.action_type_id.is_third_party());
            for name in partners.map(|action| action.action_type_id.in_settings()) {
                if self.settings.third_party.client(&name, pipeline).is_none() {
                    missing.entry(name).or_default().insert(pipeline);
                }
            }
        }
        missing
    }

    /// Whether there is that job, and the token is that of its client.
    fn third_party_job(&self, id: &str, token: &str) -> Result<(), ApiError> {
        let run = self
            .run_of_job(id, OWNER)
            .ok_or_else(|| ApiError::job_not_found(id))?;
        let is_right = self.client_of(run).is_some_and(|client| {
            let expected = client.token.expose_secret().as_bytes();
            bool::from(expected.ct_eq(token.as_bytes()))
        });
        if is_right {
            return Ok(());
        }
        Err(ApiError::new(
            "InvalidClientTokenException",
            format!("The client token is not that of the client whose job '{id}' is"),
        ))
    }
}
