//! Every kind of trouble, its class, and what is said about it.

use std::fmt::Write as _;
use std::time::Duration;

use pipefitter_codepipeline::{
    ContinuationToken, CustomSource, ErrorClass, JobSource, ServiceError, SourceConfig, SourceId,
    SuccessResult, Timeouts,
};
use serde_json::json;

use super::server::{Answer, HangsUp, Server, error};
use super::{config, job, nonce, poll, source};

async fn polled(answer: Answer) -> ServiceError {
    let server = Server::start([answer]).await;
    let error = source(&server.url).await.poll(&poll()).await.unwrap_err();
    assert_eq!(server.seen().await.len(), 1, "a poll is sent once: {error}");
    error
}

#[tokio::test]
async fn codes_have_classes() {
    let mut table = String::new();
    for (code, message) in [
        (
            "ActionTypeNotFoundException",
            "ActionType (Category: 'Build', ..) is not available",
        ),
        ("ValidationException", "1 validation error detected"),
        ("JobNotFoundException", ""),
        ("InvalidJobStateException", "the job is Succeeded"),
        ("InvalidNonceException", ""),
        ("InvalidClientTokenException", ""),
        ("OutputVariablesSizeExceededException", ""),
        ("ConflictException", ""),
        ("ThrottlingException", "Rate exceeded"),
        ("TooManyRequestsException", "Rate exceeded"),
        (
            "com.amazon.coral.availability#ThrottlingException",
            "Rate exceeded",
        ),
        (
            "AccessDeniedException",
            "User: arn:aws:iam::1:user/x is not authorized to perform: codepipeline:PollForJobs.",
        ),
        (
            "ExpiredTokenException",
            "The security token included in the request is expired",
        ),
        (
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        (
            "InvalidSignatureException",
            "The request signature we calculated does not match",
        ),
        ("RequestExpired", "Request has expired"),
        (
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        ),
        ("InternalFailure", "The request processing has failed"),
        ("ServiceUnavailableException", ""),
        ("SomethingNewException", "what nobody knows yet"),
    ] {
        let error = polled(error(code, message)).await;
        writeln!(table, "{:?}: {error}", error.class).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn statuses_without_a_code_have_classes() {
    let mut table = String::new();
    for (status, body) in [
        (200, "<html>sign in to this network</html>"),
        (302, ""),
        (400, ""),
        (400, "{}"),
        (403, "<html>blocked by a proxy: body-sentinel</html>"),
        (404, "no such page"),
        (407, ""),
        (413, ""),
        (429, ""),
        (500, ""),
        (502, "{ not json"),
        (503, "{\"message\":\"come back later\"}"),
        (504, "[]"),
    ] {
        let error = polled(Answer::Http(status, Vec::new(), body.to_owned())).await;
        assert!(!error.to_string().contains("sentinel"), "{error}");
        writeln!(table, "{status} {:?}: {error}", error.class).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn the_service_says_how_long_to_wait() {
    for (name, value, wait) in [
        ("retry-after", "7", Some(Duration::from_secs(7))),
        (
            "x-amz-retry-after",
            "1500",
            Some(Duration::from_millis(1500)),
        ),
        ("retry-after", "999999999", Some(Duration::from_secs(900))),
        ("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("retry-after", "-1", None),
    ] {
        let body = json!({ "__type": "ThrottlingException" }).to_string();
        let error = polled(Answer::Http(400, vec![(name, value)], body)).await;
        assert_eq!(error.class, ErrorClass::Throttled);
        assert_eq!(error.retry_after, wait, "{name}: {value}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_or_is_not_there_is_transient() {
    let mut urls = Vec::new();
    let silent = HangsUp::start("").await;
    let half =
        HangsUp::start("HTTP/1.1 400 Bad Request\r\ncontent-length: 100\r\n\r\n{\"__ty").await;
    let garbage = HangsUp::start("SSH-2.0-OpenSSH_9.9\r\n").await;
    urls.extend([silent.url.clone(), half.url.clone(), garbage.url.clone()]);
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    urls.push(format!("http://{}", free.local_addr().unwrap()));
    drop(free);
    for url in urls {
        let error = source(&url).await.poll(&poll()).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Transient, "{error}");
        assert_eq!(error.code, None);
        assert!(error.message.len() > 20, "says something: {error}");
    }
    assert_eq!(silent.requests(), 1);
    assert_eq!(half.requests(), 1);
}

#[tokio::test]
async fn a_silent_server_is_transient() {
    let server = Server::start([Answer::Silence]).await;
    let timeouts = Timeouts {
        attempt: Duration::from_millis(300),
        ..config("").timeouts
    };
    let source = CustomSource::connect(SourceConfig {
        timeouts,
        ..config(&server.url)
    })
    .await
    .unwrap();
    let error = source
        .acknowledge(&job(), None, &nonce(), false)
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Transient, "{error}");
    insta::assert_snapshot!(error, @"AcknowledgeJob: no answer within the time allowed");
    assert_eq!(server.seen().await.len(), 1);
}

#[tokio::test]
async fn credentials_that_are_not_there_are_denied() {
    let missing = SourceConfig {
        profile: Some("a-profile-that-nobody-has".to_owned()),
        endpoint_url: Some("http://127.0.0.1:9".to_owned()),
        ..SourceConfig::new(SourceId::new("main"), "eu-central-1")
    };
    let source = CustomSource::connect(missing).await.unwrap();
    let error = source.poll(&poll()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Denied, "{error}");
    assert!(
        error.message.contains("check the source's profile"),
        "{error}"
    );
}

#[tokio::test]
async fn messages_do_not_repeat_what_was_sent() {
    let said = "2 validation errors detected: Value 'nonce-sentinel' at 'nonce' failed to satisfy \
                constraint: Member must have length less than or equal to 50; Value 'short' at 'jobId' \
                failed to satisfy constraint: Member must satisfy regular expression pattern: [0-9a-f]+";
    let server = Server::start([error("ValidationException", said)]).await;
    let source = source(&server.url).await;
    let error = source
        .acknowledge(&job(), None, &nonce(), false)
        .await
        .unwrap_err();
    insta::assert_snapshot!(error);
}

#[tokio::test]
async fn a_token_in_free_words_is_hidden() {
    let server = Server::start([error(
        "ValidationException",
        "the token token-sentinel' at 'x is not valid",
    )])
    .await;
    let result = SuccessResult {
        continuation: Some(ContinuationToken::new("token-sentinel' at 'x")),
        ..SuccessResult::default()
    };
    let error = source(&server.url)
        .await
        .put_success(&job(), None, &result)
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Invalid);
    insta::assert_snapshot!(
        error,
        @"PutJobSuccessResult: ValidationException: the token (hidden) is not valid"
    );
}

#[tokio::test]
async fn a_signature_error_shows_no_canonical_request() {
    let said = "The request signature we calculated does not match the signature you provided.\n\nThe \
                Canonical String for this request should have been\n'POST\n/\n\nx-amz-security-token:\
                session-sentinel\n'";
    let error = polled(error("InvalidSignatureException", said)).await;
    assert_eq!(error.class, ErrorClass::Denied);
    assert!(
        !format!("{error} {error:?}").contains("sentinel"),
        "{error}"
    );
}

#[tokio::test]
async fn the_services_words_are_cleaned_and_bounded() {
    let said = format!("\u{1b}[31m{}", "x".repeat(100_000));
    let error = polled(error("ValidationException", &said)).await;
    assert!(error.message.len() < 1000);
    assert!(!error.message.contains('\u{1b}'));
}
