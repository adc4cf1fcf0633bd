//! GetPipelineState: how each stage and action of a pipeline stands.

use serde_json::{Value, json};

use super::check_action_type::fill;
use super::engine::Engine;
use super::error::ApiError;
use super::event::Status;
use super::executions::{error, present};
use super::model::Action;
use super::operation::ByName;
use super::state::{PipelineState, Run, Slot, epoch};

impl Engine {
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
            "updated": epoch(pipeline.updated),
        }))
    }

    fn stage_state(&self, pipeline: &PipelineState, index: usize) -> Value {
        let (stage, slot) = (&pipeline.declaration.stages[index], &pipeline.slots[index]);
        let entered = |id: &String| {
            let execution = self.executions.get(id)?;
            Some(stage_execution(id, execution.stage_status(&stage.name)?))
        };
        let waiting: Vec<_> = slot
            .waiting
            .iter()
            .map(|id| stage_execution(id, Status::InProgress))
            .collect();
        let actions: Vec<_> = stage
            .actions
            .iter()
            .map(|declared| self.action_state(declared, slot))
            .collect();
        let retries = slot
            .latest
            .as_ref()
            .and_then(|id| self.executions.get(id)?.stages.get(&stage.name))
            .map(|held| held.retries)
            .filter(|retries| *retries > 0)
            .map(|retries| {
                json!({
                    "manualStageRetryAttempt": retries,
                    "latestRetryTrigger": "ManualStageRetry",
                })
            });
        present([
            ("stageName", json!(stage.name)),
            ("inboundExecution", json!(waiting.last())),
            ("inboundExecutions", json!(waiting)),
            (
                "inboundTransitionState",
                self.transition_state(&slot.transition),
            ),
            ("actionStates", json!(actions)),
            (
                "latestExecution",
                json!(slot.latest.as_ref().and_then(entered)),
            ),
            ("retryStageMetadata", json!(retries)),
        ])
    }

    fn action_state(&self, declared: &Action, slot: &Slot) -> Value {
        let run = slot.latest_runs.get(&declared.name);
        let run = run.and_then(|run| self.runs.get(run));
        let kind = self.known_type(&declared.action_type_id);
        let settings = kind.and_then(|kind| kind.settings.as_ref());
        let masked = kind
            .map(|kind| kind.mask(&declared.configuration))
            .unwrap_or_default();
        let url = |template: Option<&String>| fill(template.map(String::as_str), &masked, None);
        let announced = slot.announced.get(&declared.name).map(|(found, _)| found);
        let revision = announced
            .or_else(|| run?.revision.as_ref())
            .map(|revision| {
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
                ("token", json!(open_approval(run))),
                ("lastUpdatedBy", json!(run.updated_by)),
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

/// The token of an approval that still waits for an answer.
fn open_approval(run: &Run) -> Option<&String> {
    let is_open = run.status == Status::InProgress;
    run.approval_token.as_ref().filter(|_| is_open)
}

fn stage_execution(id: &str, status: Status) -> Value {
    json!({ "pipelineExecutionId": id, "status": status.name(), "type": "STANDARD" })
}
