//! Members that AWS has and this service has not: a request that sends one is refused, and the
//! member named. To accept it in silence would promise its effect.

use serde_json::json;

use super::*;

/// Makes and updates a pipeline with a change to its declaration; both must be refused by that name.
fn declared(named: &str, change: impl Fn(&mut Value)) {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    for (name, operation) in [("q", "CreatePipeline"), ("p", "UpdatePipeline")] {
        let mut request = pipeline(vec![vec![action("A", 1)]]);
        request["pipeline"]["name"] = json!(name);
        change(&mut request["pipeline"]);
        let error = fixture.call(operation, request).unwrap_err();
        assert_eq!(error.code, "NotBuiltException", "{operation}: {error}");
        assert!(error.message.contains(named), "{operation}: {error}");
    }
    let shown = fixture.ok("GetPipeline", json!({ "name": "p" }));
    assert_eq!(shown["pipeline"]["version"], 1);
}

/// The same, with a member of the stage S1.
fn of_stage(member: &str, value: Value) {
    declared(&format!("stage member {member} (stage 'S1')"), |pipeline| {
        pipeline["stages"][1][member] = value.clone();
    });
}

/// The same, with a member of the action A.
fn of_action(member: &str, value: Value) {
    declared(
        &format!("action member {member} (action 'A')"),
        |pipeline| {
            pipeline["stages"][1]["actions"][0][member] = value.clone();
        },
    );
}

/// Shows `CreatePipeline`, `UpdatePipeline` not built: the `executionMode` PARALLEL.
#[test]
fn parallel_executions_are_refused_by_name() {
    declared("executionMode PARALLEL", |pipeline| {
        pipeline["executionMode"] = json!("PARALLEL");
    });
}

/// Shows `CreatePipeline`, `UpdatePipeline` not built: `triggers` (of Git sources).
#[test]
fn triggers_are_refused_by_name() {
    declared("pipeline member triggers", |pipeline| {
        pipeline["triggers"] = json!([{
            "providerType": "CodeStarSourceConnection",
            "gitConfiguration": {
                "sourceActionName": "Source",
                "push": [{ "branches": { "includes": ["main"] } }],
            },
        }]);
    });
}

/// Shows `CreatePipeline`, `UpdatePipeline` not built: `artifactStores` (several Regions).
#[test]
fn stores_of_several_regions_are_refused_by_name() {
    declared("pipeline member artifactStores", |pipeline| {
        let store = pipeline["artifactStore"].take();
        pipeline["artifactStores"] = json!({ "us-east-1": store });
    });
}

/// Shows `CreatePipeline`, `UpdatePipeline` not built: a stage's `blockers`.
#[test]
fn blockers_are_refused_by_name() {
    of_stage("blockers", json!([{ "name": "b", "type": "Schedule" }]));
}

/// Shows `CreatePipeline`, `UpdatePipeline` not built: a stage's `onFailure` (rollback, retry, conditions).
#[test]
fn what_a_stage_does_on_failure_is_refused_by_name() {
    of_stage("onFailure", json!({ "result": "ROLLBACK" }));
    let retry = json!({ "result": "RETRY", "retryConfiguration": { "retryMode": "ALL_ACTIONS" } });
    of_stage("onFailure", retry);
}

fn conditions() -> Value {
    let rule = json!({
        "name": "Alarm",
        "ruleTypeId": {
            "category": "Rule", "owner": "AWS", "provider": "CloudWatchAlarm", "version": "1",
        },
    });
    json!({ "conditions": [{ "result": "FAIL", "rules": [rule] }] })
}

/// Shows `CreatePipeline`, `UpdatePipeline` not built: a stage's `onSuccess` (conditions and their rules).
#[test]
fn conditions_after_a_stage_are_refused_by_name() {
    of_stage("onSuccess", conditions());
}

/// Shows `CreatePipeline`, `UpdatePipeline` not built: a stage's `beforeEntry` (conditions and their rules).
#[test]
fn conditions_before_a_stage_are_refused_by_name() {
    of_stage("beforeEntry", conditions());
}

/// Shows `CreatePipeline`, `UpdatePipeline` not built: an action's `commands`.
#[test]
fn commands_are_refused_by_name() {
    of_action("commands", json!(["ls"]));
}

/// Shows `CreatePipeline`, `UpdatePipeline` not built: an action's `outputVariables`, which name what commands export.
#[test]
fn names_of_output_variables_are_refused_by_name() {
    of_action("outputVariables", json!(["COMMIT"]));
}

/// Shows `CreatePipeline`, `UpdatePipeline` not built: an action's `environmentVariables`.
#[test]
fn environment_variables_are_refused_by_name() {
    let variables = json!([{ "name": "STAGE", "value": "test" }]);
    of_action("environmentVariables", variables);
}

/// Shows `CreatePipeline`, `UpdatePipeline` not built: an output artifact's `files`.
#[test]
fn files_of_an_output_artifact_are_refused_by_name() {
    let outputs = json!([{ "name": "Out", "files": ["dist/*"] }]);
    declared(
        "action member outputArtifacts.files (action 'A')",
        |pipeline| {
            pipeline["stages"][1]["actions"][0]["outputArtifacts"] = outputs.clone();
        },
    );
}

/// Shows `CreatePipeline`, `UpdatePipeline` not built: actions of AWS's own besides the S3 source and the manual approval
/// (CodeBuild, CodeDeploy, CloudFormation, Lambda ...): an InvalidActionDeclarationException that names the type.
#[test]
fn actions_of_aws_are_refused_by_their_type() {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    for (category, provider) in [
        ("Source", "CodeCommit"),
        ("Source", "CodeStarSourceConnection"),
        ("Source", "ECR"),
        ("Build", "CodeBuild"),
        ("Test", "DeviceFarm"),
        ("Deploy", "CloudFormation"),
        ("Deploy", "CodeDeploy"),
        ("Deploy", "ECS"),
        ("Deploy", "S3"),
        ("Invoke", "Lambda"),
        ("Invoke", "StepFunctions"),
        ("Compute", "Commands"),
    ] {
        let stage = usize::from(category != "Source");
        for (name, operation) in [("q", "CreatePipeline"), ("p", "UpdatePipeline")] {
            let mut request = pipeline(vec![vec![action("A", 1)]]);
            request["pipeline"]["name"] = json!(name);
            request["pipeline"]["stages"][stage]["actions"][0]["actionTypeId"] = json!({
                "category": category, "owner": "AWS", "provider": provider, "version": "1",
            });
            let error = fixture.call(operation, request).unwrap_err();
            assert_eq!(error.code, "InvalidActionDeclarationException", "{error}");
            let named = format!("AWS/{category}/{provider}/1, which is not built");
            assert!(error.message.contains(&named), "{error}");
        }
    }
}

/// Shows `StartPipelineExecution` not built: `sourceRevisions`.
#[test]
fn revisions_to_start_from_are_refused_by_name() {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    let revision = json!({
        "actionName": "Source", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": "v1",
    });
    let request = json!({ "name": "p", "sourceRevisions": [revision] });
    let error = fixture.call("StartPipelineExecution", request).unwrap_err();
    assert_eq!(error.code, "NotBuiltException", "{error}");
    assert!(error.message.contains("member sourceRevisions"), "{error}");
}

/// Shows `GetActionType` not built: third-party action types of the Lambda executor; nothing makes one.
#[test]
fn the_lambda_executor_can_be_given_to_no_type() {
    let mut fixture = Fixture::new();
    let id = json!({
        "category": "Deploy", "owner": "ThirdParty", "provider": "Partner", "version": "1",
    });
    let counts = json!({ "minimumCount": 0, "maximumCount": 1 });
    let lambda = json!({ "lambdaFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f" });
    let request = json!({ "actionType": {
        "id": id, "inputArtifactDetails": counts, "outputArtifactDetails": counts,
        "executor": {
            "type": "Lambda", "configuration": { "lambdaExecutorConfiguration": lambda },
        },
    }});
    let error = fixture.call("UpdateActionType", request).unwrap_err();
    assert_eq!(error.code, "NotBuiltException", "{error}");
    assert!(error.message.contains("UpdateActionType"), "{error}");
    let code = fixture.code("GetActionType", id);
    assert_eq!(code, "ActionTypeNotFoundException");
}
