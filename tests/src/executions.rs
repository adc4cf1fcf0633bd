//! Executions of a service's pipelines: begun, stopped, waited for and looked at.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_codepipeline::types::{ActionExecutionDetail, ActionExecutionFilter};

use crate::process::DEADLINE;
use crate::service::Service;

/// What the service says of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionResult {
    /// `Succeeded`, `Failed` or `InProgress`.
    pub status: String,
    /// What the console shows.
    pub summary: Option<String>,
    /// The worker's own id.
    pub external_id: Option<String>,
    /// The failure type and message.
    pub error: Option<(String, String)>,
    /// Output variables.
    pub variables: BTreeMap<String, String>,
    /// Output artifacts: bucket and key by name.
    pub outputs: BTreeMap<String, (String, String)>,
}

impl ActionResult {
    /// The failure's type and message; a panic where it did not fail.
    #[must_use]
    pub fn failure(&self) -> (&str, &str) {
        match &self.error {
            Some((kind, message)) => (kind, message),
            None => panic!("the action did not fail: {self:?}"),
        }
    }
}

impl Service {
    /// Start an execution; returns its id.
    pub async fn begin(&self, pipeline: &str) -> String {
        let started = self
            .codepipeline
            .start_pipeline_execution()
            .name(pipeline)
            .send()
            .await;
        let started = started.expect("an execution is started");
        started
            .pipeline_execution_id
            .expect("an execution has an id")
    }

    /// Wait until an execution has ended; returns `succeeded`, `failed` or what else the service says.
    pub async fn ended(&self, execution: &str) -> String {
        self.ended_within(execution, DEADLINE.as_secs()).await
    }

    /// The same for one that may take so many seconds.
    pub async fn ended_within(&self, execution: &str, seconds: u64) -> String {
        let start = format!("execution {execution} ");
        let deadline = Duration::from_secs(seconds);
        self.process
            .find_within(
                deadline,
                0,
                &format!("the end of execution {execution}"),
                |line| {
                    let rest = &line[line.find(&start)? + start.len()..];
                    let rest = rest.strip_prefix("was ").unwrap_or(rest);
                    let word = rest.split([' ', ':', ',']).next()?;
                    (word != "started" && !word.is_empty()).then(|| word.to_owned())
                },
            )
            .await
    }

    /// Every action of an execution, by name.
    pub async fn actions(&self, pipeline: &str, execution: &str) -> BTreeMap<String, ActionResult> {
        let filter = ActionExecutionFilter::builder()
            .pipeline_execution_id(execution)
            .build();
        let mut pages = self
            .codepipeline
            .list_action_executions()
            .pipeline_name(pipeline)
            .filter(filter)
            .max_results(100)
            .into_paginator()
            .items()
            .send();
        let mut found = BTreeMap::new();
        while let Some(detail) = pages.next().await {
            let detail = detail.expect("actions are listed");
            // They come newest first: of an action that was retried its last one counts.
            found
                .entry(detail.action_name().unwrap_or_default().to_owned())
                .or_insert_with(|| result(&detail));
        }
        found
    }

    /// Start an execution, wait for its end, and list its actions.
    pub async fn run(&self, pipeline: &str) -> BTreeMap<String, ActionResult> {
        let execution = self.begin(pipeline).await;
        self.ended(&execution).await;
        self.actions(pipeline, &execution).await
    }

    /// StopPipelineExecution.
    pub async fn stop_execution(&self, pipeline: &str, execution: &str, abandon: bool) {
        self.codepipeline
            .stop_pipeline_execution()
            .pipeline_name(pipeline)
            .pipeline_execution_id(execution)
            .abandon(abandon)
            .reason("a test")
            .send()
            .await
            .expect("the execution is stopped");
    }

    /// The id of an action's execution, once there is one.
    pub async fn action_id(&self, pipeline: &str, execution: &str, action: &str) -> String {
        let listed = async {
            loop {
                let filter = ActionExecutionFilter::builder()
                    .pipeline_execution_id(execution)
                    .build();
                let listed = self.codepipeline.list_action_executions();
                let listed = listed.pipeline_name(pipeline).filter(filter).send().await;
                let listed = listed.expect("actions are listed");
                let found = listed
                    .action_execution_details()
                    .iter()
                    .find(|detail| detail.action_name() == Some(action));
                if let Some(id) = found.and_then(|detail| detail.action_execution_id()) {
                    return id.to_owned();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(DEADLINE, listed)
            .await
            .expect("the action begins")
    }
}

fn result(detail: &ActionExecutionDetail) -> ActionResult {
    let text = |text: Option<&str>| text.map(str::to_owned);
    let output = detail.output();
    let said = output.and_then(|output| output.execution_result());
    let error = said.and_then(|said| said.error_details()).map(|error| {
        let part = |part: Option<&str>| part.unwrap_or_default().to_owned();
        (part(error.code()), part(error.message()))
    });
    let outputs = output
        .map(|output| output.output_artifacts())
        .unwrap_or_default();
    ActionResult {
        status: detail
            .status()
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        summary: text(said.and_then(|said| said.external_execution_summary())),
        external_id: text(said.and_then(|said| said.external_execution_id())),
        error,
        variables: output
            .and_then(|output| output.output_variables())
            .map(|variables| variables.clone().into_iter().collect())
            .unwrap_or_default(),
        outputs: outputs
            .iter()
            .filter_map(|artifact| {
                let place = artifact.s3_location()?;
                let place = (text(place.bucket())?, text(place.key())?);
                Some((text(artifact.name())?, place))
            })
            .collect(),
    }
}
