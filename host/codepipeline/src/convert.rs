//! Between the SDK's types and ours.
//!
//! The SDK's types stop here: their `Debug` prints nonces, tokens and secret configuration. The model
//! calls nearly every member optional, so that an answer may lack anything: what is merely absent or empty
//! becomes `None`, what nobody can go on without (job id, nonce) drops that one job with a warning, and
//! nothing panics.

use std::collections::BTreeMap;

use aws_sdk_codepipeline::types;
use aws_smithy_types::DateTime;
use aws_smithy_types::error::operation::BuildError;
use secrecy::SecretString;
use tracing::warn;

use crate::ids::{ActionTypeId, ClientId, ContinuationToken, JobId, Nonce, Owner, SourceId};
use crate::limits;
use crate::source::{
    Artifact, ArtifactCredentials, CurrentRevision, ExecutionDetails, FailureResult, FailureType,
    JobContents, Offer, PipelineContext, S3Location,
};
use crate::text::utf16_len;

/// A polled job. One without id or nonce cannot be acknowledged and is not an offer.
pub(crate) fn offer(source: &SourceId, job: types::Job) -> Option<Offer> {
    let Some(id) = filled(job.id) else {
        warn!(%source, "a poll handed out a job without an id, which is ignored");
        return None;
    };
    let Some(nonce) = filled(job.nonce) else {
        warn!(%source, job = %id, "a poll handed out a job without a nonce, which is ignored");
        return None;
    };
    let contents = job
        .data
        .map(|data| contents(data, Some(Nonce::new(nonce)), job.account_id));
    Some(Offer {
        job: JobId::new(id),
        client: None,
        contents,
    })
}

/// A partner's polled job. One without id or client cannot be asked about and is not an offer.
pub(crate) fn third_party_offer(source: &SourceId, job: types::ThirdPartyJob) -> Option<Offer> {
    let Some(id) = filled(job.job_id) else {
        warn!(%source, "a poll handed out a job without an id, which is ignored");
        return None;
    };
    if utf16_len(&id) > limits::THIRD_PARTY_JOB_ID {
        warn!(%source, "a poll handed out a job whose id no request takes back, which is ignored");
        return None;
    }
    let Some(client) = filled(job.client_id) else {
        warn!(%source, job = %id, "a poll handed out a job without a client, which is ignored");
        return None;
    };
    Some(Offer {
        job: JobId::new(id),
        client: Some(ClientId::new(client)),
        contents: None,
    })
}

/// The SDK has two types with the same members.
pub(crate) struct Data {
    action_type_id: Option<types::ActionTypeId>,
    action_configuration: Option<types::ActionConfiguration>,
    pipeline_context: Option<types::PipelineContext>,
    input_artifacts: Option<Vec<types::Artifact>>,
    output_artifacts: Option<Vec<types::Artifact>>,
    artifact_credentials: Option<types::AwsSessionCredentials>,
    continuation_token: Option<String>,
    encryption_key: Option<types::EncryptionKey>,
}

macro_rules! same_members {
    ($type:ty) => {
        impl From<$type> for Data {
            fn from(data: $type) -> Data {
                Data {
                    action_type_id: data.action_type_id,
                    action_configuration: data.action_configuration,
                    pipeline_context: data.pipeline_context,
                    input_artifacts: data.input_artifacts,
                    output_artifacts: data.output_artifacts,
                    artifact_credentials: data.artifact_credentials,
                    continuation_token: data.continuation_token,
                    encryption_key: data.encryption_key,
                }
            }
        }
    };
}

same_members!(types::JobData);
same_members!(types::ThirdPartyJobData);

/// What a job is about.
pub(crate) fn contents(
    data: impl Into<Data>,
    nonce: Option<Nonce>,
    account: Option<String>,
) -> JobContents {
    let data = data.into();
    let configuration = data
        .action_configuration
        .and_then(|c| c.configuration)
        .unwrap_or_default();
    JobContents {
        nonce,
        account: filled(account),
        action_type: data.action_type_id.and_then(action_type),
        configuration: configuration
            .into_iter()
            .map(|(key, value)| (key, SecretString::from(value)))
            .collect(),
        pipeline: data.pipeline_context.map(pipeline).unwrap_or_default(),
        inputs: artifacts(data.input_artifacts),
        outputs: artifacts(data.output_artifacts),
        credentials: data.artifact_credentials.and_then(credentials),
        continuation: filled(data.continuation_token).map(ContinuationToken::new),
        encryption_key: data.encryption_key.and_then(|key| filled(Some(key.id))),
    }
}

/// An action type of an owner that we know.
pub(crate) fn action_type(id: types::ActionTypeId) -> Option<ActionTypeId> {
    let owner = match id.owner {
        types::ActionOwner::Custom => Owner::Custom,
        types::ActionOwner::ThirdParty => Owner::ThirdParty,
        _ => return None,
    };
    Some(ActionTypeId {
        category: id.category.as_str().to_owned(),
        owner,
        provider: id.provider,
        version: id.version,
    })
}

fn pipeline(context: types::PipelineContext) -> PipelineContext {
    let (action, action_execution_id) = match context.action {
        Some(action) => (action.name, action.action_execution_id),
        None => (None, None),
    };
    PipelineContext {
        pipeline: context.pipeline_name.unwrap_or_default(),
        stage: context
            .stage
            .and_then(|stage| stage.name)
            .unwrap_or_default(),
        action: action.unwrap_or_default(),
        pipeline_arn: filled(context.pipeline_arn),
        pipeline_execution_id: filled(context.pipeline_execution_id),
        action_execution_id: filled(action_execution_id),
    }
}

fn artifacts(artifacts: Option<Vec<types::Artifact>>) -> Vec<Artifact> {
    let artifact = |artifact: types::Artifact| Artifact {
        name: artifact.name.unwrap_or_default(),
        revision: filled(artifact.revision),
        location: artifact
            .location
            .and_then(|location| location.s3_location)
            .and_then(|s3| {
                Some(S3Location {
                    bucket: filled(Some(s3.bucket_name))?,
                    key: filled(Some(s3.object_key))?,
                })
            }),
    };
    artifacts
        .unwrap_or_default()
        .into_iter()
        .map(artifact)
        .collect()
}

/// Half a set of credentials signs nothing.
fn credentials(credentials: types::AwsSessionCredentials) -> Option<ArtifactCredentials> {
    Some(ArtifactCredentials {
        access_key_id: filled(Some(credentials.access_key_id))?,
        secret_access_key: SecretString::from(filled(Some(credentials.secret_access_key))?),
        session_token: SecretString::from(filled(Some(credentials.session_token))?),
    })
}

pub(crate) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// For a poll.
pub(crate) fn to_action_type(id: &ActionTypeId) -> Result<types::ActionTypeId, BuildError> {
    types::ActionTypeId::builder()
        .category(types::ActionCategory::from(id.category.as_str()))
        .owner(match id.owner {
            Owner::Custom => types::ActionOwner::Custom,
            Owner::ThirdParty => types::ActionOwner::ThirdParty,
        })
        .provider(&id.provider)
        .version(&id.version)
        .build()
}

/// For a success; nothing where there is nothing to tell.
pub(crate) fn to_details(details: ExecutionDetails) -> Option<types::ExecutionDetails> {
    if details == ExecutionDetails::default() {
        return None;
    }
    Some(
        types::ExecutionDetails::builder()
            .set_summary(details.summary)
            .set_external_execution_id(details.external_execution_id)
            .set_percent_complete(details.percent_complete.map(i32::from))
            .build(),
    )
}

/// For a success.
pub(crate) fn to_revision(revision: CurrentRevision) -> Result<types::CurrentRevision, BuildError> {
    types::CurrentRevision::builder()
        .revision(revision.revision)
        .change_identifier(revision.change_identifier)
        .set_created(revision.created.map(DateTime::from_secs_f64))
        .set_revision_summary(revision.summary)
        .build()
}

/// For a success; absent, and not empty, where there are none.
pub(crate) fn to_variables(
    variables: BTreeMap<String, String>,
) -> Option<std::collections::HashMap<String, String>> {
    (!variables.is_empty()).then(|| variables.into_iter().collect())
}

/// For a failure.
pub(crate) fn to_failure(failure: FailureResult) -> Result<types::FailureDetails, BuildError> {
    types::FailureDetails::builder()
        .r#type(match failure.kind {
            FailureType::JobFailed => types::FailureType::JobFailed,
            FailureType::ConfigurationError => types::FailureType::ConfigurationError,
            FailureType::PermissionError => types::FailureType::PermissionError,
            FailureType::RevisionOutOfSync => types::FailureType::RevisionOutOfSync,
            FailureType::RevisionUnavailable => types::FailureType::RevisionUnavailable,
            FailureType::SystemUnavailable => types::FailureType::SystemUnavailable,
        })
        .message(failure.message)
        .set_external_execution_id(failure.external_execution_id)
        .build()
}
