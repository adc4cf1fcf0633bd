//! Whatever anybody asks for, in whatever order, and whenever the service is killed: the state stays whole, and all comes to an end.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::persistence::Disk;
use super::third_party::{deploy, partners};
use super::*;
use crate::pipeline::engine::Timer;
use crate::pipeline::event::Status;
use crate::pipeline::state::JobStatus;

#[derive(Clone, Debug)]
enum Step {
    Start,
    Announce(u8),
    Stop(Index, bool),
    Retry(Index, Index, bool),
    Approve(bool),
    Disable(Index),
    Enable(Index),
    Update(bool),
    DeleteType,
    RestoreType,
    /// Poll for both kinds of jobs.
    Poll,
    /// Whatever can be had is had, and goes well.
    Work,
    Acknowledge(Index),
    Succeed(Index),
    Continue(Index),
    Fail(Index),
    Wait(u64),
    /// The service is killed, and started again with what was on disk.
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<Index>;
    prop_oneof![
        4 => Just(Step::Start),
        1 => (0_u8..4).prop_map(Step::Announce),
        3 => (index(), any::<bool>()).prop_map(|(at, abandon)| Step::Stop(at, abandon)),
        4 => (index(), index(), any::<bool>())
            .prop_map(|(execution, stage, all)| Step::Retry(execution, stage, all)),
        4 => (0_u8..4).prop_map(|at| Step::Approve(at > 0)),
        1 => index().prop_map(Step::Disable),
        2 => index().prop_map(Step::Enable),
        1 => any::<bool>().prop_map(Step::Update),
        1 => Just(Step::DeleteType),
        2 => Just(Step::RestoreType),
        6 => Just(Step::Poll),
        8 => Just(Step::Work),
        8 => index().prop_map(Step::Acknowledge),
        6 => index().prop_map(Step::Succeed),
        2 => index().prop_map(Step::Continue),
        3 => index().prop_map(Step::Fail),
        3 => (0_u64..700).prop_map(Step::Wait),
        2 => Just(Step::Kill),
    ]
}

pub(super) fn declared(queued: bool, is_long: bool) -> Value {
    let approval = json!({
        "name": "Ask",
        "actionTypeId":
            { "category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1" },
        "timeoutInMinutes": 5,
    });
    let mut third = action("C", 2);
    third["configuration"]["title"] = json!("#{A.out}");
    let mut first = action("A", 1);
    first["namespace"] = json!("A");
    let mut stages = vec![
        vec![first, action("B", 1), third],
        vec![approval, deploy("D"), action("E", 2)],
    ];
    if is_long {
        stages.push(vec![action("F", 1)]);
    }
    let mut request = pipeline(stages);
    request["pipeline"]["executionMode"] = json!(if queued { "QUEUED" } else { "SUPERSEDED" });
    request
}

/// What the third action needs of the first.
fn result() -> Value {
    json!({ "outputVariables": { "out": "x" } })
}

const STAGES: [&str; 4] = ["Source", "S1", "S2", "S3"];

/// A world in which somebody does the steps.
struct World {
    fixture: Fixture,
    disk: Disk,
    executions: Vec<String>,
    /// Jobs seen by polls: id, and whether they are a partner's.
    jobs: Vec<(Value, bool)>,
    queued: bool,
    /// The calls that were accepted, by name.
    accepted: BTreeSet<String>,
}

impl World {
    fn new(queued: bool) -> Self {
        let mut fixture = Fixture::with(|settings| settings.third_party = partners());
        fixture.ok("CreatePipeline", declared(queued, true));
        let mut world = Self {
            fixture,
            disk: Disk::default(),
            executions: Vec::new(),
            jobs: Vec::new(),
            queued,
            accepted: BTreeSet::new(),
        };
        world.keep();
        world
    }

    /// Some of the calls are refused, which must leave the state as it was.
    fn ask(&mut self, name: &str, body: Value) -> Option<Value> {
        let answer = self.fixture.call(name, body).ok();
        self.fixture.settle();
        self.keep();
        if answer.is_some() {
            self.accepted.insert(name.to_owned());
        }
        answer
    }

    /// As the driver does before anybody hears of an answer.
    fn keep(&mut self) {
        self.disk.write(self.fixture.engine.take_changes().unwrap());
    }

    fn note(&mut self, begun: Option<Value>) {
        let id = begun
            .as_ref()
            .and_then(|b| b["pipelineExecutionId"].as_str());
        self.executions.extend(id.map(str::to_owned));
    }

    fn poll(&mut self) -> usize {
        let body = json!({ "actionTypeId": type_id(), "maxBatchSize": 3 });
        let custom = self.ask("PollForJobs", body);
        let kind = deploy("D")["actionTypeId"].take();
        let body = json!({ "actionTypeId": kind, "maxBatchSize": 3 });
        let partners = self.ask("PollForThirdPartyJobs", body);
        let before = self.jobs.len();
        for (answer, id, is_partners) in [(custom, "id", false), (partners, "jobId", true)] {
            let found = answer.map(|answer| answer["jobs"].clone());
            for job in found
                .as_ref()
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                self.jobs.push((job[id].clone(), is_partners));
            }
        }
        self.jobs.len() - before
    }

    fn acknowledge(&mut self, (id, is_partners): (Value, bool)) {
        let key = id.as_str().unwrap();
        let Some(job) = self.fixture.engine.jobs.get(key) else {
            return;
        };
        let body = json!({ "jobId": id, "nonce": job.nonce, "clientToken": "one" });
        if is_partners {
            self.ask("AcknowledgeThirdPartyJob", body);
        } else {
            self.ask("AcknowledgeJob", body);
        }
    }

    fn put(&mut self, (id, is_partners): (Value, bool), outcome: &str, mut body: Value) {
        body["jobId"] = id;
        body["clientToken"] = json!("one");
        let owner = if is_partners { "ThirdParty" } else { "" };
        self.ask(&format!("Put{owner}Job{outcome}Result"), body);
    }

    fn approve(&mut self, status: &str) {
        let open = self
            .fixture
            .engine
            .runs
            .values()
            .find(|run| run.status == Status::InProgress && run.approval_token.is_some());
        let Some(token) = open.and_then(|run| run.approval_token.clone()) else {
            return;
        };
        let body = json!({
            "pipelineName": "p", "stageName": "S2", "actionName": "Ask", "token": token,
            "result": { "summary": "", "status": status },
        });
        self.ask("PutApprovalResult", body);
    }

    fn take(&mut self, step: Step) {
        // One of the last few: of most others nobody has any more use.
        let job = |index: Index, jobs: &[(Value, bool)]| {
            let recent = &jobs[jobs.len().saturating_sub(5)..];
            (!recent.is_empty()).then(|| index.get(recent).clone())
        };
        let stage = |index: Index| *index.get(&STAGES);
        match step {
            Step::Start => {
                let started = self.ask("StartPipelineExecution", json!({ "name": "p" }));
                self.note(started);
            }
            Step::Announce(revision) => {
                let body = json!({
                    "pipelineName": "p", "stageName": "Source", "actionName": "Source",
                    "actionRevision": {
                        "revisionId": revision.to_string(), "revisionChangeId": "c", "created": 0,
                    },
                });
                let announced = self.ask("PutActionRevision", body);
                self.note(announced);
            }
            Step::Stop(index, abandon) if !self.executions.is_empty() => {
                let id = index.get(&self.executions).clone();
                let body = json!({
                    "pipelineName": "p", "pipelineExecutionId": id, "abandon": abandon,
                });
                self.ask("StopPipelineExecution", body);
            }
            Step::Retry(index, at, all) if !self.executions.is_empty() => {
                let id = index.get(&self.executions).clone();
                let mode = if all { "ALL_ACTIONS" } else { "FAILED_ACTIONS" };
                let body = json!({
                    "pipelineName": "p", "pipelineExecutionId": id, "stageName": stage(at),
                    "retryMode": mode,
                });
                self.ask("RetryStageExecution", body);
            }
            Step::Stop(..) | Step::Retry(..) => {}
            Step::Approve(yes) => self.approve(if yes { "Approved" } else { "Rejected" }),
            Step::Disable(at) => {
                let body = json!({
                    "pipelineName": "p", "stageName": stage(at), "transitionType": "Inbound",
                    "reason": "r",
                });
                self.ask("DisableStageTransition", body);
            }
            Step::Enable(at) => self.enable(stage(at)),
            Step::Update(is_long) => {
                self.ask("UpdatePipeline", declared(self.queued, is_long));
            }
            Step::DeleteType => {
                let kind = json!({ "category": "Build", "provider": "Site", "version": "1" });
                self.ask("DeleteCustomActionType", kind);
            }
            Step::RestoreType => {
                self.ask("CreateCustomActionType", action_type());
            }
            Step::Poll => {
                self.poll();
            }
            Step::Work => {
                let before = self.jobs.len();
                self.poll();
                for job in self.jobs.split_off(before) {
                    self.acknowledge(job.clone());
                    self.put(job, "Success", result());
                }
            }
            Step::Wait(seconds) => {
                self.fixture.advance(seconds);
                self.fixture.settle();
                self.keep();
            }
            Step::Kill => {
                self.fixture.killed(&self.disk);
                // What had begun and not ended begins again.
                self.fixture.settle();
                self.keep();
            }
            Step::Acknowledge(index) => {
                if let Some(job) = job(index, &self.jobs) {
                    self.acknowledge(job);
                }
            }
            Step::Succeed(index) => {
                if let Some(job) = job(index, &self.jobs) {
                    self.put(job, "Success", result());
                }
            }
            Step::Continue(index) => {
                if let Some(job) = job(index, &self.jobs) {
                    self.put(job, "Success", json!({ "continuationToken": "more" }));
                }
            }
            Step::Fail(index) => {
                if let Some(job) = job(index, &self.jobs) {
                    let details = json!({ "type": "JobFailed", "message": "m" });
                    self.put(job, "Failure", json!({ "failureDetails": details }));
                }
            }
        }
    }

    fn enable(&mut self, stage: &str) {
        let body = json!({
            "pipelineName": "p", "stageName": stage, "transitionType": "Inbound",
        });
        self.ask("EnableStageTransition", body);
    }

    /// Everybody does what is theirs until nothing is left to do.
    fn finish(&mut self) {
        self.ask("CreateCustomActionType", action_type());
        for stage in STAGES {
            self.enable(stage);
        }
        for _ in 0..10_000 {
            let jobs = std::mem::take(&mut self.jobs);
            for job in jobs {
                self.acknowledge(job.clone());
                self.put(job, "Success", result());
            }
            self.approve("Approved");
            self.fixture.advance(30);
            self.fixture.settle();
            let open = |run: &crate::pipeline::state::Run| run.status == Status::InProgress;
            if self.poll() == 0 && !self.fixture.engine.runs.values().any(open) {
                return;
            }
        }
        panic!("there is always something left to do");
    }

    fn check(&self) {
        let engine = &self.fixture.engine;
        let pipeline = &engine.pipelines["p"];
        let mut placed = BTreeSet::new();
        for (slot, stage) in pipeline.slots.iter().zip(&pipeline.declaration.stages) {
            if let Some(id) = &slot.occupant {
                assert!(placed.insert(id), "an execution is in one place");
                let status = engine.executions[id].stage_status(&stage.name);
                assert!(status.is_some_and(Status::is_open), "{status:?}");
                assert_eq!(slot.latest.as_ref(), Some(id));
            }
            for id in &slot.waiting {
                assert!(placed.insert(id), "an execution is in one place");
            }
            assert!(self.queued || slot.waiting.len() <= 1, "one waits");
            let is_free = slot.occupant.is_none() && slot.transition.disabled.is_none();
            assert!(
                !is_free || slot.waiting.is_empty(),
                "nobody waits for nothing"
            );
        }
        for execution in engine.executions.values() {
            let is_placed = placed.contains(&execution.id);
            assert_eq!(
                execution.status.is_open(),
                is_placed,
                "{:?}",
                execution.status
            );
            let held = execution
                .stages
                .values()
                .filter(|held| held.status.is_open());
            assert!(held.count() <= 1, "an execution is in one stage");
        }
        for (id, run) in engine.runs.iter() {
            let execution = &engine.executions[&run.execution];
            let is_open = run.status == Status::InProgress;
            if is_open {
                let held = &execution.stages[&run.stage_name];
                assert!(execution.status.is_open() && held.status.is_open());
                assert_eq!(held.current.get(&run.declared.name), Some(id));
                assert!(run.job.is_some() || run.approval_token.is_some());
            } else {
                assert!(run.job.is_none());
            }
            let timer = (run.deadline, Timer::Timeout { run: id.clone() });
            assert_eq!(engine.timers.contains(&timer), is_open);
        }
        for (id, job) in engine.jobs.iter() {
            let run = &engine.runs[&job.run];
            let is_open = !job.status.is_ended();
            assert_eq!(run.job.as_ref() == Some(id), is_open, "{:?}", job.status);
            assert!(!is_open || run.status == Status::InProgress);
            let is_offered = matches!(job.status, JobStatus::Queued | JobStatus::Dispatched { .. });
            let offered = engine.offers.get(&job.sequence) == Some(id);
            assert_eq!(offered, is_offered, "{:?}", job.status);
            assert!(is_open || job.deadline.is_none());
        }
        let is_known = |job: &String| engine.jobs.contains_key(job);
        assert!(engine.offers.values().all(is_known));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn the_state_stays_whole_and_all_comes_to_an_end(
        steps in prop::collection::vec(step(), 1..150),
        queued in any::<bool>(),
    ) {
        let mut world = World::new(queued);
        for step in steps {
            world.take(step);
            world.check();
        }
        world.finish();
        world.check();
        let engine = &world.fixture.engine;
        let is_over = |status: Status| !status.is_open();
        prop_assert!(engine.executions.values().all(|execution| is_over(execution.status)));
        prop_assert!(engine.jobs.values().all(|job| job.status.is_ended()));
        prop_assert!(engine.timers.is_empty() && engine.offers.is_empty());
    }
}

#[test]
fn random_steps_lead_everywhere() {
    let mut runner = TestRunner::deterministic();
    let strategy = prop::collection::vec(step(), 60..150);
    let (mut accepted, mut ends) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..60 {
        let mut world = World::new(round % 2 == 0);
        for step in strategy.new_tree(&mut runner).unwrap().current() {
            world.take(step);
        }
        accepted.append(&mut world.accepted);
        let engine = &world.fixture.engine;
        ends.extend(engine.executions.values().map(|e| e.status.name()));
        ends.extend(engine.runs.values().map(|run| run.status.name()));
    }
    let accepted: Vec<&str> = accepted.iter().map(String::as_str).collect();
    assert_eq!(
        accepted,
        [
            "AcknowledgeJob",
            "AcknowledgeThirdPartyJob",
            "CreateCustomActionType",
            "DeleteCustomActionType",
            "DisableStageTransition",
            "EnableStageTransition",
            "PollForJobs",
            "PollForThirdPartyJobs",
            "PutActionRevision",
            "PutApprovalResult",
            "PutJobFailureResult",
            "PutJobSuccessResult",
            "PutThirdPartyJobFailureResult",
            "PutThirdPartyJobSuccessResult",
            "RetryStageExecution",
            "StartPipelineExecution",
            "StopPipelineExecution",
            "UpdatePipeline",
        ]
    );
    let ends: Vec<&str> = ends.into_iter().collect();
    assert_eq!(
        ends,
        [
            "Abandoned",
            "Cancelled",
            "Failed",
            "InProgress",
            "Stopped",
            "Stopping",
            "Succeeded",
            "Superseded"
        ]
    );
}
