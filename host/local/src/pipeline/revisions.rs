//! PutActionRevision: somebody announces a new revision of what a source action reads.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::engine::Engine;
use super::error::ApiError;
use super::event::{Status, Trigger};
use super::model::Action;
use super::requests::PutActionRevision;
use super::state::Revision;

impl Engine {
    pub(super) fn put_action_revision(
        &mut self,
        request: PutActionRevision,
    ) -> Result<Value, ApiError> {
        let (name, action) = (&request.pipeline_name, &request.action_name);
        let stage = self.stage_of(name, &request.stage_name)?;
        let declared = self.action_of(name, stage, action)?;
        if declared.action_type_id.category != "Source" {
            return Err(ApiError::validation(format!(
                "Action '{action}' is of category {}; only a source action has revisions",
                declared.action_type_id.category
            )));
        }
        let announced = request.action_revision;
        if let Some(id) = self.execution_with(name, stage, action, &announced.revision_id)? {
            return Ok(json!({ "newRevision": false, "pipelineExecutionId": id }));
        }
        let trigger = Trigger::PutActionRevision;
        let id = self.begin_execution(name, trigger, self.caller(), BTreeMap::new())?;
        let revision = Revision {
            id: announced.revision_id,
            change_id: announced.revision_change_id,
            summary: None,
            created: announced.created,
        };
        if let Some(pipeline) = self.pipelines.get_mut(name) {
            let slot = &mut pipeline.slots[stage];
            slot.announced
                .insert(action.clone(), (revision, id.clone()));
        }
        Ok(json!({ "newRevision": true, "pipelineExecutionId": id }))
    }

    /// The last execution that had a revision, or was begun for it.
    fn execution_with(
        &self,
        pipeline: &str,
        stage: usize,
        action: &str,
        revision: &str,
    ) -> Result<Option<String>, ApiError> {
        let pipeline = self.pipeline(pipeline)?;
        if let Some((announced, execution)) = pipeline.slots[stage].announced.get(action)
            && announced.id == revision
        {
            return Ok(Some(execution.clone()));
        }
        let had = |id: &&String| {
            self.executions.get(*id).is_some_and(|execution| {
                let mut found = execution.revisions.iter();
                found.any(|found| found.action == action && found.revision.id == revision)
            })
        };
        Ok(pipeline.executions.iter().rev().find(had).cloned())
    }

    /// An execution has ended: what was announced for it and not found can be announced again.
    pub(super) fn forget_announced(&mut self, execution: &str) {
        let Some(ended) = self.executions.get(execution) else {
            return;
        };
        let runs: Vec<_> = ended
            .runs
            .iter()
            .filter_map(|run| self.runs.get(run))
            .collect();
        let has_found = |stage: usize, action: &String| {
            runs.iter().any(|run| {
                run.stage == stage
                    && run.declared.name == *action
                    && run.status == Status::Succeeded
            })
        };
        let Some(pipeline) = self.pipelines.get_mut(&ended.pipeline) else {
            return;
        };
        for (stage, slot) in pipeline.slots.iter_mut().enumerate() {
            slot.announced
                .retain(|action, (_, begun)| begun != execution || has_found(stage, action));
        }
    }

    /// An action of a stage.
    pub(super) fn action_of(
        &self,
        pipeline: &str,
        stage: usize,
        action: &str,
    ) -> Result<&Action, ApiError> {
        let declared = &self.pipeline(pipeline)?.declaration.stages[stage];
        let mut actions = declared.actions.iter();
        actions.find(|found| found.name == action).ok_or_else(|| {
            ApiError::new(
                "ActionNotFoundException",
                format!(
                    "Stage '{}' has no action with name '{action}'",
                    declared.name
                ),
            )
        })
    }
}
