//! The operations on executions: start one, and see how they stand.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::engine::Engine;
use super::error::ApiError;
use super::event::{ErrorDetails, Status, Trigger};
use super::operation::{GetPipelineExecution, ListPipelineExecutions, StartPipelineExecution};
use super::page::{self, Page};
use super::state::{Execution, epoch};

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
        let trigger = Trigger::StartPipelineExecution;
        let id = self.begin_execution(&request.name, trigger, self.caller(), given)?;
        if let Some(token) = request.client_request_token
            && let Some(pipeline) = self.pipelines.get_mut(&request.name)
        {
            pipeline.request_tokens.insert(token, id.clone());
        }
        Ok(json!({ "pipelineExecutionId": id }))
    }

    /// An execution of that pipeline.
    pub(super) fn execution(&self, pipeline: &str, id: &str) -> Result<&Execution, ApiError> {
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
            ("pipelineVersion", json!(execution.version)),
            ("pipelineExecutionId", json!(execution.id)),
            ("status", json!(execution.status.name())),
            ("statusSummary", json!(execution.summary)),
            ("artifactRevisions", json!(revisions)),
            ("variables", json!(variables)),
            ("trigger", trigger(execution)),
            ("executionMode", json!(execution.mode.name())),
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
        let newest_first: Vec<_> = pipeline
            .executions
            .iter()
            .rev()
            .filter_map(|id| self.executions.get(id))
            .filter(|execution| {
                stage.is_none_or(|name| execution.stage_status(name) == Some(Status::Succeeded))
            })
            .collect();
        let Page { items, next } = page::cut(
            newest_first,
            request.next_token.as_deref(),
            request.max_results,
        )?;
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
                    ("stopTrigger", stop_trigger(execution)),
                    ("executionMode", json!(execution.mode.name())),
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
}

fn stop_trigger(execution: &Execution) -> Value {
    let stop = execution.stop.as_ref();
    stop.map_or(Value::Null, |stop| {
        present([("reason", json!(stop.reason))])
    })
}

fn trigger(execution: &Execution) -> Value {
    json!({ "triggerType": execution.trigger.name(), "triggerDetail": execution.trigger_detail })
}

pub(super) fn error(error: Option<&ErrorDetails>) -> Value {
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
