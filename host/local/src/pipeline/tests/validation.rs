//! What is refused, and in which words.

use serde_json::{Value, json};

use super::*;
use crate::pipeline::schema::{Shape, Text};
use crate::pipeline::shapes::REQUESTS;

/// A pipeline's request after a change to it.
fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut build = action("A", 1);
    build["inputArtifacts"] = json!([{ "name": "SourceArtifact" }]);
    build["outputArtifacts"] = json!([{ "name": "Out" }]);
    let mut request = pipeline(vec![vec![build]]);
    change(&mut request["pipeline"]);
    request
}

type Change = fn(&mut Value);

/// Shows `CreatePipeline` as on AWS: a declaration that breaks the rules is refused with what is at
/// fault.
#[test]
fn broken_pipelines_are_refused_by_name() {
    let cases: &[(&str, &str, Change)] = &[
        ("ValidationException", "must have an artifactStore", |p| {
            p["artifactStore"] = Value::Null;
        }),
        ("InvalidStructureException", "only 1 stage(s)", |p| {
            p["stages"].as_array_mut().unwrap().pop();
        }),
        (
            "InvalidStructureException",
            "'A' in stage 'S1' is not one",
            |p| {
                p["stages"].as_array_mut().unwrap().reverse();
            },
        ),
        (
            "InvalidStructureException",
            "only allowed in the first stage",
            |p| {
                let source = p["stages"][0]["actions"][0].clone();
                p["stages"][1]["actions"]
                    .as_array_mut()
                    .unwrap()
                    .push(source);
            },
        ),
        (
            "InvalidStageDeclarationException",
            "'Source' is used more than once",
            |p| {
                p["stages"][1]["name"] = json!("Source");
            },
        ),
        (
            "InvalidStageDeclarationException",
            "Stage 'S1' has no actions",
            |p| {
                p["stages"][1]["actions"] = json!([]);
            },
        ),
        (
            "InvalidActionDeclarationException",
            "'A' is used more than once in stage 'S1'",
            |p| {
                let again = p["stages"][1]["actions"][0].clone();
                p["stages"][1]["actions"]
                    .as_array_mut()
                    .unwrap()
                    .push(again);
            },
        ),
        (
            "InvalidActionDeclarationException",
            "is not available (action 'A')",
            |p| {
                p["stages"][1]["actions"][0]["actionTypeId"]["version"] = json!("9");
            },
        ),
        (
            "InvalidActionDeclarationException",
            "missing required configuration 'title'",
            |p| {
                p["stages"][1]["actions"][0]["configuration"] = json!({});
            },
        ),
        (
            "InvalidActionDeclarationException",
            "unknown configuration 'titel'",
            |p| {
                p["stages"][1]["actions"][0]["configuration"]["titel"] = json!("x");
            },
        ),
        (
            "InvalidActionDeclarationException",
            "is for Region eu-west-1",
            |p| {
                p["stages"][1]["actions"][0]["region"] = json!("eu-west-1");
            },
        ),
        (
            "InvalidActionDeclarationException",
            "declares 2 output artifact(s)",
            |p| {
                let outputs = json!([{ "name": "One" }, { "name": "Two" }]);
                p["stages"][0]["actions"][0]["outputArtifacts"] = outputs;
            },
        ),
        (
            "InvalidActionDeclarationException",
            "SourceArtifact has been used more than once",
            |p| {
                p["stages"][1]["actions"][0]["outputArtifacts"] =
                    json!([{ "name": "SourceArtifact" }]);
            },
        ),
        (
            "InvalidActionDeclarationException",
            "Out in action 'A' is not declared",
            |p| {
                p["stages"][1]["actions"][0]["inputArtifacts"] = json!([{ "name": "Out" }]);
            },
        ),
        ("InvalidActionDeclarationException", "Src", |p| {
            p["stages"][1]["actions"][0]["namespace"] = json!("Src");
        }),
        (
            "InvalidActionDeclarationException",
            "'variables', which is reserved",
            |p| {
                p["stages"][1]["actions"][0]["namespace"] = json!("variables");
            },
        ),
        ("InvalidStructureException", "set pipelineType to V2", |p| {
            p["pipelineType"] = json!("V1");
            p["variables"] = json!([{ "name": "v" }]);
        }),
        (
            "ValidationException",
            "at 'pipeline.stages.2.member.actions.1.member.runOrder'",
            |p| {
                p["stages"][1]["actions"][0]["runOrder"] = json!(0);
            },
        ),
        ("ValidationException", "role", |p| {
            p["roleArn"] = json!("me")
        }),
        (
            "SerializationException",
            "STRING_VALUE can not be converted to a List",
            |p| {
                p["stages"] = json!("all");
            },
        ),
    ];
    let mut fixture = Fixture::new();
    for (code, words, change) in cases {
        let error = fixture
            .call("CreatePipeline", changed(change))
            .expect_err(words);
        assert_eq!(error.code, *code, "{error}");
        assert!(
            error.message.contains(words),
            "wanted '{words}' in: {error}"
        );
    }
    fixture.ok("CreatePipeline", changed(|_| {}));
    let error = fixture.call("CreatePipeline", changed(|_| {})).unwrap_err();
    assert_eq!(error.code, "PipelineNameInUseException");
}

/// Shows `CreateCustomActionType` as on AWS: properties, counts and templates that break the rules are
/// refused.
#[test]
fn broken_action_types_are_refused_by_name() {
    let cases: &[(&str, Change)] = &[
        ("already exists", |_| {}),
        ("Category 'Approval' cannot be used", |t| {
            t["category"] = json!("Approval")
        }),
        (
            "minimum count of input artifacts (2) is greater than the maximum (1)",
            |t| {
                t["inputArtifactDetails"] = json!({ "minimumCount": 2, "maximumCount": 1 });
            },
        ),
        ("takes no input artifacts", |t| {
            t["category"] = json!("Source")
        }),
        ("'title' is declared more than once", |t| {
            t["configurationProperties"][1]["name"] = json!("title");
        }),
        ("'token' must be required and not secret", |t| {
            t["configurationProperties"][1]["queryable"] = json!(true);
        }),
        ("no configuration property is called 'titel'", |t| {
            t["settings"]["entityUrlTemplate"] = json!("https://x/{Config:titel}");
        }),
        ("Member must have length less than or equal to 9", |t| {
            t["version"] = json!("1234567890");
        }),
        ("Member must not be null", |t| {
            t["configurationProperties"][0]["secret"] = Value::Null
        }),
    ];
    let mut fixture = Fixture::new();
    for (words, change) in cases {
        let mut request = action_type();
        change(&mut request);
        let error = fixture
            .call("CreateCustomActionType", request)
            .expect_err(words);
        assert_eq!(error.code, "ValidationException", "{error}");
        assert!(
            error.message.contains(words),
            "wanted '{words}' in: {error}"
        );
    }
}

/// Shows `CodePipeline` as assumed: a member that is null is absent, and one that the model has not is ignored.
#[test]
fn a_null_member_is_an_absent_one_and_an_unknown_one_is_ignored() {
    let mut fixture = Fixture::new();
    fixture.ok(
        "ListActionTypes",
        json!({ "nextToken": null, "colour": "red" }),
    );
    assert_eq!(
        fixture.code("ListPipelines", json!({ "nextToken": "x" })),
        "InvalidNextTokenException"
    );
    let error = Operation::parse("ListPipelines", b"[1").unwrap_err();
    assert_eq!(error.code, "SerializationException");
    let error = Operation::parse("Frobnicate", b"{}").unwrap_err();
    assert_eq!(error.code, "UnknownOperationException");
    let error = Operation::parse("ListWebhooks", b"{}").unwrap_err();
    assert_eq!(error.code, "NotBuiltException");
    let error = Operation::parse("ListWebhooks", br#"{"MaxResults":0}"#).unwrap_err();
    assert_eq!(error.code, "ValidationException");
}

/// Shows `CodePipeline` as assumed: lengths are counted in UTF-16 units.
#[test]
fn lengths_are_counted_in_utf16_units() {
    let failure = |message: String| {
        let details = json!({ "type": "JobFailed", "message": message });
        let id = "00000000-0000-0000-0000-000000000000";
        let body = json!({ "jobId": id, "failureDetails": details }).to_string();
        Operation::parse("PutJobFailureResult", body.as_bytes())
    };
    assert!(failure("😀".repeat(2500)).is_ok());
    let error = failure("😀".repeat(2501)).unwrap_err();
    assert!(
        error.message.contains("less than or equal to 5000"),
        "{error}"
    );
    assert!(error.message.len() < 1000, "a long value is cut: {error}");
    assert!(failure(String::new()).is_err());
}

/// Shows `CreatePipeline` as assumed: a configuration value that is too long is told by its key, and not repeated.
#[test]
fn configuration_is_never_repeated_in_a_message() {
    let mut fixture = Fixture::new();
    let error = fixture
        .call(
            "CreatePipeline",
            changed(|p| {
                p["stages"][1]["actions"][0]["configuration"]["token"] =
                    json!("hunter2".repeat(200));
            }),
        )
        .unwrap_err();
    assert_eq!(error.code, "ValidationException");
    assert!(!error.message.contains("hunter2"), "{error}");
    assert!(error.message.contains("'token'"), "{error}");
}

/// Shows `CodePipeline` as on AWS: the requests of all 44 operations are held to the service's model, also of those that are
/// not built.
#[test]
fn every_operation_of_the_model_is_checked_and_then_built_or_named() {
    assert_eq!(REQUESTS.len(), 44, "the model of 2015-07-09");
    for (name, _) in REQUESTS {
        let fault = Operation::parse(name, b"{}").err().map(|error| error.code);
        assert!(
            matches!(
                fault,
                None | Some("ValidationException" | "NotBuiltException")
            ),
            "{name}: {fault:?}"
        );
    }
}

/// Shows `DeleteWebhook`, `DeregisterWebhookWithThirdParty`, `ListDeployActionExecutionTargets`,
/// `ListRuleExecutions`, `ListRuleTypes`, `ListTagsForResource`, `ListWebhooks`, `OverrideStageCondition`,
/// `PutWebhook`, `RegisterWebhookWithThirdParty`, `RollbackStage`, `TagResource`, `UntagResource`,
/// `UpdateActionType` not built: a request that the model allows is a NotBuiltException that names the operation.
#[test]
fn what_is_not_built_is_refused_by_name() {
    let mut fixture = Fixture::new();
    let id = "00000000-0000-4000-8000-000000000000";
    let arn = "arn:aws:codepipeline:us-east-1:000000000000:p";
    let counts = json!({ "minimumCount": 0, "maximumCount": 1 });
    let partners = json!({
        "category": "Build", "owner": "ThirdParty", "provider": "Site", "version": "1",
    });
    let requests = [
        ("DeleteWebhook", json!({ "name": "w" })),
        ("DeregisterWebhookWithThirdParty", json!({})),
        (
            "ListDeployActionExecutionTargets",
            json!({ "actionExecutionId": id }),
        ),
        ("ListRuleExecutions", json!({ "pipelineName": "p" })),
        ("ListRuleTypes", json!({})),
        ("ListTagsForResource", json!({ "resourceArn": arn })),
        ("ListWebhooks", json!({})),
        (
            "OverrideStageCondition",
            json!({
                "pipelineName": "p", "stageName": "S1", "pipelineExecutionId": id,
                "conditionType": "BEFORE_ENTRY",
            }),
        ),
        (
            "PutWebhook",
            json!({ "webhook": {
                "name": "w", "targetPipeline": "p", "targetAction": "Source",
                "filters": [{ "jsonPath": "$.ref" }], "authentication": "UNAUTHENTICATED",
                "authenticationConfiguration": {},
            }}),
        ),
        ("RegisterWebhookWithThirdParty", json!({})),
        (
            "RollbackStage",
            json!({ "pipelineName": "p", "stageName": "S1", "targetPipelineExecutionId": id }),
        ),
        ("TagResource", json!({ "resourceArn": arn, "tags": [] })),
        (
            "UntagResource",
            json!({ "resourceArn": arn, "tagKeys": [] }),
        ),
        (
            "UpdateActionType",
            json!({ "actionType": {
                "id": partners, "inputArtifactDetails": counts, "outputArtifactDetails": counts,
                "executor": { "configuration": {}, "type": "JobWorker" },
            }}),
        ),
    ];
    for (name, request) in requests {
        let error = fixture.call(name, request).unwrap_err();
        assert_eq!(error.code, "NotBuiltException", "{name}: {error}");
        assert!(error.message.contains(name), "{error}");
    }
}

#[test]
fn every_pattern_of_the_model_has_a_meaning() {
    fn texts(shape: &'static Shape, found: &mut Vec<&'static Text>) {
        match shape {
            Shape::Text(text) => found.push(text),
            Shape::List { member, .. } => texts(member, found),
            Shape::Map { key, value, .. } => {
                texts(key, found);
                texts(value, found);
            }
            Shape::Struct(members) => members.iter().for_each(|m| texts(m.shape, found)),
            Shape::Enum(_) | Shape::Int { .. } | Shape::Bool | Shape::Time => {}
        }
    }
    let mut found = Vec::new();
    for (_, shape) in REQUESTS {
        texts(shape, &mut found);
    }
    assert!(found.len() > 100);
    assert!(found.iter().all(|text| text.has_meaning()));
}
