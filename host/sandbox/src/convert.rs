//! Between the contract's records and the crate's plain types. Nothing is checked here: an answer that
//! breaks the contract's rules goes to the worker as it is, which knows what to say of it.

use crate::bindings::pipefitter::action::types as wit;
use crate::job::{
    Continuation, CurrentRevision, ExecutionDetails, Failure, FailureKind, Outcome, Success,
};
use crate::mounts::Mounts;
use crate::runner::JobSpec;

pub(crate) fn job(spec: &JobSpec, mounts: &Mounts) -> wit::Job {
    let job = spec.job.clone();
    let inputs = spec.inputs.iter().zip(&mounts.inputs);
    let outputs = spec.outputs.iter().zip(&mounts.outputs);
    wit::Job {
        id: job.id,
        attempt: job.attempt,
        account_id: job.account_id,
        action_type: wit::ActionType {
            category: job.action_type.category,
            owner: job.action_type.owner,
            provider: job.action_type.provider,
            version: job.action_type.version,
        },
        configuration: job.configuration,
        pipeline: wit::PipelineContext {
            pipeline: job.pipeline.pipeline,
            stage: job.pipeline.stage,
            action: job.pipeline.action,
            pipeline_arn: job.pipeline.pipeline_arn,
            pipeline_execution_id: job.pipeline.pipeline_execution_id,
            action_execution_id: job.pipeline.action_execution_id,
        },
        inputs: inputs
            .map(|(input, path)| wit::InputArtifact {
                name: input.name.clone(),
                path: path.clone(),
                file: input.file.as_ref().map(|file| format!("{path}/{file}")),
                revision: input.revision.clone(),
            })
            .collect(),
        outputs: outputs
            .map(|(output, path)| wit::OutputArtifact {
                name: output.name.clone(),
                path: path.clone(),
            })
            .collect(),
        scratch: mounts.scratch.clone(),
        continuation_token: job.continuation_token,
        attributes: job.attributes,
    }
}

pub(crate) fn answer(answer: Result<wit::Outcome, wit::Failure>) -> Result<Outcome, Failure> {
    match answer {
        Ok(wit::Outcome::Succeeded(success)) => Ok(Outcome::Succeeded(Success {
            variables: success.variables,
            details: details(success.details),
            current_revision: success.current_revision.map(|current| CurrentRevision {
                revision: current.revision,
                change_identifier: current.change_identifier,
                created: current.created,
                summary: current.summary,
            }),
        })),
        Ok(wit::Outcome::InProgress(next)) => Ok(Outcome::InProgress(Continuation {
            token: next.token,
            details: details(next.details),
        })),
        Err(failure) => Err(Failure {
            kind: kind(failure.kind),
            message: failure.message,
            external_execution_id: failure.external_execution_id,
        }),
    }
}

fn details(details: wit::ExecutionDetails) -> ExecutionDetails {
    ExecutionDetails {
        summary: details.summary,
        external_execution_id: details.external_execution_id,
        percent_complete: details.percent_complete,
    }
}

fn kind(kind: wit::FailureType) -> FailureKind {
    match kind {
        wit::FailureType::JobFailed => FailureKind::JobFailed,
        wit::FailureType::ConfigurationError => FailureKind::ConfigurationError,
        wit::FailureType::PermissionError => FailureKind::PermissionError,
        wit::FailureType::RevisionOutOfSync => FailureKind::RevisionOutOfSync,
        wit::FailureType::RevisionUnavailable => FailureKind::RevisionUnavailable,
        wit::FailureType::SystemUnavailable => FailureKind::SystemUnavailable,
    }
}
