//! Stopping executions, and retrying their stages.

use serde_json::json;

use super::*;
use crate::LateResult;

/// Stages S1 (A and B together, then C) and S2 (D).
fn fixture() -> (Fixture, String) {
    let mut fixture = Fixture::new();
    let stages = vec![
        vec![action("A", 1), action("B", 1), action("C", 2)],
        vec![action("D", 1)],
    ];
    fixture.ok("CreatePipeline", pipeline(stages));
    let execution = fixture.begin("p");
    (fixture, execution)
}

fn stop(execution: &str, abandon: bool) -> Value {
    json!({
        "pipelineName": "p", "pipelineExecutionId": execution, "abandon": abandon,
        "reason": "a bug",
    })
}

fn retry(execution: &str, stage: &str, mode: &str) -> Value {
    json!({
        "pipelineName": "p", "stageName": stage, "pipelineExecutionId": execution,
        "retryMode": mode,
    })
}

/// The statuses of the stage S1 and of its actions.
fn stage(fixture: &mut Fixture) -> (String, Vec<String>) {
    let state = fixture.ok("GetPipelineState", json!({ "name": "p" }));
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    let stage = &state["stageStates"][1];
    let actions = stage["actionStates"].as_array().unwrap().iter();
    let statuses = actions.map(|action| text(&action["latestExecution"]["status"]));
    (
        text(&stage["latestExecution"]["status"]),
        statuses.collect(),
    )
}

fn statuses(stage: &str, actions: [&str; 3]) -> (String, Vec<String>) {
    (
        stage.to_owned(),
        actions.iter().map(|&status| status.to_owned()).collect(),
    )
}

/// Shows `StopPipelineExecution` as on AWS: stop and wait: actions in progress end, nothing more begins.
#[test]
fn stop_and_wait_lets_actions_end_and_starts_nothing_more() {
    let (mut fixture, execution) = fixture();
    let (a, b) = (fixture.take(), fixture.take());
    fixture.settle();
    let answer = fixture.ok("StopPipelineExecution", stop(&execution, false));
    assert_eq!(answer, json!({ "pipelineExecutionId": execution }));
    assert_eq!(fixture.settle(), ["stopping", "stage S1 stopping"]);
    assert_eq!(fixture.status("p", &execution), "Stopping");
    let code = fixture.code("StopPipelineExecution", stop(&execution, false));
    assert_eq!(code, "DuplicatedStopRequestException");
    let code = fixture.code(
        "RetryStageExecution",
        retry(&execution, "S1", "FAILED_ACTIONS"),
    );
    assert_eq!(code, "ConflictException");
    fixture.succeed(&a);
    assert_eq!(
        stage(&mut fixture),
        statuses("Stopping", ["Succeeded", "InProgress", "none"])
    );
    fixture.ok("PutJobSuccessResult", json!({ "jobId": b }));
    assert_eq!(
        fixture.settle(),
        [
            "action B Succeeded Ended",
            "stage S1 Stopped",
            "ended Stopped"
        ]
    );
    assert!(fixture.offered().is_empty());
    let code = fixture.code("StopPipelineExecution", stop(&execution, true));
    assert_eq!(code, "PipelineExecutionNotStoppableException");
    let listed = fixture.ok("ListPipelineExecutions", json!({ "pipelineName": "p" }));
    let summary = &listed["pipelineExecutionSummaries"][0];
    assert_eq!(summary["status"], "Stopped");
    assert_eq!(summary["stopTrigger"], json!({ "reason": "a bug" }));
    assert!(fixture.engine.timers.is_empty());
}

/// Shows `StopPipelineExecution` as on AWS: stop and abandon: actions are Abandoned, the stage is free at
/// once.
/// Shows `PutJobSuccessResult` as assumed: a result after abandon is an InvalidJobStateException.
#[test]
fn stop_and_abandon_closes_jobs_and_frees_the_stage_at_once() {
    let (mut fixture, execution) = fixture();
    let job = fixture.take();
    let next = fixture.begin("p");
    let answer = fixture.ok("StopPipelineExecution", stop(&execution, false));
    assert!(answer.is_object());
    fixture.settle();
    // To wait was not quick enough.
    fixture.ok("StopPipelineExecution", stop(&execution, true));
    let told = fixture.settle();
    assert_eq!(
        told[..5],
        [
            "stopping by abandon",
            "action A Abandoned Ended",
            "action B Abandoned Ended",
            "stage S1 Stopped",
            "ended Stopped",
        ]
    );
    assert_eq!(told[5], "stage S1");
    let put = json!({ "jobId": job });
    assert_eq!(
        fixture.code("PutJobSuccessResult", put.clone()),
        "InvalidJobStateException"
    );
    let details = fixture.ok("GetJobDetails", put);
    assert!(details["jobDetails"]["data"]["artifactCredentials"].is_null());
    // What is offered are the jobs of the one that waited.
    let mut executions: Vec<Value> = fixture
        .poll(10)
        .iter()
        .map(|job| job["data"]["pipelineContext"]["pipelineExecutionId"].clone())
        .collect();
    executions.dedup();
    assert_eq!(executions, [json!(next)]);
}

#[test]
fn a_lost_job_can_be_one_that_never_was() {
    let mut fixture =
        Fixture::with(|settings| settings.switches.late_result = LateResult::JobNotFound);
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    let execution = fixture.begin("p");
    let job = fixture.take();
    fixture.ok("StopPipelineExecution", stop(&execution, true));
    let put = json!({ "jobId": job });
    for name in ["PutJobSuccessResult", "GetJobDetails"] {
        assert_eq!(fixture.code(name, put.clone()), "JobNotFoundException");
    }
    // One that its worker ended is still known.
    fixture.begin("p");
    let job = fixture.take();
    fixture.succeed(&job);
    let code = fixture.code("PutJobSuccessResult", json!({ "jobId": job }));
    assert_eq!(code, "InvalidJobStateException");
}

/// Shows `StopPipelineExecution` as assumed: an execution that waits before a stage stops at once.
#[test]
fn an_execution_that_waits_stops_at_once() {
    let (mut fixture, first) = fixture();
    let second = fixture.begin("p");
    fixture.ok("StopPipelineExecution", stop(&second, false));
    assert_eq!(fixture.settle(), ["stopping", "ended Stopped"]);
    for name in ["A", "B", "C", "D"] {
        let job = fixture.poll(1).pop().expect(name);
        let body = json!({ "jobId": job["id"], "nonce": job["nonce"] });
        fixture.ok("AcknowledgeJob", body);
        fixture.succeed(job["id"].as_str().unwrap());
    }
    assert_eq!(fixture.status("p", &first), "Succeeded");
    assert!(fixture.offered().is_empty());
}

/// Shows `RetryStageExecution` as on AWS: failed actions begin again while their siblings still run; all actions,
/// only once none does.
#[test]
fn failed_actions_are_retried_while_their_siblings_still_run() {
    let (mut fixture, execution) = fixture();
    let (a, b) = (fixture.take(), fixture.take());
    fixture.fail(&a);
    assert_eq!(
        stage(&mut fixture),
        statuses("InProgress", ["Failed", "InProgress", "none"])
    );
    let all = retry(&execution, "S1", "ALL_ACTIONS");
    assert_eq!(
        fixture.code("RetryStageExecution", all),
        "StageNotRetryableException"
    );
    let failed = retry(&execution, "S1", "FAILED_ACTIONS");
    let answer = fixture.ok("RetryStageExecution", failed.clone());
    assert_eq!(answer, json!({ "pipelineExecutionId": execution }));
    assert_eq!(
        fixture.settle(),
        ["stage S1 resumed", "action A InProgress Queued"]
    );
    assert_eq!(
        fixture.code("RetryStageExecution", failed),
        "StageNotRetryableException"
    );
    fixture.succeed(&b);
    let again = fixture.take();
    assert_ne!(again, a);
    fixture.succeed(&again);
    assert_eq!(fixture.offered(), ["C"]);
    assert_eq!(fixture.status("p", &execution), "InProgress");
}

/// Shows `RetryStageExecution` as on AWS: failed actions or all of a failed stage run again.
#[test]
fn a_failed_stage_is_retried_by_its_failed_actions_or_by_all() {
    for (mode, expected) in [
        ("FAILED_ACTIONS", vec!["B"]),
        ("ALL_ACTIONS", vec!["A", "B"]),
    ] {
        let (mut fixture, execution) = fixture();
        let (a, b) = (fixture.take(), fixture.take());
        fixture.succeed(&a);
        fixture.fail(&b);
        assert_eq!(fixture.status("p", &execution), "Failed");
        fixture.ok("RetryStageExecution", retry(&execution, "S1", mode));
        assert_eq!(fixture.settle()[..2], ["resumed", "stage S1 resumed"]);
        let state = fixture.ok("GetPipelineState", json!({ "name": "p" }));
        assert_eq!(
            state["stageStates"][1]["retryStageMetadata"],
            json!({ "manualStageRetryAttempt": 1, "latestRetryTrigger": "ManualStageRetry" })
        );
        for name in &expected {
            let job = fixture.take();
            fixture.succeed(&job);
            assert!(["A", "B"].contains(name));
        }
        assert_eq!(fixture.offered(), ["C"]);
        fixture.advance(60);
        for _ in ["C", "D"] {
            let job = fixture.take();
            fixture.succeed(&job);
        }
        assert_eq!(fixture.status("p", &execution), "Succeeded");
        let list = |fixture: &mut Fixture, range: &str| {
            let filter = json!({
                "latestInPipelineExecution":
                    { "pipelineExecutionId": execution, "startTimeRange": range },
            });
            let body = json!({ "pipelineName": "p", "filter": filter });
            let listed = fixture.ok("ListActionExecutions", body);
            listed["actionExecutionDetails"].as_array().unwrap().len()
        };
        assert_eq!(list(&mut fixture, "Latest"), 5);
        assert_eq!(list(&mut fixture, "All"), 5 + expected.len());
        assert!(fixture.engine.timers.is_empty() && fixture.engine.offers.is_empty());
    }
}

/// Shows `RetryStageExecution` as assumed: a stopped stage goes on with what was not begun, and with what was
/// abandoned.
#[test]
fn a_stopped_stage_is_retried_where_it_was_left() {
    let (mut fixture, execution) = fixture();
    let (a, b) = (fixture.take(), fixture.take());
    fixture.ok("StopPipelineExecution", stop(&execution, false));
    fixture.succeed(&a);
    fixture.succeed(&b);
    assert_eq!(fixture.status("p", &execution), "Stopped");
    let body = retry(&execution, "S1", "FAILED_ACTIONS");
    fixture.ok("RetryStageExecution", body);
    assert_eq!(fixture.offered(), ["C"]);
    let listed = fixture.ok("ListPipelineExecutions", json!({ "pipelineName": "p" }));
    let summary = &listed["pipelineExecutionSummaries"][0];
    assert_eq!(summary["status"], "InProgress");
    assert!(summary["stopTrigger"].is_null());

    fixture.ok("StopPipelineExecution", stop(&execution, true));
    let body = retry(&execution, "S1", "FAILED_ACTIONS");
    fixture.ok("RetryStageExecution", body);
    assert_eq!(fixture.offered(), ["C"]);
}

/// Shows `RetryStageExecution` as on AWS: only the last execution of a stage, and only while the pipeline
/// is the same.
#[test]
fn only_the_last_execution_of_a_stage_as_it_was_can_be_retried() {
    let (mut fixture, first) = fixture();
    let (a, b) = (fixture.take(), fixture.take());
    fixture.fail(&a);
    fixture.fail(&b);
    let code = |fixture: &mut Fixture, stage: &str, execution: &str| {
        let body = retry(execution, stage, "FAILED_ACTIONS");
        fixture.code("RetryStageExecution", body)
    };
    assert_eq!(code(&mut fixture, "S9", &first), "StageNotFoundException");
    assert_eq!(
        code(&mut fixture, "Source", &first),
        "StageNotRetryableException"
    );
    let latest = "NotLatestPipelineExecutionException";
    assert_eq!(code(&mut fixture, "S2", &first), latest);
    let unknown = "00000000-0000-4000-8000-000000000000";
    assert_eq!(code(&mut fixture, "S1", unknown), latest);
    fixture.begin("p");
    assert_eq!(code(&mut fixture, "S1", &first), latest);
    let mut unknown = retry(&first, "S1", "FAILED_ACTIONS");
    unknown["pipelineName"] = json!("q");
    assert_eq!(
        fixture.code("RetryStageExecution", unknown),
        "PipelineNotFoundException"
    );
    // Updated, the pipeline is another one.
    let (mut fixture, first) = self::fixture();
    let (a, b) = (fixture.take(), fixture.take());
    fixture.fail(&a);
    fixture.fail(&b);
    let stages = vec![
        vec![action("A", 1), action("B", 1), action("C", 2)],
        vec![action("D", 1)],
    ];
    fixture.ok("UpdatePipeline", pipeline(stages));
    assert_eq!(
        code(&mut fixture, "S1", &first),
        "StageNotRetryableException"
    );
}

#[test]
fn an_action_that_cannot_begin_fails_with_its_siblings_and_not_before_them() {
    let mut fixture = Fixture::new();
    let mut broken = action("A", 1);
    broken["configuration"]["title"] = json!("#{nobody.knows}");
    let stages = vec![vec![broken, action("B", 1)]];
    fixture.ok("CreatePipeline", pipeline(stages));
    let execution = fixture.begin("p");
    assert_eq!(fixture.status("p", &execution), "InProgress");
    let job = fixture.take();
    fixture.succeed(&job);
    assert_eq!(fixture.status("p", &execution), "Failed");
    assert!(fixture.offered().is_empty());
}
