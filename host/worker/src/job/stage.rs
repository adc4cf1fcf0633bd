//! Before the plugin runs: the job fits the plugin, its directories are there, its inputs in them.

use std::path::PathBuf;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use pipefitter_artifacts::{FetchRequest, Object, Unpack};
use pipefitter_codepipeline::FailureResult;
use pipefitter_plugins::{ArtifactCounts, Plugin, UnpackMode};
use pipefitter_sandbox::{InputDir, Level};

use crate::envelope;
use crate::message;

use super::brief::Brief;

/// Inputs fetched at a time.
const FETCHES: usize = 3;

/// Check the job and fetch its inputs.
pub(crate) async fn stage(brief: &Brief) -> Result<Vec<InputDir>, FailureResult> {
    match check_and_fetch(brief).await {
        Ok(inputs) => Ok(inputs),
        Err(failure) => {
            let message = brief.shown_quoting(&failure.message);
            let external_execution_id = Some(brief.log_name());
            Err(FailureResult {
                message,
                external_execution_id,
                ..failure
            }
            .checked())
        }
    }
}

async fn check_and_fetch(brief: &Brief) -> Result<Vec<InputDir>, FailureResult> {
    let info = &brief.parts.info;
    let Some(plugin) = &brief.parts.plugin else {
        return Err(message::no_plugin(&info.action_type));
    };
    check(brief, plugin)?;
    brief
        .dirs
        .make()
        .await
        .map_err(|error| message::local("make the job's directories", &error))?;
    let inputs = stream::iter(0..brief.parts.contents.inputs.len())
        .map(|position| fetch(brief, plugin, position))
        .buffered(FETCHES)
        .try_collect()
        .await?;
    Ok(inputs)
}

fn check(brief: &Brief, plugin: &Plugin) -> Result<(), FailureResult> {
    let contents = &brief.parts.contents;
    let action = &brief.parts.info.action;
    plugin
        .manifest
        .check_configuration(&brief.configuration())
        .map_err(|problems| message::configuration(action, &problems))?;
    let count = |kind: &str, given: usize, counts: ArtifactCounts| {
        if (counts.min as usize..=counts.max as usize).contains(&given) {
            Ok(())
        } else {
            Err(message::artifact_count(action, kind, given, counts))
        }
    };
    let manifest = &plugin.manifest;
    count("input", contents.inputs.len(), manifest.inputs.counts)?;
    count("output", contents.outputs.len(), manifest.outputs.counts)?;
    if let Some(token) = &contents.continuation {
        let _is_either = envelope::open(token.expose())
            .map_err(|problem| message::token(brief.plugin_name(), &problem))?;
    }
    if let Some(lost) = contents
        .inputs
        .iter()
        .chain(&contents.outputs)
        .find(|artifact| artifact.location.is_none())
    {
        return Err(message::no_location(&lost.name));
    }
    Ok(())
}

async fn fetch(brief: &Brief, plugin: &Plugin, position: usize) -> Result<InputDir, FailureResult> {
    let artifact = &brief.parts.contents.inputs[position];
    let Some(location) = &artifact.location else {
        return Err(message::no_location(&artifact.name));
    };
    let into: PathBuf = brief.dirs.inputs[position].clone();
    let fetched = brief
        .parts
        .stager
        .fetch(FetchRequest {
            name: artifact.name.clone(),
            object: Object {
                bucket: location.bucket.clone(),
                key: location.key.clone(),
            },
            unpack: match plugin.manifest.inputs.unpack(position) {
                UnpackMode::Auto => Unpack::Auto,
                UnpackMode::Never => Unpack::Never,
            },
            into: into.clone(),
            limits: brief.parts.unpack_limits,
            credentials: Arc::clone(&brief.parts.credentials),
        })
        .await
        .map_err(|error| message::artifact_failed(&error))?;
    let told = format!(
        "input `{}`: {} bytes fetched, {} entries with {} bytes placed",
        artifact.name, fetched.object_bytes, fetched.entries, fetched.bytes
    );
    brief.say(Level::Debug, &told).await;
    Ok(InputDir {
        name: artifact.name.clone(),
        host: into,
        file: fetched.file,
        revision: artifact.revision.clone(),
    })
}
