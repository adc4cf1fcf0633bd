//! The pipeline that `dev` runs: the user's file, or one made from the plugins.
//!
//! A pipeline is kept as the JSON that `aws codepipeline create-pipeline --cli-input-json` takes, since
//! that is what a user has, edits, and takes along to AWS.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use pipefitter_plugins::{Catalogue, Plugin};
use serde_json::{Value, json};

/// What `dev` calls its own buckets and objects.
pub(crate) const SOURCE_BUCKET: &str = "pipefitter-source";
pub(crate) const SOURCE_KEY: &str = "source.zip";
const ARTIFACT_BUCKET: &str = "pipefitter-artifacts";
/// Stands where only the user knows the value.
const FILL_IN: &str = "FILL-IN";

/// A pipeline's definition and what `dev` must prepare for it.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    /// The `pipeline` member, and `tags` where there are any.
    pub(crate) input: Value,
    /// Its name.
    pub(crate) name: String,
    /// The bucket of its artifacts.
    pub(crate) artifact_bucket: String,
    /// The S3 source actions: bucket and key.
    pub(crate) sources: Vec<(String, String)>,
    /// A new object starts an execution, so that none needs to be started by hand.
    pub(crate) polls_for_changes: bool,
}

impl Pipeline {
    /// Read the parts that `dev` needs; everything else is the service's to judge.
    pub(crate) fn from_json(input: Value) -> Result<Self> {
        let pipeline = &input["pipeline"];
        if !pipeline.is_object() {
            bail!(
                "there is no `pipeline` in it: it takes the form that `aws codepipeline \
                 create-pipeline --cli-input-json` does, {{\"pipeline\": {{\"name\": ...}}}}"
            );
        }
        let name = pipeline["name"]
            .as_str()
            .context("`pipeline.name` is missing")?
            .to_owned();
        let artifact_bucket = pipeline["artifactStore"]["location"]
            .as_str()
            .context("`pipeline.artifactStore.location` is missing: the bucket of its artifacts")?
            .to_owned();
        let s3_sources: Vec<&Value> = actions(pipeline)
            .filter(|action| {
                let kind = &action["actionTypeId"];
                kind["category"] == "Source" && kind["owner"] == "AWS" && kind["provider"] == "S3"
            })
            .collect();
        let polls_for_changes = s3_sources
            .iter()
            .any(|action| action["configuration"]["PollForSourceChanges"] != "false");
        let sources = s3_sources
            .iter()
            .filter_map(|action| {
                let configuration = &action["configuration"];
                Some((
                    configuration["S3Bucket"].as_str()?.to_owned(),
                    configuration["S3ObjectKey"].as_str()?.to_owned(),
                ))
            })
            .collect();
        Ok(Self {
            name,
            artifact_bucket,
            sources,
            polls_for_changes,
            input,
        })
    }

    pub(crate) fn load(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("could not read the pipeline {}", file.display()))?;
        let input = serde_json::from_str(&text)
            .with_context(|| format!("{} is not JSON", file.display()))?;
        let missing = unfilled(&input);
        if !missing.is_empty() {
            bail!(
                "the pipeline {} still says {FILL_IN} where only you know the value: {}",
                file.display(),
                missing.join(", ")
            );
        }
        Self::from_json(input).with_context(|| format!("the pipeline {}", file.display()))
    }
}

fn actions(pipeline: &Value) -> impl Iterator<Item = &Value> {
    let stages = pipeline["stages"].as_array().into_iter().flatten();
    stages.flat_map(|stage| stage["actions"].as_array().into_iter().flatten())
}

/// A pipeline of one stage for each plugin: a Source, then Build, Test, Deploy and Invoke. Each plugin gets
/// the artifacts made last. What only the user knows is marked; see [`unfilled`].
pub(crate) fn made_from(catalogue: &Catalogue) -> Value {
    let mut plugins: Vec<&Plugin> = catalogue
        .plugins()
        .map(std::convert::AsRef::as_ref)
        .collect();
    plugins.sort_by_key(|plugin| {
        (
            order(&plugin.manifest.action.key.category),
            plugin.name.clone(),
        )
    });
    let mut artifacts = vec!["Source".to_owned()];
    let mut stages = vec![source_stage()];
    let mut names: BTreeMap<String, u32> = BTreeMap::new();
    for plugin in plugins {
        let action = &plugin.manifest.action;
        let seen = names.entry(action.key.provider.clone()).or_default();
        *seen += 1;
        let name = match *seen {
            1 => action.key.provider.clone(),
            again => format!("{}{again}", action.key.provider),
        };
        let inputs = &plugin.manifest.inputs;
        let wanted = usize::try_from(inputs.counts.max.max(inputs.counts.min)).unwrap_or(0);
        let taken: Vec<Value> = artifacts
            .iter()
            .rev()
            .take(wanted)
            .map(|artifact| json!({ "name": artifact }))
            .collect();
        let made = plugin.manifest.outputs.counts.min;
        let outputs: Vec<String> = (1..=made)
            .map(|at| {
                if made == 1 {
                    format!("{name}Output")
                } else {
                    format!("{name}Output{at}")
                }
            })
            .collect();
        let configuration: serde_json::Map<String, Value> = plugin
            .manifest
            .properties
            .iter()
            .filter(|property| property.required)
            .map(|property| (property.name.clone(), Value::from(FILL_IN)))
            .collect();
        stages.push(json!({
            "name": name,
            "actions": [{
                "name": name,
                "actionTypeId": {
                    "category": action.key.category,
                    "owner": "Custom",
                    "provider": action.key.provider,
                    "version": action.key.version
                },
                "runOrder": 1,
                "configuration": configuration,
                "inputArtifacts": taken,
                "outputArtifacts":
                    outputs.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>()
            }]
        }));
        artifacts.extend(outputs);
    }
    json!({
        "pipeline": {
            "name": "dev",
            "roleArn": "arn:aws:iam::000000000000:role/pipefitter-dev",
            "artifactStore": { "type": "S3", "location": ARTIFACT_BUCKET },
            "pipelineType": "V2",
            "stages": stages
        }
    })
}

/// Give the actions of a made pipeline their configuration, all but its source's.
pub(crate) fn configure(made: &mut Value, configuration: &BTreeMap<String, String>) {
    let stages = made["pipeline"]["stages"].as_array_mut();
    let actions = stages.into_iter().flatten().skip(1);
    for action in actions.flat_map(|stage| stage["actions"].as_array_mut().into_iter().flatten()) {
        for (name, value) in configuration {
            action["configuration"][name] = value.as_str().into();
        }
    }
}

fn order(category: &str) -> u8 {
    match category {
        "Source" => 0,
        "Build" => 1,
        "Test" => 2,
        "Deploy" => 3,
        _ => 4,
    }
}

fn source_stage() -> Value {
    json!({
        "name": "Source",
        "actions": [{
            "name": "Source",
            "actionTypeId":
                { "category": "Source", "owner": "AWS", "provider": "S3", "version": "1" },
            "runOrder": 1,
            "namespace": "Source",
            "configuration": {
                "S3Bucket": SOURCE_BUCKET,
                "S3ObjectKey": SOURCE_KEY,
                "PollForSourceChanges": "true"
            },
            "inputArtifacts": [],
            "outputArtifacts": [{ "name": "Source" }]
        }]
    })
}

/// Configuration of a made pipeline that only the user can give and has not yet, as `action.key`.
pub(crate) fn unfilled(pipeline: &Value) -> Vec<String> {
    actions(&pipeline["pipeline"])
        .flat_map(|action| {
            let name = action["name"].as_str().unwrap_or_default();
            let configuration = action["configuration"].as_object().into_iter().flatten();
            configuration
                .filter(|(_, value)| *value == FILL_IN)
                .map(move |(key, _)| format!("{name}.{key}"))
        })
        .collect()
}
