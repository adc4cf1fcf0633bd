//! Stopping executions, and retrying stages of those that failed or were stopped.
//!
//! To stop is to start nothing more. Actions in progress are waited for, or abandoned: then their
//! jobs are open no more, but no worker is told; it finds out by its next call. An execution that
//! waits before a stage stops at once.
//!
//! A retry needs the execution that was the last one in the stage, and the definition that it ran
//! by. Failed actions begin again while their siblings still run; all actions, only once none does.

use serde_json::{Value, json};

use super::advance::check_queue;
use super::engine::Engine;
use super::error::ApiError;
use super::event::{EventKind, Status};
use super::requests::{RetryStageExecution, StopPipelineExecution};
use super::state::Stop;

impl Engine {
    pub(super) fn stop_execution(
        &mut self,
        request: StopPipelineExecution,
    ) -> Result<Value, ApiError> {
        let (name, id) = (&request.pipeline_name, &request.pipeline_execution_id);
        self.pipeline(name)?;
        let execution = self
            .executions
            .get_mut(id)
            .filter(|execution| execution.pipeline == *name && execution.status.is_open())
            .ok_or_else(|| {
                ApiError::new(
                    "PipelineExecutionNotStoppableException",
                    format!("Pipeline '{name}' has no execution '{id}' that is in progress"),
                )
            })?;
        if execution.status == Status::Stopping && !request.abandon {
            return Err(ApiError::new(
                "DuplicatedStopRequestException",
                format!(
                    "Execution '{id}' is stopping already; it can be abandoned, but not be waited \
                     for again"
                ),
            ));
        }
        execution.status = Status::Stopping;
        execution.updated = self.now;
        execution.stop = Some(Stop {
            reason: request.reason.clone(),
        });
        let held = execution
            .stages
            .iter_mut()
            .find(|(_, held)| held.status.is_open());
        let runs: Vec<String> = held
            .as_ref()
            .map(|(_, held)| held.current.values().cloned().collect())
            .unwrap_or_default();
        let mut stopping = None;
        if let Some((stage, held)) = held
            && held.status == Status::InProgress
        {
            held.status = Status::Stopping;
            stopping = Some(stage.clone());
        }
        let is_waiting = runs.is_empty();
        self.emit(
            name,
            id,
            EventKind::ExecutionStopping {
                abandon: request.abandon,
                reason: request.reason,
            },
        );
        if let Some(stage) = stopping {
            self.emit(name, id, EventKind::StageStopping { stage });
        }
        if is_waiting {
            if let Some(pipeline) = self.pipelines.get_mut(name) {
                for slot in &mut pipeline.slots {
                    slot.waiting.retain(|waiting| waiting != id);
                }
            }
            self.finish_execution(id, Status::Stopped, None);
        } else if request.abandon {
            for run in runs {
                self.abandon_run(&run);
            }
        }
        Ok(json!({ "pipelineExecutionId": id }))
    }

    pub(super) fn retry_stage(&mut self, request: &RetryStageExecution) -> Result<Value, ApiError> {
        let (name, id) = (&request.pipeline_name, &request.pipeline_execution_id);
        let stage = self.stage_of(name, &request.stage_name)?;
        let pipeline = self.pipeline(name)?;
        let execution = self
            .executions
            .get(id)
            .filter(|_| pipeline.slots[stage].latest.as_ref() == Some(id))
            .ok_or_else(|| {
                ApiError::new(
                    "NotLatestPipelineExecutionException",
                    format!(
                        "Execution '{id}' is not the last one in stage '{}'",
                        request.stage_name
                    ),
                )
            })?;
        let refuse = |why: &str| {
            ApiError::new(
                "StageNotRetryableException",
                format!("Stage '{}' cannot be retried: {why}", request.stage_name),
            )
        };
        if execution.version != pipeline.declaration.version {
            return Err(refuse("the pipeline was updated since"));
        }
        let held = execution
            .stages
            .get(&request.stage_name)
            .ok_or_else(|| refuse("the execution was never in it"))?;
        let status_of = |run: &String| self.runs.get(run).map(|run| run.status);
        let is_running = held
            .current
            .values()
            .any(|run| status_of(run) == Some(Status::InProgress));
        match held.status {
            Status::Stopping => {
                return Err(ApiError::new(
                    "ConflictException",
                    format!("Execution '{id}' is stopping; retry once it has stopped"),
                ));
            }
            Status::Failed | Status::Stopped | Status::InProgress => {}
            _ => return Err(refuse("it has no failed action")),
        }
        let all = request.retry_mode == "ALL_ACTIONS";
        if all && is_running {
            return Err(refuse("an action is in progress"));
        }
        let again: Vec<String> = held
            .current
            .iter()
            .filter(|(_, run)| {
                all || matches!(status_of(run), Some(Status::Failed | Status::Abandoned))
            })
            .map(|(action, _)| action.clone())
            .collect();
        let actions = &pipeline.declaration.stages[stage].actions;
        let is_incomplete = held.current.len() < actions.len();
        if again.is_empty() && !(held.status == Status::Stopped && is_incomplete) {
            return Err(refuse("it has no failed action"));
        }
        check_queue(pipeline)?;
        let group: Vec<usize> = (0..actions.len())
            .filter(|at| !all && again.contains(&actions[*at].name))
            .collect();
        self.resume(id, stage, &again);
        // Failed actions are of one run order, and may have siblings that still run. All of them
        // begin with the first group, as a stage does.
        self.start_group(id, stage, &group);
        self.advance_stage(id, stage);
        Ok(json!({ "pipelineExecutionId": id }))
    }

    /// Has an execution in a stage again, and forgets the runs of actions that begin again.
    fn resume(&mut self, id: &str, stage: usize, again: &[String]) {
        let Some(name) = self.occupy(id, stage) else {
            return;
        };
        let Some(execution) = self.executions.get_mut(id) else {
            return;
        };
        let has_ended = !execution.status.is_open();
        execution.status = Status::InProgress;
        execution.summary = None;
        execution.stop = None;
        execution.updated = self.now;
        if let Some(held) = execution.stages.get_mut(&name) {
            held.status = Status::InProgress;
            held.retries += 1;
            held.current.retain(|action, _| !again.contains(action));
        }
        let pipeline = execution.pipeline.clone();
        if has_ended {
            self.emit(&pipeline, id, EventKind::ExecutionResumed);
        }
        self.emit(&pipeline, id, EventKind::StageResumed { stage: name });
    }

    /// Ends everything in a pipeline that is updated.
    pub(super) fn cancel_executions(&mut self, name: &str) {
        let Some(pipeline) = self.pipelines.get(name) else {
            return;
        };
        let open: Vec<String> = pipeline
            .executions
            .iter()
            .filter(|id| self.executions.get(*id).is_some_and(|e| e.status.is_open()))
            .cloned()
            .collect();
        for id in open {
            let mut left = None;
            if let Some(execution) = self.executions.get_mut(&id) {
                execution.status = Status::Cancelled;
                let held = execution
                    .stages
                    .iter_mut()
                    .find(|(_, held)| held.status.is_open());
                if let Some((stage, held)) = held {
                    held.status = Status::Cancelled;
                    let runs: Vec<String> = held.current.values().cloned().collect();
                    left = Some((stage.clone(), runs));
                }
            }
            if let Some((stage, runs)) = left {
                for run in runs {
                    self.abandon_run(&run);
                }
                let status = Status::Cancelled;
                self.emit(name, &id, EventKind::StageFinished { stage, status });
            }
            let summary = Some("the pipeline was updated".to_owned());
            self.finish_execution(&id, Status::Cancelled, summary);
        }
    }
}
