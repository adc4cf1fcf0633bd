//! From a verdict to what is reported: masked, checked against the service's limits, in the words of a
//! failure where the plugin gave no answer or one that cannot be taken.

use std::collections::BTreeMap;

use pipefitter_codepipeline::{
    ContinuationToken, CurrentRevision, ExecutionDetails, FailureResult, FailureType,
    SuccessResult, clean_text,
};
use pipefitter_sandbox as sandbox;
use pipefitter_sandbox::{FailureKind, Outcome, VerdictKind};

use crate::envelope;
use crate::life::RunEnd;
use crate::message::{self, Scene};

use super::brief::Brief;

/// What the verdict comes to, and what the log should say about it.
pub(crate) fn conclude(
    brief: &Brief,
    verdict: VerdictKind,
    tail: &[String],
) -> (RunEnd, Vec<String>) {
    let mut notes = Vec::new();
    let end = match verdict {
        VerdictKind::Answered(Ok(Outcome::Succeeded(success))) => {
            match succeeded(brief, success, &mut notes) {
                Ok(result) => RunEnd::Success(Box::new(result)),
                Err(failure) => failed(brief, failure),
            }
        }
        VerdictKind::Answered(Ok(Outcome::InProgress(continuation))) => {
            match continued(brief, continuation) {
                Ok(result) => RunEnd::Continue(Box::new(result)),
                Err(failure) => failed(brief, failure),
            }
        }
        VerdictKind::Answered(Err(failure)) => failed(
            brief,
            FailureResult {
                kind: failure_type(failure.kind),
                message: failure.message,
                external_execution_id: failure.external_execution_id,
            },
        ),
        VerdictKind::Fault(fault) => {
            let info = &brief.parts.info;
            let log = brief.log_name();
            let scene = Scene {
                plugin: &info.plugin,
                action: &info.action,
                pipeline: &info.pipeline,
                tail,
                log: &log,
            };
            failed(brief, message::fault(&scene, &fault))
        }
    };
    (end, notes)
}

fn succeeded(
    brief: &Brief,
    success: sandbox::Success,
    notes: &mut Vec<String>,
) -> Result<SuccessResult, FailureResult> {
    let refused = |what: &dyn std::fmt::Display| message::result_field(brief.plugin_name(), what);
    let mut variables = BTreeMap::new();
    for (name, value) in success.variables {
        if brief.secrets.finds(&value) {
            notes.push(format!(
                "output variable `{}` holds a secret: it is shown in the console, so it was masked",
                clean_text(&name)
            ));
        }
        let value = brief.secrets.mask(&value).into_owned();
        let shown = clean_text(&name);
        if variables.insert(name, value).is_some() {
            return Err(refused(&format!(
                "outputVariables has the name `{shown}` more than once"
            )));
        }
    }
    let current_revision = success.current_revision.map(|revision| CurrentRevision {
        revision: brief.secrets.mask(&revision.revision).into_owned(),
        change_identifier: brief.secrets.mask(&revision.change_identifier).into_owned(),
        created: revision.created,
        summary: revision.summary.map(|summary| prose(brief, &summary)),
    });
    let result = SuccessResult {
        continuation: None,
        details: details(brief, success.details),
        variables,
        current_revision,
    };
    result.checked().map_err(|field| refused(&field))
}

fn continued(
    brief: &Brief,
    continuation: sandbox::Continuation,
) -> Result<SuccessResult, FailureResult> {
    let plugin = brief.plugin_name();
    envelope::check_plugin_token(&continuation.token)
        .map_err(|problem| message::token(plugin, &problem))?;
    if brief.secrets.finds(&continuation.token) {
        // It passes verbatim, and both CodePipeline and the journal keep it.
        return Err(message::token(
            plugin,
            &"the continuation token holds a secret of the action's configuration, and CodePipeline \
              stores tokens in clear",
        ));
    }
    let result = SuccessResult {
        continuation: Some(ContinuationToken::new(continuation.token)),
        details: details(brief, continuation.details),
        ..SuccessResult::default()
    };
    result
        .checked()
        .map_err(|field| message::result_field(plugin, &field))
}

fn details(brief: &Brief, details: sandbox::ExecutionDetails) -> ExecutionDetails {
    ExecutionDetails {
        summary: details.summary.map(|summary| prose(brief, &summary)),
        external_execution_id: Some(external_id(brief, details.external_execution_id)),
        percent_complete: details.percent_complete,
    }
}

/// The plugin's own, or the one that leads to the log.
fn external_id(brief: &Brief, given: Option<String>) -> String {
    given
        .map(|id| brief.secrets.mask(&clean_text(&id)).into_owned())
        .filter(|id| !id.trim().is_empty())
        .unwrap_or_else(|| brief.log_name())
}

/// Cleaned first: a control code in the middle of a secret would hide it from the masker.
fn prose(brief: &Brief, text: &str) -> String {
    brief.prose.mask(&clean_text(text)).into_owned()
}

fn failed(brief: &Brief, failure: FailureResult) -> RunEnd {
    let failure = FailureResult {
        kind: failure.kind,
        message: prose(brief, &failure.message),
        external_execution_id: Some(external_id(brief, failure.external_execution_id)),
    };
    RunEnd::Failed(Box::new(failure.checked()))
}

fn failure_type(kind: FailureKind) -> FailureType {
    match kind {
        FailureKind::JobFailed => FailureType::JobFailed,
        FailureKind::ConfigurationError => FailureType::ConfigurationError,
        FailureKind::PermissionError => FailureType::PermissionError,
        FailureKind::RevisionOutOfSync => FailureType::RevisionOutOfSync,
        FailureKind::RevisionUnavailable => FailureType::RevisionUnavailable,
        FailureKind::SystemUnavailable => FailureType::SystemUnavailable,
    }
}
