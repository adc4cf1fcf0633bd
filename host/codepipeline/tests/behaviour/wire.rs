//! What goes over the wire: the protocol that is pinned, and each operation's members.

use std::collections::BTreeMap;

use pipefitter_codepipeline::{
    ContinuationToken, CurrentRevision, ErrorClass, ExecutionDetails, FailureResult, FailureType,
    JobSource, Owner, PollRequest, SuccessResult,
};
use serde_json::{Value, json};

use super::server::{Seen, Server, ok};
use super::{action_type, job, nonce, poll, source};

async fn one(server: &Server) -> Seen {
    let mut seen = server.seen().await;
    assert_eq!(seen.len(), 1);
    seen.remove(0)
}

#[tokio::test]
async fn the_protocol_is_json_1_1_signed_for_the_region() {
    let server = Server::start([ok(&json!({}))]).await;
    let source = source(&server.url).await;
    let _ = source.poll(&poll()).await;
    let _ = source.acknowledge(&job(), None, &nonce(), false).await;
    let _ = source.details(&job(), None).await;
    let _ = source
        .put_success(&job(), None, &SuccessResult::default())
        .await;
    let _ = source.put_failure(&job(), None, &failure("no")).await;
    let seen = server.seen().await;
    let targets: Vec<&str> = seen
        .iter()
        .map(|seen| seen.header("x-amz-target"))
        .collect();
    assert_eq!(
        targets,
        [
            "CodePipeline_20150709.PollForJobs",
            "CodePipeline_20150709.AcknowledgeJob",
            "CodePipeline_20150709.GetJobDetails",
            "CodePipeline_20150709.PutJobSuccessResult",
            "CodePipeline_20150709.PutJobFailureResult",
        ]
    );
    for seen in seen {
        assert_eq!(seen.header("content-type"), "application/x-amz-json-1.1");
        let signature = seen.header("authorization");
        assert!(
            signature.contains("/eu-central-1/codepipeline/aws4_request"),
            "{signature}"
        );
        let agent = seen.header("x-amz-user-agent");
        assert!(agent.contains("app/pipefitter"), "{agent}");
    }
}

#[tokio::test]
async fn a_poll_asks_for_the_free_slots_and_one_query_value() {
    let server = Server::start([ok(&json!({ "jobs": [] }))]).await;
    let source = source(&server.url).await;
    let query = Some(("ProjectName".to_owned(), "docs".to_owned()));
    let offers = source.poll(&PollRequest { query, ..poll() }).await.unwrap();
    assert!(offers.is_empty());
    assert_eq!(
        one(&server).await.body,
        json!({
            "actionTypeId":
                { "category": "Build", "owner": "Custom", "provider": "Site", "version": "1" },
            "maxBatchSize": 3,
            "queryParam": { "ProjectName": "docs" },
        })
    );
}

#[tokio::test]
async fn a_batch_size_is_always_one_the_service_takes() {
    let server = Server::start([ok(&json!({}))]).await;
    let source = source(&server.url).await;
    for max in [0, u32::MAX] {
        source.poll(&PollRequest { max, ..poll() }).await.unwrap();
    }
    let sizes: Vec<Value> = server
        .seen()
        .await
        .into_iter()
        .map(|seen| seen.body["maxBatchSize"].clone())
        .collect();
    assert_eq!(sizes, [json!(1), json!(i32::MAX)]);
}

#[tokio::test]
async fn a_partners_action_type_is_refused_before_a_call() {
    let server = Server::start([ok(&json!({}))]).await;
    let mut request = poll();
    request.action_type.owner = Owner::ThirdParty;
    let error = source(&server.url).await.poll(&request).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Invalid);
    assert!(server.seen().await.is_empty());
}

#[tokio::test]
async fn a_success_carries_what_there_is() {
    let server = Server::start([ok(&json!({}))]).await;
    let result = SuccessResult {
        details: ExecutionDetails {
            summary: Some("\u{1b}[32mdone\u{1b}[0m".to_owned()),
            external_execution_id: Some("run-7".to_owned()),
            percent_complete: Some(101),
        },
        variables: BTreeMap::from([("pages".to_owned(), "12".to_owned())]),
        current_revision: Some(CurrentRevision {
            revision: "r1".to_owned(),
            change_identifier: "c1".to_owned(),
            created: Some(1_700_000_000.25),
            summary: Some(String::new()),
        }),
        continuation: None,
    };
    source(&server.url)
        .await
        .put_success(&job(), None, &result)
        .await
        .unwrap();
    assert_eq!(
        one(&server).await.body,
        json!({
            "jobId": "11111111-2222-3333-4444-555555555555",
            "executionDetails":
                { "summary": "done", "externalExecutionId": "run-7", "percentComplete": 100 },
            "outputVariables": { "pages": "12" },
            "currentRevision":
                { "revision": "r1", "changeIdentifier": "c1", "created": 1_700_000_000.25 },
        })
    );
}

#[tokio::test]
async fn what_is_absent_is_left_out() {
    let server = Server::start([ok(&json!({}))]).await;
    let source = source(&server.url).await;
    source
        .put_success(&job(), None, &SuccessResult::default())
        .await
        .unwrap();
    let token = Some(ContinuationToken::new("step 2"));
    let result = SuccessResult {
        continuation: token,
        ..SuccessResult::default()
    };
    source.put_success(&job(), None, &result).await.unwrap();
    let bodies: Vec<Value> = server
        .seen()
        .await
        .into_iter()
        .map(|seen| seen.body)
        .collect();
    let id = "11111111-2222-3333-4444-555555555555";
    assert_eq!(
        bodies,
        [
            json!({ "jobId": id }),
            json!({ "jobId": id, "continuationToken": "step 2" })
        ]
    );
}

#[tokio::test]
async fn a_result_that_breaks_a_limit_is_not_sent() {
    let server = Server::start([ok(&json!({}))]).await;
    let variables = BTreeMap::from([("not a name".to_owned(), String::new())]);
    let result = SuccessResult {
        variables,
        ..SuccessResult::default()
    };
    let error = source(&server.url)
        .await
        .put_success(&job(), None, &result)
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Invalid);
    assert!(error.message.contains("outputVariables"), "{error}");
    assert!(server.seen().await.is_empty());
}

#[tokio::test]
async fn every_failure_type_goes_by_its_name() {
    let server = Server::start([ok(&json!({}))]).await;
    let source = source(&server.url).await;
    for (kind, name) in [
        (FailureType::JobFailed, "JobFailed"),
        (FailureType::ConfigurationError, "ConfigurationError"),
        (FailureType::PermissionError, "PermissionError"),
        (FailureType::RevisionOutOfSync, "RevisionOutOfSync"),
        (FailureType::RevisionUnavailable, "RevisionUnavailable"),
        (FailureType::SystemUnavailable, "SystemUnavailable"),
    ] {
        let result = FailureResult {
            kind,
            ..failure("it broke")
        };
        source.put_failure(&job(), None, &result).await.unwrap();
        let seen = server.seen().await;
        assert_eq!(
            seen.last().unwrap().body["failureDetails"],
            json!({ "type": name, "message": "it broke", "externalExecutionId": "run-7" })
        );
    }
}

#[tokio::test]
async fn a_failures_message_is_cut_here() {
    let server = Server::start([ok(&json!({}))]).await;
    let result = failure(&"x".repeat(6000));
    source(&server.url)
        .await
        .put_failure(&job(), None, &result)
        .await
        .unwrap();
    let body = one(&server).await.body;
    let message = body["failureDetails"]["message"].as_str().unwrap();
    assert_eq!(message.len(), 5000);
    assert!(message.ends_with("... (cut from 6000 characters)"));
}

#[test]
fn an_action_type_prints_without_its_owner() {
    assert_eq!(action_type().to_string(), "Build/Site/1");
}

fn failure(message: &str) -> FailureResult {
    FailureResult {
        kind: FailureType::JobFailed,
        message: message.to_owned(),
        external_execution_id: Some("run-7".to_owned()),
    }
}
