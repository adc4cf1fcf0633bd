//! Where this service does otherwise than AWS, as far as no other test here shows it.

use serde_json::json;

use super::*;

/// Shows `CreatePipeline` unlike AWS: on AWS the service acts as a pipeline's or an action's role; here a role's ARN is
/// checked for its form and has no effect.
#[test]
fn a_role_is_checked_for_its_form_and_has_no_effect() {
    let mut fixture = Fixture::new();
    let mut request = pipeline(vec![vec![action("A", 1)]]);
    for wrong in ["me", "arn:aws:iam::12:role/r"] {
        request["pipeline"]["roleArn"] = json!(wrong);
        let code = fixture.code("CreatePipeline", request.clone());
        assert_eq!(code, "ValidationException", "{wrong}");
    }
    // Of an account that is not here.
    let nobody = json!("arn:aws:iam::999999999999:role/nobody");
    request["pipeline"]["roleArn"] = nobody.clone();
    request["pipeline"]["stages"][1]["actions"][0]["roleArn"] = nobody;
    fixture.ok("CreatePipeline", request);
    let execution = fixture.begin("p");
    let job = fixture.take();
    fixture.succeed(&job);
    assert_eq!(fixture.status("p", &execution), "Succeeded");
}

/// Shows `CreatePipeline`, `CreateCustomActionType` unlike AWS: on AWS tags are kept; here they are checked, told in the
/// answer, and forgotten.
#[test]
fn tags_are_told_once_and_not_kept() {
    let mut fixture = Fixture::new();
    let tags = json!([{ "key": "team", "value": "site-builders" }]);
    let mut kind = action_type();
    kind["version"] = json!("2");
    let mut declared = pipeline(vec![vec![action("A", 1)]]);
    for (operation, request) in [
        ("CreateCustomActionType", &mut kind),
        ("CreatePipeline", &mut declared),
    ] {
        request["tags"] = json!([{ "key": "aws:team", "value": "x" }]);
        let code = fixture.code(operation, request.clone());
        assert_eq!(code, "InvalidTagsException", "{operation}");
        request["tags"] = tags.clone();
        let answer = fixture.ok(operation, request.clone());
        assert_eq!(answer["tags"], tags, "{operation}");
    }
    let arn = "arn:aws:codepipeline:us-east-1:000000000000:p";
    let code = fixture.code("ListTagsForResource", json!({ "resourceArn": arn }));
    assert_eq!(code, "NotBuiltException");
    for (operation, request) in [
        ("GetPipeline", json!({ "name": "p" })),
        ("ListPipelines", json!({})),
        ("ListActionTypes", json!({})),
    ] {
        let answer = fixture.ok(operation, request).to_string();
        assert!(!answer.contains("site-builders"), "{operation}: {answer}");
    }
}

/// Shows `ListPipelineExecutions`, `GetPipelineExecution` unlike AWS: on AWS executions are told of for 12 months; here
/// the last 1,000 of a pipeline are.
#[test]
fn the_last_thousand_executions_are_known() {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    let stop = |fixture: &mut Fixture, execution: &str| {
        let request = json!({
            "pipelineName": "p", "pipelineExecutionId": execution, "abandon": true,
        });
        fixture.ok("StopPipelineExecution", request);
        fixture.settle();
    };
    let mut executions = Vec::new();
    for _ in 0..1001 {
        let execution = fixture.begin("p");
        stop(&mut fixture, &execution);
        executions.push(execution);
    }
    let mut listed = Vec::new();
    let mut request = json!({ "pipelineName": "p", "maxResults": 100 });
    loop {
        let page = fixture.ok("ListPipelineExecutions", request.clone());
        let summaries = page["pipelineExecutionSummaries"].as_array().unwrap();
        listed.extend(
            summaries
                .iter()
                .map(|one| one["pipelineExecutionId"].clone()),
        );
        match page.get("nextToken") {
            Some(token) => request["nextToken"] = token.clone(),
            None => break,
        }
    }
    let newest_first: Vec<Value> = executions[1..].iter().rev().map(|id| json!(id)).collect();
    assert_eq!(listed, newest_first);
    let request = json!({ "pipelineName": "p", "pipelineExecutionId": executions[0] });
    let code = fixture.code("GetPipelineExecution", request);
    assert_eq!(code, "PipelineExecutionNotFoundException");
}

/// Shows `CreateCustomActionType` as assumed: a type that is there is a ValidationException, also where nothing changed.
#[test]
fn a_type_that_is_there_is_not_made_again() {
    let mut fixture = Fixture::new();
    let mut changed = action_type();
    changed["configurationProperties"][0]["required"] = json!(false);
    for request in [action_type(), changed] {
        let error = fixture.call("CreateCustomActionType", request).unwrap_err();
        assert_eq!(error.code, "ValidationException");
        assert!(error.message.contains("already exists"), "{error}");
    }
}

/// Shows `StopPipelineExecution` as assumed: an execution that is not there is a PipelineExecutionNotStoppableException.
/// Shows `RetryStageExecution` as assumed: an execution that is not there is a NotLatestPipelineExecutionException.
#[test]
fn an_execution_that_is_not_there_has_the_exception_of_one_that_cannot() {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    fixture.begin("p");
    let unknown = "00000000-0000-4000-8000-000000000000";
    let mut request = json!({ "pipelineName": "p", "pipelineExecutionId": unknown });
    let code = fixture.code("StopPipelineExecution", request.clone());
    assert_eq!(code, "PipelineExecutionNotStoppableException");
    request["stageName"] = json!("S1");
    request["retryMode"] = json!("FAILED_ACTIONS");
    let code = fixture.code("RetryStageExecution", request);
    assert_eq!(code, "NotLatestPipelineExecutionException");
}

/// Shows `DisableStageTransition`, `EnableStageTransition` as assumed: out of the last stage there is no transition, which
/// is a ValidationException.
#[test]
fn no_transition_leads_out_of_the_last_stage() {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    let request = json!({
        "pipelineName": "p", "stageName": "S1", "transitionType": "Outbound", "reason": "r",
    });
    for operation in ["DisableStageTransition", "EnableStageTransition"] {
        let error = fixture.call(operation, request.clone()).unwrap_err();
        assert_eq!(error.code, "ValidationException", "{operation}");
        assert!(
            error.message.contains("no transition leads out of it"),
            "{error}"
        );
    }
}

/// Shows `CreatePipeline` as on AWS: an S3 source action with `PollForSourceChanges` `false` starts nothing by itself.
#[test]
fn a_source_that_is_not_to_be_polled_is_not_watched() {
    for (polls, watched) in [(None, 1), (Some("true"), 1), (Some("false"), 0)] {
        let mut fixture = Fixture::new();
        let mut request = pipeline(vec![vec![action("A", 1)]]);
        if let Some(polls) = polls {
            let source = &mut request["pipeline"]["stages"][0]["actions"][0];
            source["configuration"]["PollForSourceChanges"] = json!(polls);
        }
        fixture.ok("CreatePipeline", request);
        assert_eq!(fixture.engine.watched_sources().len(), watched, "{polls:?}");
    }
}
