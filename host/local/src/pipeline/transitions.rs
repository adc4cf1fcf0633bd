//! The ways between stages, which can be disabled.
//!
//! The way out of a stage and the way into the next one are the same way. Executions wait before a
//! disabled one as before a locked stage.

use serde_json::{Value, json};

use super::engine::Engine;
use super::error::ApiError;
use super::executions::present;
use super::requests::{DisableStageTransition, EnableStageTransition};
use super::state::{Transition, epoch};

impl Engine {
    pub(super) fn disable_transition(
        &mut self,
        request: DisableStageTransition,
    ) -> Result<Value, ApiError> {
        let (name, kind) = (&request.pipeline_name, &request.transition_type);
        let into = self.stage_behind(name, &request.stage_name, kind)?;
        self.change_transition(name, into, Some(request.reason));
        Ok(json!({}))
    }

    pub(super) fn enable_transition(
        &mut self,
        request: &EnableStageTransition,
    ) -> Result<Value, ApiError> {
        let (name, kind) = (&request.pipeline_name, &request.transition_type);
        let into = self.stage_behind(name, &request.stage_name, kind)?;
        self.change_transition(name, into, None);
        self.admit(name, into);
        Ok(json!({}))
    }

    fn change_transition(&mut self, pipeline: &str, into: usize, disabled: Option<String>) {
        let now = self.now;
        if let Some(pipeline) = self.pipelines.get_mut(pipeline) {
            pipeline.slots[into].transition = Transition {
                disabled,
                changed: Some(now),
            };
        }
    }

    /// The stage that a transition leads into.
    fn stage_behind(&self, pipeline: &str, stage: &str, kind: &str) -> Result<usize, ApiError> {
        let at = self.stage_of(pipeline, stage)?;
        if kind == "Inbound" {
            return Ok(at);
        }
        let next = at + 1;
        if next < self.pipeline(pipeline)?.slots.len() {
            return Ok(next);
        }
        Err(ApiError::validation(format!(
            "Stage '{stage}' is the last one of pipeline '{pipeline}': no transition leads out of it"
        )))
    }

    /// The position of a stage.
    pub(super) fn stage_of(&self, pipeline: &str, stage: &str) -> Result<usize, ApiError> {
        self.pipeline(pipeline)?.stage(stage).ok_or_else(|| {
            ApiError::new(
                "StageNotFoundException",
                format!("Pipeline '{pipeline}' has no stage with name '{stage}'"),
            )
        })
    }

    /// A transition as GetPipelineState shows it.
    pub(super) fn transition_state(&self, transition: &Transition) -> Value {
        let changed = transition.changed;
        present([
            ("enabled", json!(transition.disabled.is_none())),
            ("disabledReason", json!(transition.disabled)),
            ("lastChangedBy", json!(changed.map(|_| self.caller()))),
            ("lastChangedAt", json!(changed.map(epoch))),
        ])
    }
}
