//! How much there may be of anything.

use serde_json::json;

use super::*;

/// An action that produces the variable `A.long`, and one whose configuration refers to it so many times.
fn referring(times: usize) -> Value {
    let mut first = action("A", 1);
    first["namespace"] = json!("A");
    let mut second = action("B", 2);
    second["configuration"] = json!({ "title": "t", "token": "#{A.long}".repeat(times) });
    pipeline(vec![vec![first, second]])
}

/// The second action's failure, or None where its job is offered, for a variable of that value.
fn resolved(limited: bool, times: usize, long: &str) -> Option<Value> {
    let mut fixture = Fixture::with(|settings| settings.switches.resolved_values_limited = limited);
    fixture.ok("CreatePipeline", referring(times));
    fixture.begin("p");
    let job = fixture.take();
    let put = json!({ "jobId": job, "outputVariables": { "long": long } });
    fixture.ok("PutJobSuccessResult", put);
    fixture.settle();
    let state = fixture.ok("GetPipelineState", json!({ "name": "p" }));
    let latest = &state["stageStates"][1]["actionStates"][1]["latestExecution"];
    let error = &latest["errorDetails"];
    match fixture.poll(1).pop() {
        Some(job) => {
            let token = &job["data"]["actionConfiguration"]["configuration"]["token"];
            assert_eq!(*token, long.repeat(times));
            None
        }
        None => Some(error.clone()),
    }
}

/// Shows `PollForJobs` as on AWS: an action whose resolved configuration has more than 100 KB fails with a
/// ConfigurationError.
#[test]
fn a_resolved_configuration_has_at_most_a_hundred_kilobytes() {
    // With "title", "t" and "token": 11 bytes.
    let fits = (100 * 1024 - 11) / 3;
    let long = "\u{e4}".repeat(fits / 2) + "y";
    let rest = (100 * 1024 - 11) - 3 * long.len();
    assert!(rest < 6, "{rest}");
    assert_eq!(resolved(false, 3, &long), None);
    let error = resolved(false, 3, &(long + "zz")).expect("a failure");
    assert_eq!(error["code"], "ConfigurationError");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("may have 102400"), "{message}");
    assert!(!message.contains('\u{e4}'), "{message}");
}

#[test]
fn a_resolved_value_has_any_length_or_at_most_a_thousand_characters() {
    let thousand = "\u{e4}".repeat(500);
    assert_eq!(resolved(false, 3, &thousand), None);
    assert_eq!(resolved(true, 2, &thousand), None);
    let error = resolved(true, 2, &(thousand + "x")).expect("a failure");
    assert_eq!(error["code"], "ConfigurationError");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("'token' has 1002 characters"), "{message}");
}

/// Shows `StartPipelineExecution`, `PutActionRevision` as on AWS: in mode QUEUED 50 executions may wait, and one more is
/// a ConcurrentPipelineExecutionsLimitExceededException.
#[test]
fn fifty_executions_wait_in_a_queued_pipeline_and_no_more() {
    let mut fixture = Fixture::new();
    let mut declared = pipeline(vec![vec![action("A", 1)]]);
    declared["pipeline"]["executionMode"] = json!("QUEUED");
    fixture.ok("CreatePipeline", declared);
    let start = json!({ "name": "p" });
    // The first is at its source, which nobody fetches yet.
    for _ in 0..51 {
        fixture.ok("StartPipelineExecution", start.clone());
    }
    let announced = json!({
        "pipelineName": "p", "stageName": "Source", "actionName": "Source",
        "actionRevision": { "revisionId": "r1", "revisionChangeId": "c1", "created": 7.5 },
    });
    for (name, request) in [
        ("StartPipelineExecution", start.clone()),
        ("PutActionRevision", announced.clone()),
    ] {
        let error = fixture.call(name, request).unwrap_err();
        assert_eq!(
            error.code, "ConcurrentPipelineExecutionsLimitExceededException",
            "{name}"
        );
        assert!(error.message.contains("50 executions of 'p'"), "{error}");
    }
    assert_eq!(fixture.engine.executions.len(), 51);
    // Where they go on there is room again; what was refused was not noted.
    fixture.settle();
    let answer = fixture.ok("PutActionRevision", announced);
    assert_eq!(answer["newRevision"], true);
    fixture.ok("StartPipelineExecution", start);
}

/// Has a pipeline's executions end one after the other: each waits before the first stage, and the next supersedes it.
fn superseding(fixture: &mut Fixture, count: usize) -> Vec<String> {
    (0..count).map(|_| fixture.begin("p")).collect()
}

fn transition(fixture: &mut Fixture) {
    let disabled = json!({
        "pipelineName": "p", "stageName": "S1", "transitionType": "Inbound", "reason": "full",
    });
    fixture.ok("DisableStageTransition", disabled);
}

#[test]
fn a_thousand_executions_are_kept_and_the_oldest_goes_with_all_it_had() {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    let start =
        json!({ "name": "p", "clientRequestToken": "7b5e8a4e-4f4c-4b4e-9d7e-0123456789ab" });
    let first = fixture.ok("StartPipelineExecution", start.clone());
    let first = first["pipelineExecutionId"].as_str().unwrap().to_owned();
    fixture.settle();
    let job = fixture.take();
    fixture.fail(&job);
    transition(&mut fixture);
    let later = superseding(&mut fixture, 999);
    assert_eq!(fixture.status("p", &first), "Failed");
    fixture.ok("GetJobDetails", json!({ "jobId": job }));
    let again = fixture.ok("StartPipelineExecution", start.clone());
    assert_eq!(again["pipelineExecutionId"], *first);

    fixture.begin("p");
    assert_eq!(fixture.engine.executions.len(), 1000);
    let gone = json!({ "pipelineName": "p", "pipelineExecutionId": first });
    let code = fixture.code("GetPipelineExecution", gone);
    assert_eq!(code, "PipelineExecutionNotFoundException");
    let code = fixture.code("GetJobDetails", json!({ "jobId": job }));
    assert_eq!(code, "JobNotFoundException");
    let mut runs = fixture.engine.runs.values();
    assert!(runs.all(|run| run.execution != first));
    assert_eq!(fixture.status("p", &later[0]), "Superseded");
    // The stage that it was the last one in is still shown.
    let state = fixture.ok("GetPipelineState", json!({ "name": "p" }));
    assert!(state["stageStates"][1]["latestExecution"].is_null());
    let again = fixture.ok("StartPipelineExecution", start);
    assert_ne!(again["pipelineExecutionId"], *first);
    assert_eq!(fixture.engine.executions.len(), 1000);
}

#[test]
fn an_execution_that_goes_on_is_kept_however_old_it_is() {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    let first = fixture.begin("p");
    let job = fixture.take();
    superseding(&mut fixture, 1003);
    assert_eq!(fixture.engine.executions.len(), 1004);
    transition(&mut fixture);
    fixture.succeed(&job);
    assert_eq!(fixture.status("p", &first), "Succeeded");
    fixture.begin("p");
    assert_eq!(fixture.engine.executions.len(), 1000);
}

/// Shows `CreateCustomActionType` as on AWS: 50 types there may be, and one more is a LimitExceededException.
#[test]
fn fifty_custom_action_types_can_be_made_and_no_more() {
    let mut fixture = Fixture::new();
    let kind = |at: usize| {
        let mut kind = action_type();
        kind["version"] = json!(at.to_string());
        kind
    };
    // The fixture has made the first.
    for at in 2..=50 {
        fixture.ok("CreateCustomActionType", kind(at));
    }
    let error = fixture
        .call("CreateCustomActionType", kind(51))
        .unwrap_err();
    assert_eq!(error.code, "LimitExceededException");
    assert!(error.message.contains("50 custom action types"), "{error}");
    let first = json!({ "category": "Build", "provider": "Site", "version": "1" });
    fixture.ok("DeleteCustomActionType", first);
    fixture.ok("CreateCustomActionType", kind(51));
}

/// Shows `CreatePipeline` as on AWS: 1,000 pipelines there may be, and one more is a LimitExceededException.
#[test]
fn a_thousand_pipelines_can_be_made_and_no_more() {
    let mut fixture = Fixture::new();
    let named = |at: usize| {
        let mut declared = pipeline(vec![vec![action("A", 1)]]);
        declared["pipeline"]["name"] = json!(format!("p{at}"));
        declared
    };
    for at in 1..=1000 {
        fixture.ok("CreatePipeline", named(at));
    }
    let error = fixture.call("CreatePipeline", named(1001)).unwrap_err();
    assert_eq!(error.code, "LimitExceededException");
    assert!(error.message.contains("1000 pipelines"), "{error}");
    fixture.ok("DeletePipeline", json!({ "name": "p7" }));
    fixture.ok("CreatePipeline", named(1001));
}
