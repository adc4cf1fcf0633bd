//! How executions move: into stages, through groups of actions, out again.
//!
//! A stage holds one execution at a time; the others wait before it. In mode SUPERSEDED one waits,
//! and a newer one takes its place; in mode QUEUED they wait in order. Within a stage the actions of
//! the lowest run order start together; once all of them have ended the next group starts, or, if
//! one failed, the stage and with it the execution fails. A failed execution leaves its stage free.

use std::collections::BTreeMap;

use super::engine::{Engine, new_id};
use super::error::ApiError;
use super::event::{EventKind, Status, Trigger};
use super::model::ExecutionMode;
use super::resolve;
use super::state::Execution;

/// Executions kept per pipeline. (AWS keeps them for twelve months; this is for a laptop.)
const KEPT_EXECUTIONS: usize = 1000;

/// Executions that may wait in a queued pipeline (the user guide's limits page).
const MAX_QUEUED: usize = 50;

impl Engine {
    /// Begins an execution and lets it into the first stage, if that is free.
    ///
    /// # Errors
    /// No such pipeline; a variable that is not declared or has no value; a full queue.
    pub(super) fn begin_execution(
        &mut self,
        name: &str,
        trigger: Trigger,
        trigger_detail: String,
        given: BTreeMap<String, String>,
    ) -> Result<String, ApiError> {
        let pipeline = self.pipeline(name)?;
        let variables = variables(&pipeline.declaration.variables, given)?;
        let first = &pipeline.slots[0];
        if pipeline.declaration.execution_mode == ExecutionMode::Queued
            && first.waiting.len() >= MAX_QUEUED
        {
            return Err(ApiError::new(
                "ConcurrentPipelineExecutionsLimitExceededException",
                format!("{MAX_QUEUED} executions of '{name}' are waiting already"),
            ));
        }
        let id = new_id();
        let stages = pipeline.declaration.stages.len();
        let service = BTreeMap::from([("PipelineExecutionId".to_owned(), id.clone())]);
        let execution = Execution {
            id: id.clone(),
            pipeline: name.to_owned(),
            status: Status::InProgress,
            summary: None,
            started: self.now,
            updated: self.now,
            trigger,
            trigger_detail,
            namespaces: BTreeMap::from([
                (resolve::SERVICE.to_owned(), service),
                (resolve::PIPELINE.to_owned(), variables.clone()),
            ]),
            variables,
            artifacts: BTreeMap::new(),
            revisions: Vec::new(),
            stages: vec![None; stages],
            runs: Vec::new(),
        };
        self.executions.insert(id.clone(), execution);
        if let Some(pipeline) = self.pipelines.get_mut(name) {
            pipeline.executions.push_back(id.clone());
        }
        self.forget_old(name);
        self.emit(name, &id, EventKind::ExecutionStarted { trigger });
        self.request_entry(&id, 0);
        Ok(id)
    }

    fn forget_old(&mut self, name: &str) {
        let Some(pipeline) = self.pipelines.get_mut(name) else {
            return;
        };
        while pipeline.executions.len() > KEPT_EXECUTIONS {
            let is_over = pipeline.executions.front().is_some_and(|oldest| {
                self.executions
                    .get(oldest)
                    .is_none_or(|e| e.status != Status::InProgress)
            });
            let Some(oldest) = is_over.then(|| pipeline.executions.pop_front()).flatten() else {
                return;
            };
            pipeline
                .request_tokens
                .retain(|_, execution| *execution != oldest);
            if let Some(execution) = self.executions.remove(&oldest) {
                for run in &execution.runs {
                    self.runs.remove(run);
                }
                self.jobs
                    .retain(|_, job| !execution.runs.contains(&job.run));
            }
        }
    }

    /// Lets an execution into a stage, or has it wait.
    fn request_entry(&mut self, id: &str, stage: usize) {
        let Some(execution) = self.executions.get(id) else {
            return;
        };
        let Some(pipeline) = self.pipelines.get_mut(&execution.pipeline) else {
            return;
        };
        let mode = pipeline.declaration.execution_mode;
        let slot = &mut pipeline.slots[stage];
        if slot.occupant.is_none() && slot.waiting.is_empty() {
            self.enter_stage(id, stage);
            return;
        }
        let replaced = match mode {
            ExecutionMode::Superseded => slot.waiting.drain(..).collect(),
            ExecutionMode::Queued | ExecutionMode::Parallel => Vec::new(),
        };
        slot.waiting.push_back(id.to_owned());
        for old in replaced {
            self.finish_execution(
                &old,
                Status::Superseded,
                Some(format!("superseded by execution {id}")),
            );
        }
    }

    fn enter_stage(&mut self, id: &str, stage: usize) {
        let Some(execution) = self.executions.get_mut(id) else {
            return;
        };
        let Some(pipeline) = self.pipelines.get_mut(&execution.pipeline) else {
            return;
        };
        let slot = &mut pipeline.slots[stage];
        slot.occupant = Some(id.to_owned());
        slot.latest = Some(id.to_owned());
        execution.stages[stage] = Some(Status::InProgress);
        execution.updated = self.now;
        let pipeline_name = execution.pipeline.clone();
        let name = pipeline.declaration.stages[stage].name.clone();
        self.emit(&pipeline_name, id, EventKind::StageStarted { stage: name });
        self.advance_stage(id, stage);
    }

    /// Starts the next group of actions once the last one is through, or ends the stage.
    pub(super) fn advance_stage(&mut self, id: &str, stage: usize) {
        loop {
            let Some(execution) = self.executions.get(id) else {
                return;
            };
            if execution.stages[stage] != Some(Status::InProgress) {
                return;
            }
            let Some(pipeline) = self.pipelines.get(&execution.pipeline) else {
                return;
            };
            let runs: Vec<_> = execution
                .runs
                .iter()
                .filter_map(|run| self.runs.get(run))
                .filter(|run| run.stage == stage)
                .collect();
            if runs.iter().any(|run| run.status == Status::InProgress) {
                return;
            }
            if runs.iter().any(|run| run.status == Status::Failed) {
                self.leave_stage(id, stage, Status::Failed);
                return;
            }
            let reached = runs
                .iter()
                .map(|run| run.declared.run_order)
                .max()
                .unwrap_or(0);
            let actions = &pipeline.declaration.stages[stage].actions;
            let Some(next) = actions
                .iter()
                .map(|action| action.run_order)
                .filter(|o| *o > reached)
                .min()
            else {
                self.leave_stage(id, stage, Status::Succeeded);
                return;
            };
            let group: Vec<usize> = actions
                .iter()
                .enumerate()
                .filter(|(_, action)| action.run_order == next)
                .map(|(index, _)| index)
                .collect();
            for action in group {
                self.start_run(id, stage, action);
            }
            // Round again: an action may have failed at its start.
        }
    }

    fn leave_stage(&mut self, id: &str, stage: usize, status: Status) {
        let Some(execution) = self.executions.get_mut(id) else {
            return;
        };
        execution.stages[stage] = Some(status);
        execution.updated = self.now;
        let pipeline_name = execution.pipeline.clone();
        let Some(pipeline) = self.pipelines.get_mut(&pipeline_name) else {
            return;
        };
        let name = pipeline.declaration.stages[stage].name.clone();
        let is_last = stage + 1 == pipeline.declaration.stages.len();
        pipeline.slots[stage].occupant = None;
        self.emit(
            &pipeline_name,
            id,
            EventKind::StageFinished {
                stage: name.clone(),
                status,
            },
        );
        match status {
            Status::Succeeded if !is_last => self.request_entry(id, stage + 1),
            Status::Succeeded => self.finish_execution(id, status, None),
            _ => {
                let summary = Some(format!("stage '{name}' failed"));
                self.finish_execution(id, Status::Failed, summary);
            }
        }
        self.admit(&pipeline_name, stage);
    }

    /// Lets the next waiting execution into a stage that is free.
    fn admit(&mut self, pipeline: &str, stage: usize) {
        let Some(pipeline) = self.pipelines.get_mut(pipeline) else {
            return;
        };
        let slot = &mut pipeline.slots[stage];
        if slot.occupant.is_some() {
            return;
        }
        if let Some(next) = slot.waiting.pop_front() {
            self.enter_stage(&next, stage);
        }
    }

    fn finish_execution(&mut self, id: &str, status: Status, summary: Option<String>) {
        let Some(execution) = self.executions.get_mut(id) else {
            return;
        };
        execution.status = status;
        execution.summary.clone_from(&summary);
        execution.updated = self.now;
        let pipeline = execution.pipeline.clone();
        self.emit(
            &pipeline,
            id,
            EventKind::ExecutionFinished { status, summary },
        );
    }
}

/// The pipeline's variables with the values given for this execution.
fn variables(
    declared: &[super::model::VariableDeclaration],
    mut given: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, ApiError> {
    let mut values = BTreeMap::new();
    for variable in declared {
        let value = given
            .remove(&variable.name)
            .or_else(|| variable.default_value.clone());
        let value = value.ok_or_else(|| {
            ApiError::validation(format!(
                "The pipeline variable '{}' has no default value; give it one in variables",
                variable.name
            ))
        })?;
        values.insert(variable.name.clone(), value);
    }
    match given.keys().next() {
        Some(unknown) => Err(ApiError::validation(format!(
            "The pipeline declares no variable named '{unknown}'"
        ))),
        None => Ok(values),
    }
}
