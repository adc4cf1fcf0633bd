//! The embedded CodePipeline over HTTP, through the AWS SDK that the worker uses.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod common;

use std::time::Duration;

use aws_sdk_codepipeline::types::{
    ExecutionDetails, FailureDetails, FailureType, StageExecutionStatus,
};
use aws_sdk_s3::types::{BucketVersioningStatus, ServerSideEncryption, VersioningConfiguration};
use common::*;

/// Shows `PollForJobs` as on AWS: configuration resolved, context, artifacts, and credentials that reach
/// these artifacts only.
/// Shows `GetPipelineState`, `GetPipelineExecution`, `ListActionExecutions` as on AWS: what ran is shown:
/// statuses, revisions, summaries.
/// Shows `PollForJobs` as on AWS: an artifact's key is made of the pipeline's name, ten characters of the artifact's
/// and seven more.
#[tokio::test]
async fn a_pipeline_runs_from_source_to_success() {
    let local = Local::with_buckets(|_| {}).await;
    let version = local.upload(b"second").await;
    local.create_build_type().await;
    let first = build(
        "Build",
        Some("SourceArtifact"),
        Some("Site"),
        &[
            (
                "title",
                "v #{SourceVariables.VersionId} of #{codepipeline.PipelineExecutionId}",
            ),
            ("token", "hunter2"),
        ],
    );
    let second = build(
        "Check",
        Some("Site"),
        None,
        &[("title", "#{SourceArtifactVariables.pages} pages")],
    );
    local
        .create_pipeline("docs", vec![vec![first], vec![second]])
        .await;
    let mut events = local.server.events();
    let execution = local.begin("docs").await;

    let job = local.acknowledged(&mut events).await;
    let data = job.data().unwrap();
    let configuration = data
        .action_configuration()
        .unwrap()
        .configuration()
        .unwrap();
    assert_eq!(
        configuration["title"],
        format!("v {version} of {execution}")
    );
    assert_eq!(configuration["token"], "hunter2");
    let context = data.pipeline_context().unwrap();
    assert_eq!(context.pipeline_execution_id(), Some(execution.as_str()));
    assert_eq!(
        context.pipeline_arn(),
        Some("arn:aws:codepipeline:us-east-1:000000000000:docs")
    );
    assert_eq!(context.stage().unwrap().name(), Some("Stage1"));
    assert_eq!(job.account_id(), Some("000000000000"));
    assert!(data.encryption_key().is_none());

    let own = s3(&local.server, credentials_of(&job));
    let input = &data.input_artifacts()[0];
    assert_eq!(input.revision(), Some(version.as_str()));
    let (bucket, key) = location(input);
    let parts: Vec<_> = key.split('/').map(str::len).collect();
    assert_eq!(
        (key.starts_with("docs/SourceArti/"), parts),
        (true, vec![4, 10, 7])
    );
    let object = own
        .get_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await
        .unwrap();
    assert_eq!(
        &object.body.collect().await.unwrap().into_bytes()[..],
        b"second"
    );
    let (bucket, key) = location(&data.output_artifacts()[0]);
    let upload = own.put_object().bucket(bucket).key(key);
    upload
        .body(b"built".to_vec().into())
        .server_side_encryption(ServerSideEncryption::AwsKms)
        .send()
        .await
        .unwrap();
    local
        .client
        .put_job_success_result()
        .job_id(job.id().unwrap())
        .output_variables("pages", "12")
        .execution_details(ExecutionDetails::builder().summary("12 pages").build())
        .send()
        .await
        .unwrap();

    let job = local.acknowledged(&mut events).await;
    let data = job.data().unwrap();
    let configuration = data
        .action_configuration()
        .unwrap()
        .configuration()
        .unwrap();
    assert_eq!(configuration["title"], "12 pages");
    assert_eq!(location(&data.input_artifacts()[0]), (bucket, key));
    // What another job wrote is readable where it is an input, but its key is not writable here.
    let own = s3(&local.server, credentials_of(&job));
    own.get_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await
        .unwrap();
    let denied = own
        .put_object()
        .bucket(bucket)
        .key(key)
        .body(vec![1].into())
        .send()
        .await;
    assert_eq!(refused(denied).0, "AccessDenied");
    local
        .client
        .put_job_success_result()
        .job_id(job.id().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(ended(&mut events, &execution).await.0, "Succeeded");

    let state = local
        .client
        .get_pipeline_state()
        .name("docs")
        .send()
        .await
        .unwrap();
    for stage in state.stage_states() {
        let latest = stage.latest_execution().unwrap();
        assert_eq!(latest.status(), &StageExecutionStatus::Succeeded);
        assert_eq!(latest.pipeline_execution_id(), execution);
    }
    let built = state.stage_states()[1].action_states()[0]
        .latest_execution()
        .unwrap()
        .clone();
    assert_eq!(built.summary(), Some("12 pages"));
    let answer = local.client.get_pipeline_execution().pipeline_name("docs");
    let answer = answer
        .pipeline_execution_id(&execution)
        .send()
        .await
        .unwrap();
    let answer = answer.pipeline_execution.unwrap();
    assert_eq!(answer.status().unwrap().as_str(), "Succeeded");
    assert_eq!(
        answer.artifact_revisions()[0].revision_id(),
        Some(version.as_str())
    );
    let listed = local
        .client
        .list_action_executions()
        .pipeline_name("docs")
        .send()
        .await
        .unwrap();
    let names: Vec<_> = listed
        .action_execution_details()
        .iter()
        .map(|d| d.action_name().unwrap())
        .collect();
    assert_eq!(names, ["Check", "Build", "Source"]);
    local.server.shutdown().await;
}

/// Shows `GetPipeline`, `ListActionExecutions` as on AWS: secret configuration is asterisks.
/// Shows `PollForJobs`, `GetJobDetails` as on AWS: secret configuration is in clear, and there are no
/// credentials without artifacts.
#[tokio::test]
async fn secrets_are_asterisks_everywhere_but_in_job_data() {
    let local = Local::with_buckets(|_| {}).await;
    local.create_build_type().await;
    let action = build("Build", None, None, &[("title", "t"), ("token", "hunter2")]);
    local.create_pipeline("p", vec![vec![action]]).await;
    let mut events = local.server.events();
    local.begin("p").await;
    let job = local.acknowledged(&mut events).await;
    // No artifacts, so no credentials.
    assert!(job.data().unwrap().artifact_credentials().is_none());
    let details = local
        .client
        .get_job_details()
        .job_id(job.id().unwrap())
        .send()
        .await
        .unwrap();
    let data = details.job_details().unwrap().data().unwrap();
    let configuration = data
        .action_configuration()
        .unwrap()
        .configuration()
        .unwrap();
    assert_eq!(configuration["token"], "hunter2");

    let got = local.client.get_pipeline().name("p").send().await.unwrap();
    let action = &got.pipeline().unwrap().stages()[1].actions()[0];
    assert_eq!(action.configuration().unwrap()["token"], "****");
    assert_eq!(action.configuration().unwrap()["title"], "t");
    let listed = local
        .client
        .list_action_executions()
        .pipeline_name("p")
        .send()
        .await
        .unwrap();
    let input = listed.action_execution_details()[0].input().unwrap();
    assert_eq!(input.configuration().unwrap()["token"], "****");
    assert_eq!(input.resolved_configuration().unwrap()["token"], "****");
    local.server.shutdown().await;
}

/// Shows `AcknowledgeJob` as on AWS: the loser of a race gets an InvalidNonceException.
#[tokio::test]
async fn the_loser_of_a_race_gets_an_invalid_nonce() {
    let local = Local::with_buckets(|config| config.switches.reoffer_after = Duration::ZERO).await;
    local.create_build_type().await;
    local
        .create_pipeline(
            "p",
            vec![vec![build("Build", None, None, &[("title", "t")])]],
        )
        .await;
    let mut events = local.server.events();
    local.begin("p").await;
    // With no time to acknowledge, the second poll gets the same job under a new nonce.
    let loser = local.next_job(&mut events).await;
    let winner = local.poll().await.unwrap();
    assert_eq!(loser.id(), winner.id());
    assert_ne!(loser.nonce(), winner.nonce());
    assert_eq!(
        local.acknowledge(&loser).await,
        Err("InvalidNonceException".into())
    );
    assert_eq!(local.acknowledge(&winner).await, Ok("InProgress".into()));
    assert_eq!(
        local.acknowledge(&winner).await,
        Err("InvalidNonceException".into())
    );
    assert!(local.poll().await.is_none());

    let id = winner.id().unwrap();
    local
        .client
        .put_job_success_result()
        .job_id(id)
        .send()
        .await
        .unwrap();
    let again = local
        .client
        .put_job_success_result()
        .job_id(id)
        .send()
        .await;
    assert_eq!(refused(again).0, "InvalidJobStateException");
    let unknown = local.client.get_job_details().job_id(uuid(7)).send().await;
    assert_eq!(refused(unknown).0, "JobNotFoundException");
    local.server.shutdown().await;
}

fn uuid(n: u8) -> String {
    format!("00000000-0000-0000-0000-0000000000{n:02x}")
}

/// Shows `PutJobSuccessResult` as assumed: success without a declared output artifact fails the action, and says
/// where it should be.
#[tokio::test]
async fn a_continuation_makes_a_new_job_of_the_same_action() {
    let local =
        Local::with_buckets(|config| config.continuation_delay = Duration::from_millis(20)).await;
    local.create_build_type().await;
    let action = build(
        "Build",
        Some("SourceArtifact"),
        Some("Out"),
        &[("title", "t")],
    );
    local.create_pipeline("p", vec![vec![action]]).await;
    let mut events = local.server.events();
    let execution = local.begin("p").await;
    let first = local.acknowledged(&mut events).await;
    let put = local
        .client
        .put_job_success_result()
        .job_id(first.id().unwrap());
    let details = ExecutionDetails::builder()
        .external_execution_id("ext-1")
        .percent_complete(40);
    put.continuation_token("step 2")
        .execution_details(details.build())
        .send()
        .await
        .unwrap();
    let second = local.acknowledged(&mut events).await;
    assert_ne!(first.id(), second.id());
    let (before, after) = (first.data().unwrap(), second.data().unwrap());
    assert_eq!(before.continuation_token(), None);
    assert_eq!(after.continuation_token(), Some("step 2"));
    let run = |data: &aws_sdk_codepipeline::types::JobData| {
        let action = data.pipeline_context().unwrap().action().unwrap();
        action.action_execution_id().unwrap().to_owned()
    };
    assert_eq!(run(before), run(after));
    assert_eq!(
        location(&before.output_artifacts()[0]),
        location(&after.output_artifacts()[0])
    );

    // Success without the declared output is a failure that says so.
    local
        .client
        .put_job_success_result()
        .job_id(second.id().unwrap())
        .send()
        .await
        .unwrap();
    let (status, actions) = ended(&mut events, &execution).await;
    assert_eq!(status, "Failed");
    let error = actions["Build"].as_ref().unwrap();
    assert!(error.contains("its output artifact 'Out' is not at s3://artifacts-bucket/p/Out/"));
    local.server.shutdown().await;
}

/// Shows `PutJobFailureResult` as on AWS: type and message are shown; action, stage and execution fail.
#[tokio::test]
async fn a_failure_fails_action_stage_and_execution() {
    let local = Local::with_buckets(|_| {}).await;
    local.create_build_type().await;
    local
        .create_pipeline(
            "p",
            vec![vec![build("Build", None, None, &[("title", "t")])]],
        )
        .await;
    let mut events = local.server.events();
    let execution = local.begin("p").await;
    let job = local.acknowledged(&mut events).await;
    let details = FailureDetails::builder()
        .r#type(FailureType::ConfigurationError)
        .message("the title is empty")
        .build()
        .unwrap();
    let put = local
        .client
        .put_job_failure_result()
        .job_id(job.id().unwrap());
    put.failure_details(details).send().await.unwrap();
    let (status, actions) = ended(&mut events, &execution).await;
    assert_eq!(status, "Failed");
    assert_eq!(
        actions["Build"].as_deref(),
        Some("ConfigurationError: the title is empty")
    );
    let state = local
        .client
        .get_pipeline_state()
        .name("p")
        .send()
        .await
        .unwrap();
    let stage = &state.stage_states()[1];
    assert_eq!(
        stage.latest_execution().unwrap().status(),
        &StageExecutionStatus::Failed
    );
    let error = stage.action_states()[0]
        .latest_execution()
        .unwrap()
        .error_details()
        .unwrap();
    assert_eq!(error.code(), Some("ConfigurationError"));
    local.server.shutdown().await;
}

/// Shows `ListPipelineExecutions` as on AWS: trigger and source revisions are listed.
/// Shows `CodePipeline` unlike AWS: on AWS a source object that is polled for is looked at from time to time; here at
/// each upload, too, so that an execution begins at once.
#[tokio::test]
async fn a_new_version_of_the_source_starts_an_execution() {
    let local = Local::with_buckets(|_| {}).await;
    local.create_build_type().await;
    local
        .create_pipeline(
            "p",
            vec![vec![build("Build", None, None, &[("title", "t")])]],
        )
        .await;
    let mut events = local.server.events();
    let version = local.upload(b"changed").await;
    let job = local.acknowledged(&mut events).await;
    let context = job.data().unwrap().pipeline_context().unwrap();
    let execution = context.pipeline_execution_id().unwrap();
    let listed = local
        .client
        .list_pipeline_executions()
        .pipeline_name("p")
        .send()
        .await
        .unwrap();
    let [summary] = listed.pipeline_execution_summaries() else {
        panic!("one execution")
    };
    assert_eq!(summary.pipeline_execution_id(), Some(execution));
    let trigger = summary.trigger().unwrap().trigger_type().unwrap();
    assert_eq!(trigger.as_str(), "PollForSourceChanges");
    assert_eq!(
        summary.source_revisions()[0].revision_id(),
        Some(version.as_str())
    );
    local.server.shutdown().await;
}

/// Shows `StartPipelineExecution` as on AWS: an S3 source action needs a bucket that keeps versions.
#[tokio::test]
async fn a_source_bucket_must_keep_versions() {
    let local = Local::with_buckets(|_| {}).await;
    local.create_build_type().await;
    let action = build("Build", None, None, &[("title", "t")]);
    local.create_pipeline("p", vec![vec![action]]).await;
    let suspended = VersioningConfiguration::builder()
        .status(BucketVersioningStatus::Suspended)
        .build();
    let request = local.s3.put_bucket_versioning().bucket(SOURCES);
    let request = request.versioning_configuration(suspended);
    request.send().await.unwrap();
    let mut events = local.server.events();
    let execution = local.begin("p").await;
    let (status, actions) = ended(&mut events, &execution).await;
    assert_eq!(status, "Failed");
    let error = actions["Source"].as_deref().unwrap();
    assert!(
        error.contains("'sources-bucket' is not versioned"),
        "{error}"
    );
    local.server.shutdown().await;
}
