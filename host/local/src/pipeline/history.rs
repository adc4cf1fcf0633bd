//! ListActionExecutions: what actions did, newest first.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::engine::Engine;
use super::error::ApiError;
use super::event::{ArtifactLocation, Status};
use super::executions::{error, present};
use super::operation::ListActionExecutions;
use super::page::{self, Page};
use super::state::{Run, epoch};

impl Engine {
    pub(super) fn list_action_executions(
        &self,
        request: &ListActionExecutions,
    ) -> Result<Value, ApiError> {
        let name = &request.pipeline_name;
        let pipeline = self.pipeline(name)?;
        let filter = request.filter.as_ref();
        let latest = filter.and_then(|filter| filter.latest_in_pipeline_execution.as_ref());
        let wanted = latest
            .map(|latest| &latest.pipeline_execution_id)
            .or_else(|| filter?.pipeline_execution_id.as_ref());
        // Of an action that a retry began again, the latest only.
        let is_latest_only = latest.is_some_and(|latest| latest.start_time_range == "Latest");
        let mut told = HashSet::new();
        if let Some(id) = wanted {
            self.execution(name, id)?;
        }
        let newest_first: Vec<_> = pipeline
            .executions
            .iter()
            .rev()
            .filter(|id| wanted.is_none_or(|wanted| wanted == *id))
            .filter_map(|id| self.executions.get(id))
            .flat_map(|execution| execution.runs.iter().rev())
            .filter_map(|run| self.runs.get(run))
            .filter(|run| !is_latest_only || told.insert((&run.stage_name, &run.declared.name)))
            .collect();
        let Page { items, next } = page::cut(
            newest_first,
            request.next_token.as_deref(),
            request.max_results,
        )?;
        let details: Vec<_> = items.into_iter().map(|run| self.run_detail(run)).collect();
        Ok(page::answer("actionExecutionDetails", json!(details), next))
    }

    fn run_detail(&self, run: &Run) -> Value {
        let kind = self.known_type(&run.declared.action_type_id);
        let masked = |configuration| kind.map(|kind| kind.mask(configuration));
        let artifact = |location: &ArtifactLocation| {
            json!({
                "name": location.name,
                "s3location": { "bucket": location.bucket, "key": location.key },
            })
        };
        let has_succeeded = run.status == Status::Succeeded;
        let outputs: Vec<_> = if has_succeeded {
            run.outputs.iter().map(artifact).collect()
        } else {
            Vec::new()
        };
        let result = present([
            (
                "externalExecutionId",
                json!(run.details.external_execution_id),
            ),
            ("externalExecutionSummary", json!(run.details.summary)),
            ("externalExecutionUrl", json!(self.execution_url(run))),
            ("errorDetails", error(run.error.as_ref())),
        ]);
        present([
            ("pipelineExecutionId", json!(run.execution)),
            ("actionExecutionId", json!(run.id)),
            ("pipelineVersion", json!(run.version)),
            ("stageName", json!(run.stage_name)),
            ("actionName", json!(run.declared.name)),
            ("startTime", json!(epoch(run.started))),
            ("lastUpdateTime", json!(epoch(run.updated))),
            ("updatedBy", json!(run.updated_by)),
            ("status", json!(run.status.name())),
            (
                "input",
                present([
                    ("actionTypeId", json!(run.declared.action_type_id)),
                    ("configuration", json!(masked(&run.declared.configuration))),
                    ("resolvedConfiguration", json!(masked(&run.configuration))),
                    ("region", json!(self.settings.region)),
                    (
                        "inputArtifacts",
                        run.inputs
                            .iter()
                            .map(|input| artifact(&input.location))
                            .collect(),
                    ),
                    ("namespace", json!(run.declared.namespace)),
                ]),
            ),
            (
                "output",
                json!({
                    "outputArtifacts": outputs,
                    "executionResult": result,
                    "outputVariables": run.variables,
                }),
            ),
        ])
    }
}
