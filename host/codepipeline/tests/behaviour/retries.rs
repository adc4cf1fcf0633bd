//! Who repeats what: the SDK repeats details and results a few times, polls and acknowledges never.

use pipefitter_codepipeline::{ErrorClass, FailureResult, FailureType, JobSource, SuccessResult};
use serde_json::json;

use super::server::{Answer, HangsUp, Server, error, ok};
use super::{job, nonce, poll, source};

fn trouble() -> Answer {
    Answer::Http(
        500,
        Vec::new(),
        json!({ "__type": "InternalFailure" }).to_string(),
    )
}

fn failure() -> FailureResult {
    FailureResult {
        kind: FailureType::JobFailed,
        message: "no".to_owned(),
        external_execution_id: None,
    }
}

#[tokio::test]
async fn polls_and_acknowledges_are_sent_once() {
    let server = Server::start([trouble()]).await;
    let source = source(&server.url).await;
    source.poll(&poll()).await.unwrap_err();
    assert_eq!(server.seen().await.len(), 1);
    source
        .acknowledge(&job(), None, &nonce(), false)
        .await
        .unwrap_err();
    assert_eq!(server.seen().await.len(), 2);
}

#[tokio::test]
async fn results_and_details_are_repeated_but_not_for_ever() {
    let server = Server::start([trouble()]).await;
    let source = source(&server.url).await;
    let error = source
        .put_success(&job(), None, &SuccessResult::default())
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Transient, "{error}");
    assert_eq!(server.seen().await.len(), 3);
    source
        .put_failure(&job(), None, &failure())
        .await
        .unwrap_err();
    assert_eq!(server.seen().await.len(), 6);
    source.details(&job(), None).await.unwrap_err();
    assert_eq!(server.seen().await.len(), 9);
}

#[tokio::test]
async fn a_result_that_gets_through_in_the_end_is_reported() {
    let server = Server::start([trouble(), trouble(), ok(&json!({}))]).await;
    source(&server.url)
        .await
        .put_failure(&job(), None, &failure())
        .await
        .unwrap();
    assert_eq!(server.seen().await.len(), 3);
}

#[tokio::test]
async fn a_result_whose_first_answer_was_lost_is_gone() {
    let ended = error("InvalidJobStateException", "the job is Succeeded already");
    let server = Server::start([trouble(), ended]).await;
    let result = SuccessResult::default();
    let error = source(&server.url)
        .await
        .put_success(&job(), None, &result)
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Gone);
    assert_eq!(error.code.as_deref(), Some("InvalidJobStateException"));
}

#[tokio::test]
async fn what_is_refused_is_not_repeated() {
    for code in [
        "ValidationException",
        "JobNotFoundException",
        "AccessDeniedException",
    ] {
        let server = Server::start([error(code, "no")]).await;
        source(&server.url)
            .await
            .put_failure(&job(), None, &failure())
            .await
            .unwrap_err();
        assert_eq!(server.seen().await.len(), 1, "{code}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_is_tried_again() {
    let server = HangsUp::start("").await;
    let source = source(&server.url).await;
    let error = source
        .put_failure(&job(), None, &failure())
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Transient, "{error}");
    assert_eq!(server.requests(), 3);
}
