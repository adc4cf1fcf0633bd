//! Failures for runs that ended without an answer of the plugin's.

use std::fmt::Write as _;

use pipefitter_codepipeline::{FailureResult, FailureType, cut_utf16};
use pipefitter_plugins::toml_table::key;
use pipefitter_sandbox::{Fault, Isolation, Limit, LimitUnit, StopReason};

/// Where it happened, and what the log said last.
pub(crate) struct Scene<'a> {
    pub(crate) plugin: &'a str,
    pub(crate) isolation: Isolation,
    pub(crate) action: &'a str,
    pub(crate) pipeline: &'a str,
    /// Masked, oldest first.
    pub(crate) tail: &'a [String],
    /// The job's log.
    pub(crate) log: &'a str,
}

/// Quoted lines are cut to this, so that several fit into a message.
const LINE: usize = 300;

/// What a process said last is cut to this, so that lines of the log fit, too.
const WORDS: usize = 500;

/// What a run's fault tells the pipeline's owner.
pub(crate) fn fault(scene: &Scene<'_>, fault: &Fault) -> FailureResult {
    let (kind, what) = describe(fault);
    let mut message = format!(
        "{what} (plugin `{}`, action `{}` of pipeline `{}`)",
        scene.plugin, scene.action, scene.pipeline
    );
    message.push_str(advice(scene, fault).as_str());
    if let Fault::Trap { frames, .. } = fault
        && !frames.is_empty()
    {
        message.push_str("\nwhere, innermost first:");
        for frame in frames {
            let _ = write!(message, "\n  {}", cut_utf16(frame, LINE));
        }
    }
    if scene.tail.is_empty() {
        message.push_str("\nthe log is empty");
    } else {
        message.push_str("\nlast lines of the log:");
        for line in scene.tail {
            let _ = write!(message, "\n  {}", cut_utf16(line, LINE));
        }
    }
    FailureResult {
        kind,
        message,
        external_execution_id: Some(scene.log.to_owned()),
    }
}

fn describe(fault: &Fault) -> (FailureType, String) {
    match fault {
        Fault::Trap { what, .. } => (
            FailureType::JobFailed,
            format!("the plugin crashed: {what}"),
        ),
        Fault::Exited { success: true } => (
            FailureType::JobFailed,
            "the plugin called exit, with success, but gave no outcome".to_owned(),
        ),
        Fault::Exited { success: false } => (
            FailureType::JobFailed,
            "the plugin called exit with a failure and gave no outcome".to_owned(),
        ),
        Fault::Protocol(what) => (FailureType::JobFailed, format!("the plugin {what}")),
        Fault::Limit { limit, value } => (
            FailureType::JobFailed,
            format!("the plugin hit its {} of {value}", limit.words()),
        ),
        Fault::Start(why) => (
            FailureType::JobFailed,
            format!("the plugin could not be started: {why}"),
        ),
        Fault::Code(why) => (
            FailureType::SystemUnavailable,
            format!("the plugin was not started, since the worker has to compile it again: {why}"),
        ),
        Fault::Host(why) => (
            FailureType::SystemUnavailable,
            format!("the worker failed while the plugin ran: {why}"),
        ),
        Fault::Crashed(what) => (
            FailureType::JobFailed,
            format!("the plugin broke out of line: {}", cut_utf16(what, WORDS)),
        ),
        Fault::Interrupted(Some(StopReason::HandOver)) => (
            FailureType::SystemUnavailable,
            "the worker was shut down and the plugin did not hand over in time, so it was \
             interrupted"
                .to_owned(),
        ),
        Fault::Interrupted(_) => (
            FailureType::SystemUnavailable,
            "the worker was shut down, so the plugin was interrupted".to_owned(),
        ),
    }
}

fn advice(scene: &Scene<'_>, fault: &Fault) -> String {
    match fault {
        Fault::Limit {
            limit: Limit::Stack,
            ..
        } if scene.isolation == Isolation::Shared => format!(
            ". With `isolation = \"shared\"` every plugin has this stack, whatever `stack` says. If the work needs more, \
             the worker's operator takes that line out of [plugins.{}] in pipefitter.toml, and sets `stack` (such as \
             {}) under [plugins.{}.limits]",
            key(scene.plugin),
            example(Limit::Stack),
            key(scene.plugin)
        ),
        Fault::Limit { limit, .. } => format!(
            ". If the work needs more, the worker's operator sets `{}` (such as {}) under \
             [plugins.{}.limits] in pipefitter.toml",
            limit.key(),
            example(*limit),
            key(scene.plugin)
        ),
        Fault::Trap { .. } | Fault::Exited { .. } | Fault::Protocol(_) | Fault::Crashed(_) => {
            ". This is a fault of the plugin or of what it was given: its author can tell from the log"
                .to_owned()
        }
        Fault::Start(_) => ". The worker's operator has to look at the plugin and its grants".to_owned(),
        Fault::Code(_) => {
            ". The worker does that by itself: retry the stage in a minute. If nobody emptied the cache, its operator \
             has to find out who changed it"
                .to_owned()
        }
        Fault::Host(_) => ". Retry the stage; if it happens again, tell the worker's operator".to_owned(),
        Fault::Interrupted(_) => ". Retry the stage".to_owned(),
    }
}

/// Twice the default, as it is written: what somebody may try first.
fn example(limit: Limit) -> String {
    let twice = limit.default_value() * 2;
    match limit.unit() {
        LimitUnit::Duration => format!("\"{}m\"", twice.div_ceil(60_000)),
        LimitUnit::Size if twice >= 1 << 20 => format!("\"{}MiB\"", twice >> 20),
        LimitUnit::Size => format!("\"{}KiB\"", twice >> 10),
        LimitUnit::Count => twice.to_string(),
    }
}
