//! What the embedded CodePipeline refuses, and how it says so.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod common;

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_codepipeline::error::ProvideErrorMetadata;
use aws_sdk_codepipeline::types::StageRetryMode;
use common::*;

#[tokio::test]
async fn who_may_not_is_told_so() {
    let local =
        Local::with_buckets(|config| config.switches.credential_lifetime = Duration::ZERO).await;
    local.create_build_type().await;
    let action = build("Build", Some("SourceArtifact"), None, &[("title", "t")]);
    local.create_pipeline("p", vec![vec![action]]).await;
    let mut events = local.server.events();
    local.begin("p").await;
    let job = local.acknowledged(&mut events).await;
    let code = |key: &str, secret: &str| {
        let client = codepipeline(&local.server, Credentials::from_keys(key, secret, None));
        async move { refused(client.list_pipelines().send().await).0 }
    };
    assert_eq!(
        code("AKIANOBODY", "local").await,
        "UnrecognizedClientException"
    );
    assert_eq!(code("local", "wrong").await, "InvalidSignatureException");
    // A lifetime of nothing: expired when it arrives, for both services.
    let expired = codepipeline(&local.server, credentials_of(&job))
        .list_pipelines()
        .send()
        .await;
    assert_eq!(refused(expired).0, "ExpiredTokenException");
    let (bucket, key) = location(&job.data().unwrap().input_artifacts()[0]);
    let own = s3(&local.server, credentials_of(&job));
    let expired = own.get_object().bucket(bucket).key(key).send().await;
    assert_eq!(refused(expired).0, "ExpiredToken");
    local.server.shutdown().await;
}

/// Shows `CodePipeline` unlike AWS: on AWS IAM's policies say who may call what; here one key pair may call
/// everything, and a job's credentials nothing.
#[tokio::test]
async fn a_jobs_credentials_may_not_call_codepipeline() {
    let local = Local::with_buckets(|_| {}).await;
    local.create_build_type().await;
    let action = build("Build", Some("SourceArtifact"), None, &[("title", "t")]);
    local.create_pipeline("p", vec![vec![action]]).await;
    let mut events = local.server.events();
    local.begin("p").await;
    let job = local.acknowledged(&mut events).await;
    let own = codepipeline(&local.server, credentials_of(&job));
    let (code, message) = refused(own.list_pipelines().send().await);
    assert_eq!(code, "AccessDeniedException");
    assert!(message.contains("codepipeline:ListPipelines"), "{message}");
    local.server.shutdown().await;
}

/// Shows `RetryStageExecution` as on AWS: a stage that is stopping is a ConflictException, of status 409 where all
/// others are 400.
#[tokio::test]
async fn a_conflict_has_a_status_of_its_own() {
    let local = Local::with_buckets(|_| {}).await;
    local.create_build_type().await;
    let action = build("Build", Some("SourceArtifact"), None, &[("title", "t")]);
    local.create_pipeline("p", vec![vec![action]]).await;
    let mut events = local.server.events();
    let execution = local.begin("p").await;
    local.acknowledged(&mut events).await;
    let stop = || {
        let stop = local.client.stop_pipeline_execution().pipeline_name("p");
        stop.pipeline_execution_id(&execution).send()
    };
    stop().await.unwrap();
    let duplicate = stop().await.unwrap_err();
    let status = duplicate.raw_response().unwrap().status().as_u16();
    assert_eq!(status, 400);
    let stage = local.client.retry_stage_execution().pipeline_name("p");
    let stage = stage.stage_name("Stage1").pipeline_execution_id(&execution);
    let retry = stage.retry_mode(StageRetryMode::FailedActions).send().await;
    let conflict = retry.unwrap_err();
    let status = conflict.raw_response().unwrap().status().as_u16();
    assert_eq!((conflict.code(), status), (Some("ConflictException"), 409));
    local.server.shutdown().await;
}

#[tokio::test]
async fn what_breaks_the_model_or_is_not_built_is_named() {
    let local = Local::with_buckets(|_| {}).await;
    let bad = local
        .client
        .acknowledge_job()
        .job_id("7")
        .nonce("")
        .send()
        .await;
    let (code, message) = refused(bad);
    assert_eq!(code, "ValidationException");
    assert_eq!(
        message,
        "2 validation errors detected: Value '7' at 'jobId' failed to satisfy constraint: Member \
         must satisfy regular expression pattern: \
         [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}; Value at 'nonce' failed to \
         satisfy constraint: Member must have length greater than or equal to 1"
    );
    let (code, message) = refused(local.client.list_webhooks().send().await);
    assert_eq!(code, "NotBuiltException");
    assert!(
        message.contains("ListWebhooks") && message.contains("docs/LOCAL.md"),
        "{message}"
    );
    let poll = local
        .client
        .poll_for_jobs()
        .action_type_id(build_type())
        .send()
        .await;
    let (code, message) = refused(poll);
    assert_eq!(code, "ActionTypeNotFoundException");
    assert_eq!(
        message,
        "ActionType (Category: 'Build', Owner: 'Custom', Provider: 'Site', Version: '1') is not \
         available"
    );
    local.server.shutdown().await;
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let config = pipefitter_local::LocalConfig {
        bind: "0.0.0.0:0".parse().unwrap(),
        ..Default::default()
    };
    let error = pipefitter_local::Server::start(config).await.unwrap_err();
    assert!(error.to_string().contains("loopback"), "{error}");
}
