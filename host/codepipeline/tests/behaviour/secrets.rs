//! `{:?}` of what is public shows no secret. Every secret in these tests has `sentinel` in it.

use pipefitter_codepipeline::{
    ContinuationToken, CustomSource, JobSource, SourceConfig, SuccessResult,
};
use serde_json::json;

use super::server::{Server, ok};
use super::{config, contents, job, nonce, poll};

fn assert_quiet(what: &str, shown: &str) {
    assert!(
        !shown.to_lowercase().contains("sentinel"),
        "{what}: {shown}"
    );
    assert!(!shown.is_empty());
}

#[tokio::test]
async fn nothing_public_prints_a_secret() {
    let server = Server::start([
        ok(&json!({ "jobs": [contents::whole()] })),
        ok(&json!({ "jobDetails": contents::whole() })),
    ])
    .await;
    let config = SourceConfig {
        external_id: Some("external-sentinel".to_owned()),
        role_arn: Some("arn:aws:iam::111122223333:role/worker".to_owned()),
        ..config(&server.url)
    };
    assert_quiet("SourceConfig", &format!("{config:?} {config:#?}"));
    let config = SourceConfig {
        external_id: None,
        role_arn: None,
        ..config
    };
    let source = CustomSource::connect(config).await.unwrap();
    assert_quiet("CustomSource", &format!("{source:?} {source:#?}"));

    let offers = source.poll(&poll()).await.unwrap();
    assert_quiet("Offer", &format!("{offers:?} {offers:#?}"));
    let opened = source.open(&offers[0]).await.unwrap();
    assert_quiet("JobContents", &format!("{opened:?} {opened:#?}"));
    let details = source.details(&job(), None).await.unwrap();
    assert_quiet("JobContents", &format!("{details:?}"));
    assert_quiet("configuration", &format!("{:?}", opened.configuration));

    assert_quiet("Nonce", &format!("{:?}", nonce()));
    let token = ContinuationToken::new("token-sentinel");
    assert_quiet("ContinuationToken", &format!("{token:?}"));
    let result = SuccessResult {
        continuation: Some(token),
        ..SuccessResult::default()
    };
    assert_quiet("SuccessResult", &format!("{result:?} {result:#?}"));
    let long = ContinuationToken::new("token-sentinel".repeat(1000));
    let error = SuccessResult {
        continuation: Some(long),
        ..result
    }
    .checked()
    .unwrap_err();
    assert_quiet("FieldError", &format!("{error:?} {error}"));
}

#[tokio::test]
async fn configurations_of_the_sdk_print_no_secret_of_ours() {
    let source = CustomSource::connect(config("http://127.0.0.1:9"))
        .await
        .unwrap();
    assert_quiet("SdkConfig", &format!("{:?}", source.sdk_config()));
}
