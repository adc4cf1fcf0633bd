//! How executions move: into stages, through groups of actions, out again.
//!
//! A stage holds one execution at a time; the others wait before it, as they do while the way in is
//! disabled. In mode SUPERSEDED one waits, and a newer one takes its place; in mode QUEUED they wait
//! in order. Within a stage the actions of the lowest run order start together; once all of them
//! have ended the next group starts, or, if one failed, the stage and with it the execution fails.
//! A failed execution leaves its stage free, and so does a stopped one.
//!
//! ```text
//!                       newer one waits: Superseded
//!                                  ^
//!   begin ──> waits ──> in a stage ┴─> waits ──> in a stage ──> Succeeded
//!               │          │  │  ^
//!               │   stop   │  │  └──────── retry ───────────┐
//!               │          v  └─── an action fails ──> Failed
//!               │      Stopping ──> actions ended ──> Stopped   (retry, too)
//!               └─ stop ────────────────────────────────^
//!   any of these that has not ended, once the pipeline is updated: Cancelled
//! ```

use std::collections::BTreeMap;

use super::engine::{Engine, new_id};
use super::error::ApiError;
use super::event::{EventKind, Status, Trigger};
use super::model::{Action, ExecutionMode};
use super::resolve;
use super::state::{Execution, PipelineState, StageRun};

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
        check_queue(pipeline)?;
        let id = new_id();
        let service = BTreeMap::from([("PipelineExecutionId".to_owned(), id.clone())]);
        let execution = Execution {
            id: id.clone(),
            pipeline: name.to_owned(),
            version: pipeline.declaration.version,
            mode: pipeline.declaration.execution_mode,
            status: Status::InProgress,
            summary: None,
            stop: None,
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
            stages: BTreeMap::new(),
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
                    .is_none_or(|e| !e.status.is_open())
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
        if slot.occupant.is_none() && slot.waiting.is_empty() && slot.transition.disabled.is_none()
        {
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
        let Some(name) = self.occupy(id, stage) else {
            return;
        };
        let Some(execution) = self.executions.get_mut(id) else {
            return;
        };
        let entered = StageRun {
            status: Status::InProgress,
            current: BTreeMap::new(),
            retries: 0,
        };
        execution.stages.insert(name.clone(), entered);
        execution.updated = self.now;
        let pipeline = execution.pipeline.clone();
        self.emit(&pipeline, id, EventKind::StageStarted { stage: name });
        self.advance_stage(id, stage);
    }

    /// Locks a stage for an execution; returns the stage's name.
    pub(super) fn occupy(&mut self, id: &str, stage: usize) -> Option<String> {
        let execution = self.executions.get(id)?;
        let pipeline = self.pipelines.get_mut(&execution.pipeline)?;
        let slot = &mut pipeline.slots[stage];
        slot.occupant = Some(id.to_owned());
        slot.latest = Some(id.to_owned());
        Some(pipeline.declaration.stages[stage].name.clone())
    }

    /// Starts the next group of actions once the last one is through, or ends the stage.
    pub(super) fn advance_stage(&mut self, id: &str, stage: usize) {
        let Some(execution) = self.executions.get(id) else {
            return;
        };
        let Some(pipeline) = self.pipelines.get(&execution.pipeline) else {
            return;
        };
        let declared = &pipeline.declaration.stages[stage];
        let Some(held) = execution.stages.get(&declared.name) else {
            return;
        };
        let is_stopping = held.status == Status::Stopping;
        if held.status != Status::InProgress && !is_stopping {
            return;
        }
        let is = |status: Status| {
            let mut runs = held.current.values().filter_map(|run| self.runs.get(run));
            runs.any(|run| run.status == status)
        };
        if is(Status::InProgress) {
            return;
        }
        let waiting = |action: &&Action| !held.current.contains_key(&action.name);
        let next = declared
            .actions
            .iter()
            .filter(waiting)
            .map(|action| action.run_order)
            .min();
        match next {
            _ if is_stopping => self.leave_stage(id, stage, Status::Stopped),
            _ if is(Status::Failed) => self.leave_stage(id, stage, Status::Failed),
            None => self.leave_stage(id, stage, Status::Succeeded),
            Some(next) => {
                let group: Vec<usize> = (0..declared.actions.len())
                    .filter(|at| declared.actions[*at].run_order == next)
                    .filter(|at| waiting(&&declared.actions[*at]))
                    .collect();
                self.start_group(id, stage, &group);
            }
        }
    }

    /// Starts actions of a stage together.
    pub(super) fn start_group(&mut self, id: &str, stage: usize, actions: &[usize]) {
        let started: Vec<_> = actions
            .iter()
            .filter_map(|action| self.start_run(id, stage, *action))
            .collect();
        // Only once all of them are there: the end of one must not end the stage before the others.
        for (run, fault) in started {
            if let Some(fault) = fault {
                self.end_run(&run, Some(fault));
            }
        }
    }

    fn leave_stage(&mut self, id: &str, stage: usize, status: Status) {
        let Some(execution) = self.executions.get_mut(id) else {
            return;
        };
        let pipeline_name = execution.pipeline.clone();
        let Some(pipeline) = self.pipelines.get_mut(&pipeline_name) else {
            return;
        };
        let name = pipeline.declaration.stages[stage].name.clone();
        if let Some(held) = execution.stages.get_mut(&name) {
            held.status = status;
        }
        execution.updated = self.now;
        let is_last = stage + 1 == pipeline.declaration.stages.len();
        pipeline.slots[stage].occupant = None;
        let kind = EventKind::StageFinished {
            stage: name.clone(),
            status,
        };
        self.emit(&pipeline_name, id, kind);
        match status {
            Status::Succeeded if !is_last => self.request_entry(id, stage + 1),
            Status::Succeeded | Status::Stopped => self.finish_execution(id, status, None),
            _ => {
                let summary = Some(format!("stage '{name}' failed"));
                self.finish_execution(id, Status::Failed, summary);
            }
        }
        self.admit(&pipeline_name, stage);
    }

    /// Lets the next waiting execution into a stage that is free.
    pub(super) fn admit(&mut self, pipeline: &str, stage: usize) {
        let Some(pipeline) = self.pipelines.get_mut(pipeline) else {
            return;
        };
        let slot = &mut pipeline.slots[stage];
        if slot.occupant.is_some() || slot.transition.disabled.is_some() {
            return;
        }
        if let Some(next) = slot.waiting.pop_front() {
            self.enter_stage(&next, stage);
        }
    }

    pub(super) fn finish_execution(&mut self, id: &str, status: Status, summary: Option<String>) {
        let Some(execution) = self.executions.get_mut(id) else {
            return;
        };
        execution.status = status;
        execution.summary.clone_from(&summary);
        execution.updated = self.now;
        let pipeline = execution.pipeline.clone();
        self.forget_announced(id);
        self.emit(
            &pipeline,
            id,
            EventKind::ExecutionFinished { status, summary },
        );
    }
}

/// Whether one more execution may go on in a queued pipeline.
///
/// # Errors
/// `ConcurrentPipelineExecutionsLimitExceededException` where too many wait already.
pub(super) fn check_queue(pipeline: &PipelineState) -> Result<(), ApiError> {
    let is_queued = pipeline.declaration.execution_mode == ExecutionMode::Queued;
    if !is_queued || pipeline.slots[0].waiting.len() < MAX_QUEUED {
        return Ok(());
    }
    Err(ApiError::new(
        "ConcurrentPipelineExecutionsLimitExceededException",
        format!(
            "{MAX_QUEUED} executions of '{}' are waiting already",
            pipeline.declaration.name
        ),
    ))
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
