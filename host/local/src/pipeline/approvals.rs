//! Manual approvals: an action that waits for somebody's answer, and holds its stage meanwhile.

use serde_json::{Value, json};

use super::engine::{Engine, new_id};
use super::error::ApiError;
use super::event::{ErrorDetails, Phase, Status};
use super::model::ActionTypeId;
use super::requests::PutApprovalResult;
use super::state::epoch;

impl Engine {
    /// A run has begun to wait for its answer.
    pub(super) fn ask_for_approval(&mut self, id: &str) {
        let token = new_id();
        if let Some(run) = self.runs.get_mut(id) {
            run.details.external_execution_id = Some(token.clone());
            run.approval_token = Some(token);
        }
        self.set_phase(id, Phase::Approval);
    }

    pub(super) fn put_approval_result(
        &mut self,
        request: PutApprovalResult,
    ) -> Result<Value, ApiError> {
        let (name, action) = (&request.pipeline_name, &request.action_name);
        let stage = self.stage_of(name, &request.stage_name)?;
        let declared = self.action_of(name, stage, action)?;
        if declared.action_type_id != ActionTypeId::manual_approval() {
            return Err(ApiError::validation(format!(
                "Action '{action}' is of type {}; only a manual approval can be answered",
                declared.action_type_id.short()
            )));
        }
        let invalid = || {
            ApiError::new(
                "InvalidApprovalTokenException",
                format!("The token is not that of an open approval request of action '{action}'"),
            )
        };
        let id = self.pipeline(name)?.slots[stage]
            .latest_runs
            .get(action)
            .cloned()
            .ok_or_else(invalid)?;
        let caller = self.caller();
        let run = self.runs.get_mut(&id).ok_or_else(invalid)?;
        if run.approval_token.as_ref() != Some(&request.token) {
            return Err(invalid());
        }
        match (run.status, &run.updated_by) {
            (Status::InProgress, _) => {}
            // Nobody answered: it took too long, or its execution was stopped.
            (_, None) => return Err(invalid()),
            (status, Some(_)) => {
                return Err(ApiError::new(
                    "ApprovalAlreadyCompletedException",
                    format!(
                        "The approval request of action '{action}' was answered: it is {}",
                        status.name()
                    ),
                ));
            }
        }
        run.updated_by = Some(caller.clone());
        let summary = request.result.summary;
        run.details.summary = (!summary.is_empty()).then(|| summary.clone());
        let rejection = (request.result.status == "Rejected").then(|| {
            let said = if summary.is_empty() {
                String::new()
            } else {
                format!(": {summary}")
            };
            ErrorDetails::new("JobFailed", format!("rejected by {caller}{said}"))
        });
        self.end_run(&id, rejection);
        Ok(json!({ "approvedAt": epoch(self.now) }))
    }
}
