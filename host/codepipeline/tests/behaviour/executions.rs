//! How one execution of an action stands, as ListActionExecutions tells.

use pipefitter_codepipeline::{ActionExecution, ErrorClass, JobSource, PipelineContext};
use serde_json::{Value, json};

use super::server::{Server, error, ok};
use super::source;

fn context() -> PipelineContext {
    PipelineContext {
        pipeline: "docs".to_owned(),
        stage: "Build".to_owned(),
        action: "Site".to_owned(),
        pipeline_arn: None,
        pipeline_execution_id: Some("22222222-2222-3333-4444-555555555555".to_owned()),
        action_execution_id: Some("ours".to_owned()),
    }
}

fn listed(id: &str, status: &str) -> Value {
    json!({ "actionExecutionId": id, "stageName": "Build", "actionName": "Site", "status": status })
}

#[tokio::test]
async fn the_one_is_found_among_those_of_earlier_attempts() {
    let first = json!({
        "actionExecutionDetails": [listed("of an earlier attempt", "Abandoned")],
        "nextToken": "more",
    });
    let second = json!({ "actionExecutionDetails": [listed("ours", "InProgress")] });
    let server = Server::start([ok(&first), ok(&second)]).await;
    let found = source(&server.url).await.action_execution(&context()).await;
    assert_eq!(found.unwrap(), ActionExecution::InProgress);
    let asked: Vec<Value> = server
        .seen()
        .await
        .into_iter()
        .map(|seen| seen.body)
        .collect();
    let ask = json!({
        "pipelineName": "docs",
        "filter": { "pipelineExecutionId": "22222222-2222-3333-4444-555555555555" },
        "maxResults": 100,
    });
    assert_eq!(asked[0], ask);
    assert_eq!(asked[1]["nextToken"], "more");
}

#[tokio::test]
async fn every_status_but_one_is_an_end_and_what_is_not_known_is_none() {
    for (status, expected) in [
        ("InProgress", ActionExecution::InProgress),
        ("Abandoned", ActionExecution::Ended),
        ("Failed", ActionExecution::Ended),
        ("Succeeded", ActionExecution::Ended),
        ("SomethingNew", ActionExecution::Unknown),
    ] {
        let answer = json!({ "actionExecutionDetails": [listed("ours", status)] });
        let server = Server::start([ok(&answer)]).await;
        let found = source(&server.url).await.action_execution(&context()).await;
        assert_eq!(found.unwrap(), expected, "{status}");
    }
    let others = json!({ "actionExecutionDetails": [listed("another", "Abandoned")] });
    let server = Server::start([ok(&others)]).await;
    let found = source(&server.url).await.action_execution(&context()).await;
    assert_eq!(found.unwrap(), ActionExecution::Unknown);
}

#[tokio::test]
async fn nobody_is_asked_about_an_action_without_ids() {
    let server = Server::start([error("AccessDeniedException", "not to be asked")]).await;
    let source = source(&server.url).await;
    for context in [
        PipelineContext {
            pipeline_execution_id: None,
            ..context()
        },
        PipelineContext {
            action_execution_id: None,
            ..context()
        },
    ] {
        let found = source.action_execution(&context).await.unwrap();
        assert_eq!(found, ActionExecution::Unknown);
    }
    let denied = source.action_execution(&context()).await.unwrap_err();
    assert_eq!(denied.class, ErrorClass::Denied);
    assert_eq!(server.seen().await.len(), 1);
}
