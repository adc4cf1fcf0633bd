//! From a verdict to what is reported: without secrets, checked against the service's limits, in the words of
//! a failure where the plugin gave no answer or one that cannot be taken.
//!
//! | what a plugin returns | a secret in it |
//! |---|---|
//! | output variable, its name or value | fails the job, named |
//! | continuation token | fails the job |
//! | summary, failure message, summary of a revision | is masked, as are nonces and tokens |
//! | external execution id, revision, change identifier | is masked |
//!
//! A later action would take a masked variable for the value, and a masked token would lead the next job
//! astray: these two are worth a failure. All is masked before it is cut to the service's lengths.

use std::collections::BTreeMap;
use std::sync::Arc;

use pipefitter_codepipeline::{
    ContinuationToken, CurrentRevision, ExecutionDetails, FailureResult, FailureType,
    SuccessResult, clean_text,
};
use pipefitter_sandbox as sandbox;
use pipefitter_sandbox::{FailureKind, Fault, Outcome, VerdictKind};

use crate::envelope;
use crate::life::RunEnd;
use crate::message::{self, Scene};

use super::brief::Brief;

/// What the verdict comes to.
pub(crate) fn conclude(brief: &Brief, verdict: VerdictKind, tail: &[String]) -> RunEnd {
    match verdict {
        VerdictKind::Answered(Ok(Outcome::Succeeded(success))) => match succeeded(brief, success) {
            Ok(result) => RunEnd::Success(Box::new(result)),
            Err(failure) => failed(brief, failure),
        },
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
                isolation: brief.parts.settings.isolation,
                action: &info.action,
                pipeline: &info.pipeline,
                tail,
                log: &log,
            };
            failed(brief, message::fault(&scene, &masked(brief, fault)))
        }
    }
}

/// What a fault quotes of a guest is masked before the message cuts it.
fn masked(brief: &Brief, fault: Fault) -> Fault {
    match fault {
        Fault::Crashed(what) => Fault::Crashed(brief.shown_quoting(&what)),
        Fault::Trap { what, frames } => Fault::Trap {
            what: brief.shown_quoting(&what),
            frames: frames.iter().map(|frame| brief.shown(frame)).collect(),
        },
        other => other,
    }
}

fn succeeded(brief: &Brief, success: sandbox::Success) -> Result<SuccessResult, FailureResult> {
    let refused = |what: &dyn std::fmt::Display| message::result_field(brief.plugin_name(), what);
    let mut variables = BTreeMap::new();
    for (name, value) in success.variables {
        if let Some(origin) = found(brief, &name) {
            let what = "the name of an output variable";
            return Err(message::secret_shown(brief.plugin_name(), what, &origin));
        }
        let shown = clean_text(&name);
        if let Some(origin) = found(brief, &value) {
            let what = format!("output variable `{shown}`");
            return Err(message::secret_shown(brief.plugin_name(), &what, &origin));
        }
        if variables.insert(name, value).is_some() {
            return Err(refused(&format!(
                "outputVariables has the name `{shown}` more than once"
            )));
        }
    }
    let current_revision = success.current_revision.map(|revision| CurrentRevision {
        revision: reference(brief, &revision.revision),
        change_identifier: reference(brief, &revision.change_identifier),
        created: revision.created,
        summary: revision.summary.map(|summary| brief.shown(&summary)),
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
    if let Some(origin) = found(brief, &continuation.token) {
        // It passes verbatim, and both CodePipeline and the journal keep it.
        let what = "the continuation token";
        return Err(message::secret_shown(plugin, what, &origin));
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

/// What the plugin does not say at the end is what it said last on its way: CodePipeline has no other moment to
/// learn of it.
fn details(brief: &Brief, details: sandbox::ExecutionDetails) -> ExecutionDetails {
    let (percent, said) = brief.last_said().unwrap_or_default();
    ExecutionDetails {
        summary: details
            .summary
            .map(|summary| brief.shown(&summary))
            .or(Some(said).filter(|said| !said.is_empty())),
        external_execution_id: Some(external_id(brief, details.external_execution_id)),
        percent_complete: details.percent_complete.or(percent),
    }
}

/// The plugin's own, or the one that leads to the log.
fn external_id(brief: &Brief, given: Option<String>) -> String {
    given
        .map(|id| brief.masker.mask_reference(&clean_text(&id)).into_owned())
        .filter(|id| !id.trim().is_empty())
        .unwrap_or_else(|| brief.log_name())
}

/// What passes as it is, if it may: a secret counts with control codes in the middle of it, too.
fn found(brief: &Brief, text: &str) -> Option<Arc<str>> {
    let masker = &brief.masker;
    masker
        .found(text)
        .or_else(|| masker.found(&clean_text(text)))
}

/// What means something to a machine stays as it is, where there is nothing to hide.
fn reference(brief: &Brief, text: &str) -> String {
    match found(brief, text) {
        None => text.to_owned(),
        Some(_) => {
            let without = brief.masker.mask_reference(text);
            brief
                .masker
                .mask_reference(&clean_text(&without))
                .into_owned()
        }
    }
}

fn failed(brief: &Brief, failure: FailureResult) -> RunEnd {
    let failure = FailureResult {
        kind: failure.kind,
        message: brief.shown(&failure.message),
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
