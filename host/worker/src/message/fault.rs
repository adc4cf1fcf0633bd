//! Failures for runs that ended without an answer of the plugin's.

use std::fmt::Write as _;

use pipefitter_codepipeline::{FailureResult, FailureType, cut_utf16};
use pipefitter_sandbox::{Fault, Limit, StopReason};

/// Where it happened, and what the log said last.
pub(crate) struct Scene<'a> {
    pub(crate) plugin: &'a str,
    pub(crate) action: &'a str,
    pub(crate) pipeline: &'a str,
    /// Masked, oldest first.
    pub(crate) tail: &'a [String],
    /// The job's log.
    pub(crate) log: &'a str,
}

/// Quoted lines are cut to this, so that several fit into a message.
const LINE: usize = 300;

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
        Fault::Limit { limit, value } => (
            FailureType::JobFailed,
            format!("the plugin hit its {} of {value}", limit_name(*limit)),
        ),
        Fault::Start(why) => (
            FailureType::JobFailed,
            format!("the plugin could not be started: {why}"),
        ),
        Fault::Host(why) => (
            FailureType::SystemUnavailable,
            format!("the worker failed while the plugin ran: {why}"),
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

fn limit_name(limit: Limit) -> &'static str {
    match limit {
        Limit::WallTime => "time limit",
        Limit::CpuTime => "limit on processor time",
        Limit::Memory => "limit on memory",
        Limit::Instances => "limit on instances, memories and tables",
        Limit::Stack => "limit on the stack",
        Limit::HostcallData => "limit on data handed to the host in one call",
        Limit::Handles => "limit on open handles",
        Limit::DiskBytes => "limit on bytes in files",
        Limit::Files => "limit on files",
        Limit::FileBytes => "limit on the size of a file",
        Limit::Depth => "limit on the depth of directories",
        Limit::OpenFiles => "limit on open files",
        Limit::DirectoryStreams => "limit on directories being listed",
    }
}

fn advice(scene: &Scene<'_>, fault: &Fault) -> String {
    let setting = |key: &str, example: &str| {
        format!(
            ". If the work needs more, the worker's operator sets `{key}` (such as {example}) under \
             [plugins.{}.limits] in pipefitter.toml",
            scene.plugin
        )
    };
    match fault {
        Fault::Limit {
            limit: Limit::WallTime,
            ..
        } => setting("wall", "\"30m\""),
        Fault::Limit {
            limit: Limit::CpuTime,
            ..
        } => setting("cpu", "\"10m\""),
        Fault::Limit {
            limit: Limit::Memory,
            ..
        } => setting("memory", "\"512MiB\""),
        Fault::Limit { .. } => ". This limit is not a setting: the plugin has to use less".to_owned(),
        Fault::Trap { .. } | Fault::Exited { .. } => {
            ". This is a fault of the plugin or of what it was given: its author can tell from the log"
                .to_owned()
        }
        Fault::Start(_) => ". The worker's operator has to look at the plugin and its grants".to_owned(),
        Fault::Host(_) => ". Retry the stage; if it happens again, tell the worker's operator".to_owned(),
        Fault::Interrupted(_) => ". Retry the stage".to_owned(),
    }
}
