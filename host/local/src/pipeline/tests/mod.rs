//! The engine through its own door: requests as JSON, effects answered by hand, time moved by hand.

mod differences;
mod driver;
mod flow;
mod golden;
mod jobs;
mod limits;
mod members;
mod persistence;
mod property;
mod random;
mod revisions;
mod steering;
mod stopping;
mod third_party;
mod unbuilt;
mod validation;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::engine::{Effect, Engine, Settings};
use super::error::ApiError;
use super::event::EventKind;
use super::operation::Operation;
use super::runs::Fetched;
use crate::auth::{Clock, Registry};
use crate::third_party::ThirdParty;

pub(super) struct Fixture {
    pub(super) engine: Engine,
    pub(super) clock: Clock,
    pub(super) registry: Registry,
}

impl Fixture {
    /// An engine with AWS's delays, and the type Custom/Build/Site/1: `title` (required), `token`
    /// (secret), 0 to 5 artifacts each way.
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same, with `change` made to its settings.
    pub(super) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let registry = Registry::new(clock.clone());
        let mut settings = settings();
        change(&mut settings);
        let engine = Engine::new(settings, registry.clone());
        let mut fixture = Self {
            engine,
            clock,
            registry,
        };
        fixture.ok("CreateCustomActionType", action_type());
        fixture
    }

    pub(super) fn call(&mut self, name: &str, body: Value) -> Result<Value, ApiError> {
        let operation = Operation::parse(name, body.to_string().as_bytes())?;
        self.engine.handle(operation, self.clock.now())
    }

    pub(super) fn ok(&mut self, name: &str, body: Value) -> Value {
        self.call(name, body).unwrap()
    }

    pub(super) fn code(&mut self, name: &str, body: Value) -> &'static str {
        self.call(name, body).unwrap_err().code
    }

    pub(super) fn advance(&mut self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.engine.tick(self.clock.now());
    }

    /// Starts an execution and lets its source through.
    pub(super) fn begin(&mut self, pipeline: &str) -> String {
        let answer = self.ok("StartPipelineExecution", json!({ "name": pipeline }));
        self.settle();
        answer["pipelineExecutionId"].as_str().unwrap().to_owned()
    }

    /// Answers every effect well: sources are fetched as version `v1`, outputs are there.
    /// Returns what was told to watchers, one line each.
    pub(super) fn settle(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            let effects = self.engine.take_effects();
            if effects.is_empty() {
                return told;
            }
            for effect in effects {
                match effect {
                    Effect::Emit(event) => told.push(line(&event.kind)),
                    Effect::FetchSource { run, .. } => {
                        let fetched = Fetched {
                            version_id: "v1".into(),
                            etag: "e1".into(),
                            modified: 0.0,
                        };
                        self.engine.source_fetched(&run, Ok(fetched));
                    }
                    Effect::VerifyOutputs { run, .. } => {
                        self.engine.outputs_verified(&run, Ok(()));
                    }
                }
            }
        }
    }

    pub(super) fn poll(&mut self, batch: usize) -> Vec<Value> {
        let request = json!({ "actionTypeId": type_id(), "maxBatchSize": batch });
        self.ok("PollForJobs", request)["jobs"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// Polls one job and acknowledges it; returns its id.
    pub(super) fn take(&mut self) -> String {
        let job = self.poll(1).pop().expect("a job");
        self.ok(
            "AcknowledgeJob",
            json!({ "jobId": job["id"], "nonce": job["nonce"] }),
        );
        job["id"].as_str().unwrap().to_owned()
    }

    pub(super) fn succeed(&mut self, job: &str) {
        self.ok("PutJobSuccessResult", json!({ "jobId": job }));
        self.settle();
    }

    pub(super) fn fail(&mut self, job: &str) {
        let details = json!({ "type": "JobFailed", "message": "no" });
        self.ok(
            "PutJobFailureResult",
            json!({ "jobId": job, "failureDetails": details }),
        );
        self.settle();
    }

    pub(super) fn status(&mut self, pipeline: &str, execution: &str) -> String {
        let request = json!({ "pipelineName": pipeline, "pipelineExecutionId": execution });
        let answer = self.ok("GetPipelineExecution", request);
        answer["pipelineExecution"]["status"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The names of the actions whose jobs a poll gets.
    pub(super) fn offered(&mut self) -> Vec<String> {
        let jobs = self.poll(100);
        jobs.iter().map(|job| action_name(job).to_owned()).collect()
    }
}

/// AWS's own delays.
pub(super) fn settings() -> Settings {
    Settings {
        region: "us-east-1".into(),
        account: "000000000000".into(),
        continuation_delay: Duration::from_secs(30),
        start_on_create: false,
        switches: crate::Switches::default(),
        third_party: ThirdParty::default(),
    }
}

pub(super) fn action_name(job: &Value) -> &str {
    job["data"]["pipelineContext"]["action"]["name"]
        .as_str()
        .unwrap()
}

fn line(kind: &EventKind) -> String {
    match kind {
        EventKind::ExecutionStarted { trigger } => format!("started by {}", trigger.name()),
        EventKind::ExecutionResumed => "resumed".into(),
        EventKind::ExecutionStopping { abandon: true, .. } => "stopping by abandon".into(),
        EventKind::ExecutionStopping { .. } => "stopping".into(),
        EventKind::StageStarted { stage } => format!("stage {stage}"),
        EventKind::StageResumed { stage } => format!("stage {stage} resumed"),
        EventKind::StageStopping { stage } => format!("stage {stage} stopping"),
        EventKind::StageFinished { stage, status } => format!("stage {stage} {}", status.name()),
        EventKind::Action(action) => {
            format!(
                "action {} {} {:?}",
                action.action,
                action.status.name(),
                action.phase
            )
        }
        EventKind::ExecutionFinished { status, .. } => format!("ended {}", status.name()),
    }
}

pub(super) fn type_id() -> Value {
    json!({ "category": "Build", "owner": "Custom", "provider": "Site", "version": "1" })
}

pub(super) fn action_type() -> Value {
    let property = |name: &str, required: bool, secret: bool| json!({ "name": name, "required": required, "key": false, "secret": secret });
    json!({
        "category": "Build",
        "provider": "Site",
        "version": "1",
        "settings": { "executionUrlTemplate": "https://ci/{Config:title}/{ExternalExecutionId}" },
        "configurationProperties": [property("title", true, false), property("token", false, true)],
        "inputArtifactDetails": { "minimumCount": 0, "maximumCount": 5 },
        "outputArtifactDetails": { "minimumCount": 0, "maximumCount": 5 },
    })
}

pub(super) fn action(name: &str, run_order: u32) -> Value {
    json!({
        "name": name,
        "actionTypeId": type_id(),
        "runOrder": run_order,
        "configuration": { "title": "t" },
    })
}

/// A pipeline `p`: an S3 source, then one stage for each list of actions.
pub(super) fn pipeline(stages: Vec<Vec<Value>>) -> Value {
    let source = json!({
        "name": "Source",
        "namespace": "Src",
        "actionTypeId": {
            "category": "Source", "owner": "AWS", "provider": "S3", "version": "1",
        },
        "configuration": { "S3Bucket": "sources", "S3ObjectKey": "s.zip" },
        "outputArtifacts": [{ "name": "SourceArtifact" }],
    });
    let mut all = vec![json!({ "name": "Source", "actions": [source] })];
    for (index, actions) in stages.into_iter().enumerate() {
        all.push(json!({ "name": format!("S{}", index + 1), "actions": actions }));
    }
    json!({ "pipeline": {
        "name": "p",
        "roleArn": "arn:aws:iam::000000000000:role/p",
        "pipelineType": "V2",
        "artifactStore": { "type": "S3", "location": "artifacts" },
        "stages": all,
    } })
}
