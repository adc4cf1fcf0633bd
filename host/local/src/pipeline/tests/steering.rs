//! Approvals, transitions, updated pipelines and deleted action types.

use serde_json::json;

use super::*;

fn approval(name: &str) -> Value {
    json!({
        "name": name,
        "actionTypeId":
            { "category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1" },
        "configuration": {
            "CustomData": "look at #{variables.v}", "NotificationArn": "arn:aws:sns:x:y:z",
        },
    })
}

fn with_approval(change: impl FnOnce(&mut Value)) -> (Fixture, String) {
    let mut fixture = Fixture::new();
    let mut declared = pipeline(vec![vec![approval("Ask"), action("A", 2)]]);
    declared["pipeline"]["variables"] = json!([{ "name": "v", "defaultValue": "this" }]);
    change(&mut declared["pipeline"]["stages"][1]["actions"][0]);
    fixture.ok("CreatePipeline", declared);
    let execution = fixture.begin("p");
    (fixture, execution)
}

fn asked(fixture: &mut Fixture) -> Value {
    let state = fixture.ok("GetPipelineState", json!({ "name": "p" }));
    state["stageStates"][1]["actionStates"][0]["latestExecution"].clone()
}

fn answer(token: &Value, status: &str) -> Value {
    json!({
        "pipelineName": "p", "stageName": "S1", "actionName": "Ask", "token": token,
        "result": { "summary": "seen", "status": status },
    })
}

/// Shows `PutApprovalResult` as on AWS: an approval holds its stage until it is answered, once, with its
/// token.
/// Shows `CreatePipeline` unlike AWS: on AWS the topic in an approval's NotificationArn is told; here it may be
/// there, and nobody is told.
#[test]
fn an_approval_holds_its_stage_until_it_is_answered() {
    let (mut fixture, execution) = with_approval(|_| {});
    let open = asked(&mut fixture);
    assert_eq!(open["status"], "InProgress");
    assert!(fixture.offered().is_empty());
    let token = &open["token"];
    let listed = fixture.ok("ListActionExecutions", json!({ "pipelineName": "p" }));
    let input = &listed["actionExecutionDetails"][0]["input"];
    assert_eq!(input["resolvedConfiguration"]["CustomData"], "look at this");
    let wrong = answer(&json!("00000000-0000-4000-8000-000000000000"), "Approved");
    let code = fixture.code("PutApprovalResult", wrong);
    assert_eq!(code, "InvalidApprovalTokenException");
    let approved = fixture.ok("PutApprovalResult", answer(token, "Approved"));
    assert_eq!(approved, json!({ "approvedAt": 0.0 }));
    let done = asked(&mut fixture);
    assert_eq!(
        (&done["status"], &done["summary"]),
        (&json!("Succeeded"), &json!("seen"))
    );
    assert_eq!(done["lastUpdatedBy"], "arn:aws:iam::000000000000:root");
    assert!(done["token"].is_null());
    let code = fixture.code("PutApprovalResult", answer(token, "Rejected"));
    assert_eq!(code, "ApprovalAlreadyCompletedException");
    assert_eq!(fixture.offered(), ["A"]);
    assert_eq!(fixture.status("p", &execution), "InProgress");
}

/// Shows `PutApprovalResult` as on AWS: a rejection fails the stage; a retry asks anew, with another
/// token.
/// Shows `PutApprovalResult` as assumed: a rejected approval's error is JobFailed, with who rejected it and the
/// summary.
#[test]
fn a_rejection_fails_the_stage_and_a_retry_asks_anew() {
    let (mut fixture, execution) = with_approval(|_| {});
    let token = asked(&mut fixture)["token"].take();
    fixture.ok("PutApprovalResult", answer(&token, "Rejected"));
    assert_eq!(fixture.status("p", &execution), "Failed");
    let failed = asked(&mut fixture);
    assert_eq!(failed["status"], "Failed");
    assert_eq!(failed["errorDetails"]["code"], "JobFailed");
    let message = failed["errorDetails"]["message"].as_str().unwrap();
    assert!(message.contains("rejected by arn:aws:iam::000000000000:root"));
    assert!(message.contains("seen"));
    let retry = json!({
        "pipelineName": "p", "stageName": "S1", "pipelineExecutionId": execution,
        "retryMode": "FAILED_ACTIONS",
    });
    fixture.ok("RetryStageExecution", retry);
    let again = asked(&mut fixture)["token"].take();
    assert_ne!(again, token);
    let code = fixture.code("PutApprovalResult", answer(&token, "Approved"));
    assert_eq!(code, "InvalidApprovalTokenException");
    fixture.ok("PutApprovalResult", answer(&again, "Approved"));
    assert_eq!(fixture.offered(), ["A"]);
}

/// Shows `PutApprovalResult` as on AWS: an approval that nobody answers fails after seven days, or after its
/// timeoutInMinutes.
#[test]
fn an_approval_that_nobody_answers_fails_after_a_week_or_its_own_timeout() {
    for (minutes, seconds) in [(None, 7 * 24 * 3600), (Some(5), 300)] {
        let (mut fixture, execution) = with_approval(|action| {
            if let Some(minutes) = minutes {
                action["timeoutInMinutes"] = json!(minutes);
            }
        });
        let token = asked(&mut fixture)["token"].take();
        fixture.advance(seconds - 1);
        assert_eq!(fixture.status("p", &execution), "InProgress");
        fixture.advance(1);
        assert_eq!(fixture.status("p", &execution), "Failed");
        let code = fixture.code("PutApprovalResult", answer(&token, "Approved"));
        assert_eq!(code, "InvalidApprovalTokenException");
    }
}

/// Shows `PutApprovalResult` as on AWS: an unknown pipeline, stage or action is named.
#[test]
fn only_what_is_an_approval_can_be_answered() {
    let (mut fixture, _) = with_approval(|_| {});
    let token = asked(&mut fixture)["token"].take();
    let mut code = |key: &str, value: &str| {
        let mut body = answer(&token, "Approved");
        body[key] = json!(value);
        fixture.code("PutApprovalResult", body)
    };
    assert_eq!(code("pipelineName", "q"), "PipelineNotFoundException");
    assert_eq!(code("stageName", "S9"), "StageNotFoundException");
    assert_eq!(code("actionName", "Z"), "ActionNotFoundException");
    assert_eq!(code("actionName", "A"), "ValidationException");
    let mut timed = action("A", 1);
    timed["timeoutInMinutes"] = json!(5);
    let code = fixture.code("UpdatePipeline", pipeline(vec![vec![timed]]));
    assert_eq!(code, "InvalidActionDeclarationException");
}

fn transition(kind: &str, stage: &str) -> Value {
    json!({
        "pipelineName": "p", "stageName": stage, "transitionType": kind, "reason": "not now!",
    })
}

fn inbound(fixture: &mut Fixture) -> Value {
    let state = fixture.ok("GetPipelineState", json!({ "name": "p" }));
    state["stageStates"][1].clone()
}

/// Shows `DisableStageTransition`, `EnableStageTransition` as on AWS: a disabled transition holds
/// executions until it is enabled.
/// Shows `DisableStageTransition`, `EnableStageTransition` as assumed: the way out of a stage and the way into the next are one.
/// Shows `GetPipelineState` as on AWS: a disabled transition is shown with its reason.
#[test]
fn a_disabled_transition_holds_executions_and_newer_ones_supersede() {
    for (kind, stage) in [("Inbound", "S1"), ("Outbound", "Source")] {
        let mut fixture = Fixture::new();
        fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
        fixture.ok("DisableStageTransition", transition(kind, stage));
        let (first, second) = (fixture.begin("p"), fixture.begin("p"));
        assert_eq!(fixture.status("p", &first), "Superseded");
        let state = inbound(&mut fixture);
        assert_eq!(
            state["inboundTransitionState"],
            json!({
                "enabled": false, "disabledReason": "not now!", "lastChangedAt": 0.0,
                "lastChangedBy": "arn:aws:iam::000000000000:root",
            })
        );
        assert_eq!(state["inboundExecution"]["pipelineExecutionId"], *second);
        assert!(fixture.offered().is_empty());
        fixture.ok("EnableStageTransition", transition(kind, stage));
        assert_eq!(fixture.offered(), ["A"]);
        let state = inbound(&mut fixture);
        assert_eq!(state["inboundTransitionState"]["enabled"], true);
        assert!(state["inboundTransitionState"]["disabledReason"].is_null());
        assert!(state["inboundExecution"].is_null());
    }
}

/// Shows `DisableStageTransition` as on AWS: queued executions wait in order.
#[test]
fn queued_executions_wait_in_order_before_a_disabled_transition() {
    let mut fixture = Fixture::new();
    let mut declared = pipeline(vec![vec![action("A", 1)]]);
    declared["pipeline"]["executionMode"] = json!("QUEUED");
    fixture.ok("CreatePipeline", declared);
    fixture.ok("DisableStageTransition", transition("Inbound", "S1"));
    let executions = [fixture.begin("p"), fixture.begin("p"), fixture.begin("p")];
    fixture.ok("EnableStageTransition", transition("Inbound", "S1"));
    for execution in executions {
        let job = fixture.take();
        fixture.succeed(&job);
        assert_eq!(fixture.status("p", &execution), "Succeeded");
    }
    let code = fixture.code("DisableStageTransition", transition("Inbound", "S9"));
    assert_eq!(code, "StageNotFoundException");
    let code = fixture.code("DisableStageTransition", transition("Outbound", "S1"));
    assert_eq!(code, "ValidationException");
}

/// Shows `UpdatePipeline` as on AWS: a new version; executions that run are Cancelled.
/// Shows `UpdatePipeline` as assumed: actions in progress are Abandoned, and their jobs take no result; stages and
/// actions that keep their names keep their state.
/// Shows `GetPipeline` as on AWS: earlier versions can be read.
#[test]
fn an_update_makes_a_version_and_cancels_what_runs() {
    let mut fixture = Fixture::new();
    let stages = vec![vec![action("A", 1)], vec![action("B", 1)]];
    fixture.ok("CreatePipeline", pipeline(stages));
    let (first, second) = (fixture.begin("p"), fixture.begin("p"));
    let job = fixture.take();
    fixture.ok("DisableStageTransition", transition("Inbound", "S2"));
    fixture.advance(5);
    fixture.settle();
    // Without S2, and with another action in S1.
    let updated = pipeline(vec![vec![action("A", 1), action("C", 1)]]);
    let answer = fixture.ok("UpdatePipeline", updated);
    assert_eq!(answer["pipeline"]["version"], 2);
    let told = fixture.settle();
    assert_eq!(
        told,
        [
            "action A Abandoned Ended",
            "stage S1 Cancelled",
            "ended Cancelled",
            "ended Cancelled"
        ]
    );
    for execution in [&first, &second] {
        assert_eq!(fixture.status("p", execution), "Cancelled");
    }
    let code = fixture.code("PutJobSuccessResult", json!({ "jobId": job }));
    assert_eq!(code, "InvalidJobStateException");
    let state = fixture.ok("GetPipelineState", json!({ "name": "p" }));
    assert_eq!(state["pipelineVersion"], 2);
    assert_eq!(
        (&state["created"], &state["updated"]),
        (&json!(0.0), &json!(5.0))
    );
    let stages = state["stageStates"].as_array().unwrap();
    assert_eq!(stages.len(), 2);
    assert_eq!(stages[1]["latestExecution"]["status"], "Cancelled");
    let before = &stages[1]["actionStates"][0]["latestExecution"];
    assert_eq!(before["status"], "Abandoned");
    assert!(stages[1]["actionStates"][1]["latestExecution"].is_null());
    let third = fixture.begin("p");
    let get = |version: i64| json!({ "name": "p", "version": version });
    let old = fixture.ok("GetPipeline", get(1));
    assert_eq!(old["pipeline"]["stages"].as_array().unwrap().len(), 3);
    let code = fixture.code("GetPipeline", get(3));
    assert_eq!(code, "PipelineVersionNotFoundException");
    for (execution, version) in [(&first, 1), (&third, 2)] {
        let request = json!({ "pipelineName": "p", "pipelineExecutionId": execution });
        let found = fixture.ok("GetPipelineExecution", request);
        assert_eq!(found["pipelineExecution"]["pipelineVersion"], version);
    }
    // A stage that is gone is no reason to stumble over its executions.
    let filter = json!({ "succeededInStage": { "stageName": "S2" } });
    let request = json!({ "pipelineName": "p", "filter": filter });
    let listed = fixture.ok("ListPipelineExecutions", request);
    assert_eq!(listed["pipelineExecutionSummaries"], json!([]));
    let mut unknown = pipeline(vec![vec![action("A", 1)]]);
    unknown["pipeline"]["name"] = json!("q");
    let code = fixture.code("UpdatePipeline", unknown);
    assert_eq!(code, "PipelineNotFoundException");
}

/// Shows `UpdatePipeline` as on AWS: a refused one changes nothing.
#[test]
fn a_refused_update_changes_nothing() {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    let execution = fixture.begin("p");
    let mut wrong = action("A", 1);
    wrong["configuration"] = json!({});
    let code = fixture.code("UpdatePipeline", pipeline(vec![vec![wrong]]));
    assert_eq!(code, "InvalidActionDeclarationException");
    assert_eq!(fixture.status("p", &execution), "InProgress");
    assert_eq!(fixture.offered(), ["A"]);
}

/// Shows `UpdatePipeline` as on AWS: a secret that comes back as asterisks stays what it was.
#[test]
fn a_secret_that_comes_back_masked_stays_what_it_was() {
    let mut fixture = Fixture::new();
    let mut secret = action("A", 1);
    secret["configuration"]["token"] = json!("hunter2");
    fixture.ok("CreatePipeline", pipeline(vec![vec![secret]]));
    let mut shown = fixture.ok("GetPipeline", json!({ "name": "p" }));
    let mut update = |fixture: &mut Fixture, change: fn(&mut Value)| {
        change(&mut shown["pipeline"]["stages"][1]["actions"][0]);
        fixture.ok("UpdatePipeline", json!({ "pipeline": shown["pipeline"] }));
        fixture.begin("p");
        let job = fixture.poll(1).pop().unwrap();
        job["data"]["actionConfiguration"]["configuration"]["token"].clone()
    };
    assert_eq!(update(&mut fixture, |_| {}), "hunter2");
    // Another action it is not the secret of.
    let renamed = |action: &mut Value| action["name"] = json!("B");
    assert_eq!(update(&mut fixture, renamed), "****");
}

fn kind() -> Value {
    json!({ "category": "Build", "provider": "Site", "version": "1" })
}

/// Shows `DeleteCustomActionType` as on AWS: a deleted type is gone for polls and for pipelines.
/// Shows `DeleteCustomActionType` as assumed: one that is not there is an ActionTypeNotFoundException; jobs that
/// workers have can be ended.
#[test]
fn a_deleted_type_is_gone_for_pollers_and_for_actions_but_not_for_masks() {
    let mut fixture = Fixture::new();
    let mut first = action("A", 1);
    first["configuration"]["token"] = json!("hunter2");
    let declared = pipeline(vec![vec![first, action("B", 2)]]);
    fixture.ok("CreatePipeline", declared.clone());
    let execution = fixture.begin("p");
    let job = fixture.take();
    fixture.ok("DeleteCustomActionType", kind());
    let code = fixture.code("PollForJobs", json!({ "actionTypeId": type_id() }));
    assert_eq!(code, "ActionTypeNotFoundException");
    let code = fixture.code("DeleteCustomActionType", kind());
    assert_eq!(code, "ActionTypeNotFoundException");
    let code = fixture.code("UpdatePipeline", declared);
    assert_eq!(code, "InvalidActionDeclarationException");
    // The job that a worker has can be ended; the next action cannot begin.
    fixture.succeed(&job);
    assert_eq!(fixture.status("p", &execution), "Failed");
    let listed = fixture.ok("ListActionExecutions", json!({ "pipelineName": "p" }));
    let shown = fixture.ok("GetPipeline", json!({ "name": "p" }));
    assert!(!format!("{listed}{shown}").contains("hunter2"));
    let error = &listed["actionExecutionDetails"][0]["output"]["executionResult"]["errorDetails"];
    assert_eq!(error["code"], "ConfigurationError");
}

/// Shows `DeleteCustomActionType`, `CreateCustomActionType` as on AWS: a deleted version can be restored
/// as it was, and never be another type.
#[test]
fn a_deleted_type_can_be_restored_and_its_version_given_to_no_other() {
    let mut fixture = Fixture::new();
    fixture.ok("DeleteCustomActionType", kind());
    let mut other = action_type();
    other["configurationProperties"][0]["required"] = json!(false);
    let error = fixture
        .call("CreateCustomActionType", other.clone())
        .unwrap_err();
    assert_eq!(error.code, "ValidationException");
    assert!(error.message.contains("never used"), "{error}");
    other["version"] = json!("2");
    fixture.ok("CreateCustomActionType", other);
    fixture.ok("CreateCustomActionType", action_type());
    fixture.ok("PollForJobs", json!({ "actionTypeId": type_id() }));
}
