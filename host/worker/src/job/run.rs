//! The run: a spec of plain data to the runner, lines and progress to the sink, a verdict back.

use std::sync::Arc;

use pipefitter_codepipeline::Owner;
use pipefitter_sandbox::{
    ActionType, CodeRef, InputDir, Job, JobControl, JobSpec, Level, OutputDir, PipelineContext,
};
use tokio::sync::mpsc;

use crate::life::RunEnd;
use crate::message;

use super::brief::Brief;
use super::conclude::conclude;
use super::log::{self, Item};
use super::sink::Sink;

/// Run the plugin once.
pub(crate) async fn run(
    brief: Arc<Brief>,
    inputs: Vec<InputDir>,
    attempt: u32,
    control: JobControl,
) -> RunEnd {
    let Some(spec) = spec(&brief, inputs, attempt) else {
        let failure = message::no_plugin(&brief.parts.info.action_type);
        return RunEnd::Failed(Box::new(failure));
    };
    let told = format!("plugin `{}` runs, attempt {attempt}", spec.plugin);
    brief.say(Level::Debug, &told).await;
    let (lines, written) = mpsc::unbounded_channel();
    let sink = Arc::new(Sink {
        brief: Arc::clone(&brief),
        lines: lines.clone(),
    });
    let runner = Arc::clone(&brief.parts.runner);
    let running = async move {
        let verdict = runner.run(spec, control, sink).await;
        // The writer is there until it is told; if it is not, nobody needs to be.
        let _ = lines.send(Item::End);
        verdict
    };
    let writing = log::write(
        &brief.parts.info.log,
        brief.parts.settings.limits.log_bytes,
        written,
    );
    let (verdict, tail) = tokio::join!(running, writing);
    let usage = &verdict.usage;
    let told = format!(
        "run ended after {:.1?}: {:.1?} of processor time, {} MiB of memory at most",
        usage.wall,
        usage.cpu,
        usage.memory_peak.div_ceil(1 << 20)
    );
    brief.say(Level::Debug, &told).await;
    conclude(&brief, verdict.kind, &tail)
}

fn spec(brief: &Brief, inputs: Vec<InputDir>, attempt: u32) -> Option<JobSpec> {
    let parts = &brief.parts;
    let contents = &parts.contents;
    let plugin = parts.plugin.as_ref()?;
    let key = plugin.manifest.key();
    let owner = contents
        .action_type
        .as_ref()
        .map_or(Owner::Custom, |action_type| action_type.owner);
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
                owner: owner.to_string(),
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
        scratch: parts.settings.scratch.then(|| brief.dirs.scratch.clone()),
        directories: parts.settings.directories.clone(),
        limits: parts.settings.limits.clone(),
    })
}
