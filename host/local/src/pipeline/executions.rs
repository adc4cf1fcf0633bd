//! The operations on executions: start one, and see how they stand.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::check_action_type::fill;
use super::engine::Engine;
use super::error::ApiError;
use super::event::{ArtifactLocation, ErrorDetails, Status, Trigger};
use super::operation::{
    ByName, GetPipelineExecution, ListActionExecutions, ListPipelineExecutions,
    StartPipelineExecution,
};
use super::page::{self, Page};
use super::state::{Execution, PipelineState, Run, epoch};

impl Engine {
    pub(super) fn start_execution(
        &mut self,
        request: StartPipelineExecution,
    ) -> Result<Value, ApiError> {
        let pipeline = self.pipeline(&request.name)?;
        if request
            .source_revisions
            .is_some_and(|v| v.as_array().is_none_or(|v| !v.is_empty()))
        {
            return Err(ApiError::not_built(
                "the member sourceRevisions of StartPipelineExecution",
            ));
        }
        if let Some(token) = &request.client_request_token
            && let Some(execution) = pipeline.request_tokens.get(token)
        {
            return Ok(json!({ "pipelineExecutionId": execution }));
        }
        let mut given = BTreeMap::new();
        for variable in request.variables {
            if given
                .insert(variable.name.clone(), variable.value)
                .is_some()
            {
                return Err(ApiError::validation(format!(
                    "The variable '{}' is given more than once",
                    variable.name
                )));
            }
        }
        let caller = format!("arn:aws:iam::{}:root", self.settings.account);
        let trigger = Trigger::StartPipelineExecution;
        let id = self.begin_execution(&request.name, trigger, caller, given)?;
        if let Some(token) = request.client_request_token
            && let Some(pipeline) = self.pipelines.get_mut(&request.name)
        {
            pipeline.request_tokens.insert(token, id.clone());
        }
        Ok(json!({ "pipelineExecutionId": id }))
    }

    /// An execution of that pipeline.
    fn execution(&self, pipeline: &str, id: &str) -> Result<&Execution, ApiError> {
        self.pipeline(pipeline)?;
        self.executions
            .get(id)
            .filter(|execution| execution.pipeline == pipeline)
            .ok_or_else(|| {
                ApiError::new(
                    "PipelineExecutionNotFoundException",
                    format!("Pipeline '{pipeline}' has no execution with id '{id}'"),
                )
            })
    }

    pub(super) fn get_execution(&self, request: &GetPipelineExecution) -> Result<Value, ApiError> {
        let name = &request.pipeline_name;
        let execution = self.execution(name, &request.pipeline_execution_id)?;
        let declaration = &self.pipeline(name)?.declaration;
        let revisions: Vec<_> = execution
            .revisions
            .iter()
            .map(|source| {
                present([
                    ("name", json!(source.artifact)),
                    ("revisionId", json!(source.revision.id)),
                    ("revisionChangeIdentifier", json!(source.revision.change_id)),
                    ("revisionSummary", json!(source.revision.summary)),
                    ("created", json!(source.revision.created)),
                ])
            })
            .collect();
        let variables: Vec<_> = execution
            .variables
            .iter()
            .map(|(name, value)| json!({ "name": name, "resolvedValue": value }))
            .collect();
        Ok(json!({ "pipelineExecution": present([
            ("pipelineName", json!(name)),
            ("pipelineVersion", json!(declaration.version)),
            ("pipelineExecutionId", json!(execution.id)),
            ("status", json!(execution.status.name())),
            ("statusSummary", json!(execution.summary)),
            ("artifactRevisions", json!(revisions)),
            ("variables", json!(variables)),
            ("trigger", trigger(execution)),
            ("executionMode", json!(declaration.execution_mode.name())),
            ("executionType", json!("STANDARD")),
        ]) }))
    }

    pub(super) fn list_executions(
        &self,
        request: &ListPipelineExecutions,
    ) -> Result<Value, ApiError> {
        let pipeline = self.pipeline(&request.pipeline_name)?;
        let stage = request
            .filter
            .as_ref()
            .and_then(|filter| filter.succeeded_in_stage.as_ref()?.stage_name.as_ref());
        let position = |name: &String| {
            pipeline
                .declaration
                .stages
                .iter()
                .position(|stage| stage.name == *name)
        };
        let newest_first: Vec<_> = pipeline
            .executions
            .iter()
            .rev()
            .filter_map(|id| self.executions.get(id))
            .filter(|execution| {
                stage.is_none_or(|name| {
                    position(name).is_some_and(|at| execution.stages[at] == Some(Status::Succeeded))
                })
            })
            .collect();
        let Page { items, next } = page::cut(
            newest_first,
            request.next_token.as_deref(),
            request.max_results,
        )?;
        let mode = pipeline.declaration.execution_mode.name();
        let summaries: Vec<_> = items
            .into_iter()
            .map(|execution| {
                let revisions: Vec<_> = execution
                    .revisions
                    .iter()
                    .map(|source| {
                        present([
                            ("actionName", json!(source.action)),
                            ("revisionId", json!(source.revision.id)),
                            ("revisionSummary", json!(source.revision.summary)),
                        ])
                    })
                    .collect();
                present([
                    ("pipelineExecutionId", json!(execution.id)),
                    ("status", json!(execution.status.name())),
                    ("statusSummary", json!(execution.summary)),
                    ("startTime", json!(epoch(execution.started))),
                    ("lastUpdateTime", json!(epoch(execution.updated))),
                    ("sourceRevisions", json!(revisions)),
                    ("trigger", trigger(execution)),
                    ("executionMode", json!(mode)),
                    ("executionType", json!("STANDARD")),
                ])
            })
            .collect();
        Ok(page::answer(
            "pipelineExecutionSummaries",
            json!(summaries),
            next,
        ))
    }

    pub(super) fn list_action_executions(
        &self,
        request: &ListActionExecutions,
    ) -> Result<Value, ApiError> {
        let name = &request.pipeline_name;
        let pipeline = self.pipeline(name)?;
        let filter = request.filter.as_ref();
        let wanted = filter.and_then(|filter| {
            let latest = filter.latest_in_pipeline_execution.as_ref();
            // There are no stage retries here, so the latest runs are all runs.
            latest
                .map(|latest| &latest.pipeline_execution_id)
                .or(filter.pipeline_execution_id.as_ref())
        });
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
            .collect();
        let Page { items, next } = page::cut(
            newest_first,
            request.next_token.as_deref(),
            request.max_results,
        )?;
        let version = pipeline.declaration.version;
        let details: Vec<_> = items
            .into_iter()
            .map(|run| self.run_detail(run, version))
            .collect();
        Ok(page::answer("actionExecutionDetails", json!(details), next))
    }

    fn run_detail(&self, run: &Run, version: i64) -> Value {
        let kind = self.types.get(&run.declared.action_type_id);
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
            ("pipelineVersion", json!(version)),
            ("stageName", json!(run.stage_name)),
            ("actionName", json!(run.declared.name)),
            ("startTime", json!(epoch(run.started))),
            ("lastUpdateTime", json!(epoch(run.updated))),
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

    pub(super) fn get_state(&self, request: &ByName) -> Result<Value, ApiError> {
        let pipeline = self.pipeline(&request.name)?;
        let stages: Vec<_> = (0..pipeline.declaration.stages.len())
            .map(|stage| self.stage_state(pipeline, stage))
            .collect();
        Ok(json!({
            "pipelineName": request.name,
            "pipelineVersion": pipeline.declaration.version,
            "stageStates": stages,
            "created": epoch(pipeline.created),
            "updated": epoch(pipeline.created),
        }))
    }

    fn stage_state(&self, pipeline: &PipelineState, index: usize) -> Value {
        let (stage, slot) = (&pipeline.declaration.stages[index], &pipeline.slots[index]);
        let entered = |id: &String| {
            let status = self
                .executions
                .get(id)
                .and_then(|execution| execution.stages[index])?;
            Some(stage_execution(id, status))
        };
        let waiting: Vec<_> = slot
            .waiting
            .iter()
            .map(|id| stage_execution(id, Status::InProgress))
            .collect();
        let actions: Vec<_> = stage
            .actions
            .iter()
            .enumerate()
            .map(|(action, declared)| {
                let run = pipeline
                    .latest_runs
                    .get(&(index, action))
                    .and_then(|run| self.runs.get(run));
                self.action_state(declared, run)
            })
            .collect();
        present([
            ("stageName", json!(stage.name)),
            ("inboundExecution", json!(waiting.last())),
            ("inboundExecutions", json!(waiting)),
            ("inboundTransitionState", json!({ "enabled": true })),
            ("actionStates", json!(actions)),
            (
                "latestExecution",
                json!(slot.latest.as_ref().and_then(entered)),
            ),
        ])
    }

    fn action_state(&self, declared: &super::model::Action, run: Option<&Run>) -> Value {
        let kind = self.types.get(&declared.action_type_id);
        let settings = kind.and_then(|kind| kind.settings.as_ref());
        let masked = kind
            .map(|kind| kind.mask(&declared.configuration))
            .unwrap_or_default();
        let url = |template: Option<&String>| fill(template.map(String::as_str), &masked, None);
        let revision = run.and_then(|run| run.revision.as_ref()).map(|revision| {
            json!({
                "revisionId": revision.id,
                "revisionChangeId": revision.change_id,
                "created": revision.created,
            })
        });
        let latest = run.map(|run| {
            present([
                ("actionExecutionId", json!(run.id)),
                ("status", json!(run.status.name())),
                ("summary", json!(run.details.summary)),
                ("lastStatusChange", json!(epoch(run.updated))),
                (
                    "externalExecutionId",
                    json!(run.details.external_execution_id),
                ),
                ("externalExecutionUrl", json!(self.execution_url(run))),
                ("percentComplete", json!(run.details.percent_complete)),
                ("errorDetails", error(run.error.as_ref())),
            ])
        });
        present([
            ("actionName", json!(declared.name)),
            ("currentRevision", json!(revision)),
            ("latestExecution", json!(latest)),
            (
                "entityUrl",
                json!(url(settings.and_then(|s| s.entity_url_template.as_ref()))),
            ),
            (
                "revisionUrl",
                json!(url(settings.and_then(|s| s.revision_url_template.as_ref()))),
            ),
        ])
    }
}

fn trigger(execution: &Execution) -> Value {
    json!({ "triggerType": execution.trigger.name(), "triggerDetail": execution.trigger_detail })
}

fn stage_execution(id: &str, status: Status) -> Value {
    json!({ "pipelineExecutionId": id, "status": status.name(), "type": "STANDARD" })
}

fn error(error: Option<&ErrorDetails>) -> Value {
    error.map_or(
        Value::Null,
        |error| json!({ "code": error.code, "message": error.message }),
    )
}

/// An object of the members that are there; the protocol leaves others out.
pub(super) fn present<const N: usize>(members: [(&str, Value); N]) -> Value {
    let there = members.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(
        there
            .map(|(name, value)| (name.to_owned(), value))
            .collect::<Map<_, _>>(),
    )
}
