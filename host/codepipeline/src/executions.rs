//! ListActionExecutions: how one execution of an action stands.

use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::types::{ActionExecutionFilter, ActionExecutionStatus};

use crate::classify::Call;
use crate::source::{ActionExecution, PipelineContext, ServiceError};

/// The most that one answer lists (service model, MaxResults).
const PAGE: i32 = 100;

/// The latest come first, and what is asked about runs now; more pages than this are another question.
const PAGES: usize = 10;

pub(crate) async fn look_up(
    client: &Client,
    context: &PipelineContext,
) -> Result<ActionExecution, ServiceError> {
    let (Some(execution), Some(action)) =
        (&context.pipeline_execution_id, &context.action_execution_id)
    else {
        return Ok(ActionExecution::Unknown);
    };
    let call = Call::new("ListActionExecutions", &[]);
    let filter = ActionExecutionFilter::builder()
        .pipeline_execution_id(execution)
        .build();
    let mut pages = client
        .list_action_executions()
        .pipeline_name(&context.pipeline)
        .filter(filter)
        .max_results(PAGE)
        .into_paginator()
        .send();
    for _ in 0..PAGES {
        let Some(page) = pages.next().await else {
            break;
        };
        let page = page.map_err(|error| call.failed(&error))?;
        let found = page
            .action_execution_details()
            .iter()
            .find(|detail| detail.action_execution_id() == Some(action));
        if let Some(detail) = found {
            return Ok(match detail.status() {
                Some(
                    ActionExecutionStatus::Abandoned
                    | ActionExecutionStatus::Failed
                    | ActionExecutionStatus::Succeeded,
                ) => ActionExecution::Ended,
                Some(ActionExecutionStatus::InProgress) => ActionExecution::InProgress,
                _ => ActionExecution::Unknown,
            });
        }
    }
    Ok(ActionExecution::Unknown)
}
