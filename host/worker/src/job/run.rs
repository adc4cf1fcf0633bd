//! The run: a spec of plain data to the runner, lines and progress to the sink, a verdict back.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use pipefitter_codepipeline::{Owner, cut_utf16};
use pipefitter_egress::EgressUsage;
use pipefitter_sandbox::{
    ActionType, CodeRef, CommandDir, Fault, InputDir, Job, JobControl, JobSpec, Level, Outcome,
    OutputDir, PipelineContext, Usage, VerdictKind,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::life::RunEnd;
use crate::message;
use crate::status::millis;

use super::brief::Brief;
use super::conclude::conclude;
use super::log::{self, Item};
use super::network;
use super::secrets;
use super::sink::Sink;

/// How much of dropped variables' names is told, in UTF-16 code units.
const SHOWN_NAMES: usize = 500;

/// What a run used, and whether one of its limits ended it.
#[derive(Debug)]
pub(crate) struct Used {
    pub(crate) usage: Usage,
    /// Of a job with a way to the network.
    pub(crate) network: Option<EgressUsage>,
    pub(crate) limit: bool,
}

/// Run the plugin once.
pub(crate) async fn run(
    brief: Arc<Brief>,
    inputs: Vec<InputDir>,
    attempt: u32,
    control: JobControl,
) -> (RunEnd, Option<Used>) {
    let Some(spec) = spec(&brief, inputs, attempt) else {
        let failure = message::no_plugin(&brief.parts.info.action_type);
        return (RunEnd::Failed(Box::new(failure)), None);
    };
    let attached = match secrets::attached(&brief).await {
        Ok(attached) => attached,
        Err(failure) => return (RunEnd::Failed(Box::new(failure.checked())), None),
    };
    let told = format!("plugin `{}` runs, attempt {attempt}", spec.plugin);
    brief.say(Level::Debug, &told).await;
    let (lines, written) = mpsc::unbounded_channel();
    let (connections, connected) = mpsc::unbounded_channel();
    let sink = Arc::new(Sink {
        brief: Arc::clone(&brief),
        lines: lines.clone(),
        connections,
    });
    let code = spec.code.path.clone();
    let met = identity(code.clone()).await;
    let ended = CancellationToken::new();
    let serving = network::serve(&brief, connected, lines.clone(), ended.clone(), attached);
    let runner = Arc::clone(&brief.parts.runner);
    let running = async move {
        let verdict = runner.run(spec, control, sink).await;
        ended.cancel();
        // The writer is there until it is told; if it is not, nobody needs to be.
        let _ = lines.send(Item::End);
        verdict
    };
    let writing = log::write(
        &brief.parts.info.log,
        brief.parts.settings.limits.log(),
        written,
    );
    let (verdict, reached, tail) = tokio::join!(running, serving, writing);
    let usage = &verdict.usage;
    let told = format!(
        "run ended after {:.1?}: {:.1?} of processor time, {} MiB of memory and {} KiB on disk at most, {} KiB of log, \
         {} KiB of it dropped",
        usage.wall,
        usage.cpu,
        usage.memory_peak.div_ceil(1 << 20),
        usage.disk_peak.div_ceil(1 << 10),
        (usage.log_bytes + usage.log_dropped).div_ceil(1 << 10),
        usage.log_dropped.div_ceil(1 << 10),
    );
    brief.say(Level::Debug, &told).await;
    if let Some(reached) = &reached {
        let told = format!(
            "network: {} requests, {} refused, {} bytes sent, {} received",
            reached.requests, reached.denied, reached.request_bytes, reached.response_bytes
        );
        brief.say(Level::Debug, &told).await;
    }
    let used = Used {
        usage: usage.clone(),
        network: reached,
        limit: matches!(verdict.kind, VerdictKind::Fault(Fault::Limit { .. })),
    };
    tracing::debug!(
        plugin = brief.plugin_name(),
        job = %brief.parts.info.job,
        wall_ms = millis(usage.wall),
        cpu_ms = millis(usage.cpu),
        memory_peak = usage.memory_peak,
        disk_peak = usage.disk_peak,
        log_bytes = usage.log_bytes,
        log_dropped = usage.log_dropped,
        "a plugin ran"
    );
    if matches!(verdict.kind, VerdictKind::Fault(Fault::Code(_))) {
        forget_code(&brief, code, met).await;
    }
    let kind = without_variables(&brief, verdict.kind).await;
    (conclude(&brief, kind, &tail), Some(used))
}

/// Code that is not to be used goes: at its next look the plugins directory misses it, and has it compiled again.
///
/// Only the file that this run met: it may have been compiled again meanwhile, under the same name.
async fn forget_code(brief: &Brief, code: PathBuf, met: Option<Identity>) {
    tracing::error!(
        plugin = brief.plugin_name(),
        code = %code.display(),
        "the plugin's compiled code is gone or was changed: it is compiled again"
    );
    if met.is_none() || identity(code.clone()).await != met {
        return;
    }
    match tokio::fs::remove_file(&code).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::error!(code = %code.display(), %error, "the compiled code cannot be removed");
        }
        _ => {}
    }
}

/// Device, inode, and when it was made: the next file may have the inode of one that was removed.
type Identity = (u64, u64, Option<SystemTime>);

/// Which file this is; nothing where there is none, or nobody can tell.
async fn identity(path: PathBuf) -> Option<Identity> {
    let found = tokio::fs::symlink_metadata(path).await.ok()?;
    Some((found.dev(), found.ino(), found.created().ok()))
}

/// A partner's action has no output variables: they are dropped before they can break a rule for them.
async fn without_variables(brief: &Brief, kind: VerdictKind) -> VerdictKind {
    let VerdictKind::Answered(Ok(Outcome::Succeeded(mut success))) = kind else {
        return kind;
    };
    if brief.parts.owner == Owner::ThirdParty && !success.variables.is_empty() {
        let variables = std::mem::take(&mut success.variables);
        let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
        let told = format!(
            "output variables are dropped, since a partner's action has none: {}",
            cut_utf16(&brief.shown(&names.join(", ")), SHOWN_NAMES)
        );
        brief.say(Level::Warn, &told).await;
    }
    VerdictKind::Answered(Ok(Outcome::Succeeded(success)))
}

fn spec(brief: &Brief, inputs: Vec<InputDir>, attempt: u32) -> Option<JobSpec> {
    let parts = &brief.parts;
    let contents = &parts.contents;
    let plugin = parts.plugin.as_ref()?;
    let key = plugin.manifest.key();
    let outputs = contents
        .outputs
        .iter()
        .zip(&brief.dirs.outputs)
        .map(|(artifact, host)| OutputDir {
            name: artifact.name.clone(),
            host: host.clone(),
        })
        .collect();
    Some(JobSpec {
        code: CodeRef {
            id: plugin.prepared.code_id.clone(),
            path: plugin.prepared.code_path.clone(),
        },
        plugin: plugin.name.clone(),
        job: Job {
            id: parts.claim.job.clone(),
            attempt,
            account_id: contents.account.clone(),
            action_type: ActionType {
                category: key.category.clone(),
                owner: parts.owner.to_string(),
                provider: key.provider.clone(),
                version: key.version.clone(),
            },
            configuration: brief.configuration().into_iter().collect(),
            pipeline: PipelineContext {
                pipeline: contents.pipeline.pipeline.clone(),
                stage: contents.pipeline.stage.clone(),
                action: contents.pipeline.action.clone(),
                pipeline_arn: contents.pipeline.pipeline_arn.clone(),
                pipeline_execution_id: contents.pipeline.pipeline_execution_id.clone(),
                action_execution_id: contents.pipeline.action_execution_id.clone(),
            },
            continuation_token: parts.chain.token.clone(),
            attributes: vec![("region".to_owned(), parts.region.clone())],
        },
        inputs,
        outputs,
        command: plugin.prepared.command.then(|| CommandDir {
            host: brief.dirs.command.clone(),
            without: plugin
                .manifest
                .secret_properties()
                .map(str::to_owned)
                .collect(),
        }),
        scratch: parts.settings.scratch.then(|| brief.dirs.scratch.clone()),
        directories: parts.settings.directories.clone(),
        limits: parts.settings.limits.clone(),
        isolation: parts.settings.isolation,
        network: !parts.settings.network.is_empty(),
        secrets: !parts.settings.secrets.is_empty(),
        fixed: parts.settings.fixed,
    })
}
