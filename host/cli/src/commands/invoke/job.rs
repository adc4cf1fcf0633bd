//! The job file of `invoke`: the contract's job record in snake_case, everything optional.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use pipefitter_codepipeline::PipelineContext;
use serde::Deserialize;

/// What a job file may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct JobFile {
    pub(crate) id: Option<String>,
    pub(crate) account_id: Option<String>,
    pub(crate) configuration: BTreeMap<String, String>,
    pipeline: PipelineFile,
    pub(crate) continuation_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PipelineFile {
    pipeline: Option<String>,
    stage: Option<String>,
    action: Option<String>,
    pipeline_arn: Option<String>,
    pipeline_execution_id: Option<String>,
    action_execution_id: Option<String>,
}

impl JobFile {
    pub(crate) fn load(file: Option<&Path>) -> Result<Self> {
        let Some(file) = file else {
            return Ok(Self::default());
        };
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("could not read the job {}", file.display()))?;
        serde_json::from_str(&text).with_context(|| {
            format!(
                "{} is not a job: it takes id, account_id, configuration, pipeline and \
                 continuation_token, all optional",
                file.display()
            )
        })
    }

    /// Where the job stands; what the file leaves out is named after the command and the plugin.
    pub(crate) fn pipeline_context(&self, category: &str, plugin: &str) -> PipelineContext {
        let given = self.pipeline.clone();
        PipelineContext {
            pipeline: given.pipeline.unwrap_or_else(|| "invoke".to_owned()),
            stage: given.stage.unwrap_or_else(|| category.to_owned()),
            action: given.action.unwrap_or_else(|| plugin.to_owned()),
            pipeline_arn: given.pipeline_arn,
            pipeline_execution_id: given.pipeline_execution_id,
            action_execution_id: given.action_execution_id,
        }
    }
}
