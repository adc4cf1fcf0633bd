//! Each open question about AWS, under both answers: the first is what Pipefitter assumes.

use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{ServiceOptions, small_source};
use serde_json::json;

use crate::{By, Partner};

fn assuming(answer: &str) -> ServiceOptions {
    ServiceOptions {
        assume: vec![answer.to_owned()],
        ..ServiceOptions::default()
    }
}

/// A service with the assumed answers, and one with this other answer.
async fn both(answer: &str) -> [(bool, By); 2] {
    [
        (true, By::with(ServiceOptions::default()).await),
        (false, By::with(assuming(answer)).await),
    ]
}

/// Shows `PollForJobs` as assumed: a poll hides the job from others, or not: `poll-hides`.
#[tokio::test]
async fn a_poll_hides_a_job_or_does_not() {
    for (is_assumed, by) in both("poll-hides=no").await {
        let job = by.next().await;
        let again = by.poll(Some(10)).await.unwrap();
        if is_assumed {
            assert!(again.is_empty(), "{again:?}");
        } else {
            assert_eq!(again.len(), 1);
            assert_eq!((&again[0].id, &again[0].nonce), (&job.id, &job.nonce));
        }
        by.service
            .control(json!({ "do": "advance", "seconds": 61 }))
            .await;
        let later = by.next().await;
        assert_ne!(later.nonce, job.nonce, "a re-offer has a new nonce");
        let late = by.acknowledge(&job).await;
        assert_eq!(late.unwrap_err(), "InvalidNonceException");
        by.acknowledge(&later).await.unwrap();
    }
}

/// Shows `PutJobFailureResult` as assumed: a result that comes too late has one exception or the other:
/// `late-result`.
#[tokio::test]
async fn a_result_that_comes_too_late_has_either_exception() {
    for (is_assumed, by) in both("late-result=job-not-found").await {
        let job = by.take().await;
        by.service
            .control(json!({ "do": "advance", "seconds": 86_401 }))
            .await;
        let expected = if is_assumed {
            "InvalidJobStateException"
        } else {
            "JobNotFoundException"
        };
        assert_eq!(by.failed(&job).await.unwrap_err(), expected);
        assert_eq!(by.service.ended(&by.execution).await, "failed");
    }
}

/// Shows `PutJobSuccessResult` as assumed: a continuation keeps the output's key, or not:
/// `continuation-keeps-outputs`.
#[tokio::test]
async fn a_continuation_keeps_the_output_key_or_does_not() {
    for (is_assumed, by) in both("continuation-keeps-outputs=no").await {
        let first = by.take().await;
        by.continued(&first).await.unwrap();
        let second = by.take().await;
        assert_ne!(first.id, second.id);
        assert_eq!(first.output() == second.output(), is_assumed);
    }
}

/// Shows `AcknowledgeJob` as assumed: a second acknowledge with the same nonce is refused, or answered as
/// the first: `acknowledge-again`.
#[tokio::test]
async fn acknowledging_again_is_refused_or_answered_as_before() {
    for (is_assumed, by) in both("acknowledge-again=yes").await {
        let job = by.take().await;
        let again = by.acknowledge(&job).await;
        if is_assumed {
            assert_eq!(again.unwrap_err(), "InvalidNonceException");
        } else {
            again.unwrap();
        }
        let mut other = job.clone();
        other.nonce = "1".to_owned();
        let wrong = by.acknowledge(&other).await;
        assert_eq!(wrong.unwrap_err(), "InvalidNonceException");
        by.failed(&job).await.unwrap();
        let ended = by.acknowledge(&job).await;
        assert_eq!(ended.unwrap_err(), "InvalidNonceException");
    }
}

#[tokio::test]
async fn the_action_timeout_spans_continuations_or_begins_anew() {
    for (is_assumed, by) in both("timeout-spans-continuations=no").await {
        let first = by.take().await;
        by.service
            .control(json!({ "do": "advance", "seconds": 80_000 }))
            .await;
        by.continued(&first).await.unwrap();
        let second = by.take().await;
        by.service
            .control(json!({ "do": "advance", "seconds": 80_000 }))
            .await;
        assert_eq!(by.failed(&second).await.is_err(), is_assumed);
    }
}

/// Shows `GetJobDetails` as assumed: details of a job that has ended are given, or not: `ended-details`.
#[tokio::test]
async fn details_of_an_ended_job_are_given_or_are_not() {
    for (is_assumed, by) in both("ended-details=job-not-found").await {
        let job = by.take().await;
        by.details(&job).await.unwrap();
        by.failed(&job).await.unwrap();
        let details = by.details(&job).await;
        if is_assumed {
            details.unwrap();
        } else {
            assert_eq!(details.unwrap_err(), "JobNotFoundException");
        }
    }
}

/// Shows `GetThirdPartyJobDetails` as assumed: details of a job that has ended are an InvalidJobException, or
/// another one, or are given without credentials: `ended-third-party-details`.
#[tokio::test]
async fn details_of_an_ended_partners_job_are_refused_or_given_without_credentials() {
    for (options, expected) in [
        (ServiceOptions::default(), Err("InvalidJobException")),
        (
            assuming("ended-third-party-details=job-not-found"),
            Err("JobNotFoundException"),
        ),
        (assuming("ended-third-party-details=data"), Ok(())),
    ] {
        let by = Partner::with(options).await;
        let job = by.take().await;
        let (_, open) = by.details(&job).await.unwrap();
        assert!(open.artifact_credentials().is_some());
        by.succeeded(&job).await.unwrap();
        let details = by.details(&job).await;
        let has_credentials =
            details.map(|(_, data)| assert!(data.artifact_credentials().is_none()));
        assert_eq!(
            has_credentials.as_ref().map_err(String::as_str),
            expected.as_ref().map_err(|code| *code)
        );
    }
}

/// Shows `PutThirdPartyJobSuccessResult` as assumed: a job's timeout begins when it is first offered, or when it is
/// acknowledged: `job-timeout-from`.
#[tokio::test]
async fn the_timeout_of_a_partners_job_begins_with_its_offer_or_its_acknowledge() {
    let acknowledge = assuming("job-timeout-from=acknowledge");
    for (is_assumed, options) in [(true, ServiceOptions::default()), (false, acknowledge)] {
        let by = Partner::with(options).await;
        let offered = by.next().await;
        let passed = |seconds: u32| {
            by.service
                .control(json!({ "do": "advance", "seconds": seconds }))
        };
        passed(3_000).await;
        let job = by.take().await;
        assert_eq!(job, offered);
        passed(3_000).await;
        let result = by.succeeded(&job).await;
        if is_assumed {
            assert_eq!(result.unwrap_err(), "InvalidJobStateException");
            continue;
        }
        result.unwrap();
        let by = Partner::with(assuming("job-timeout-from=acknowledge")).await;
        let job = by.take().await;
        by.service
            .control(json!({ "do": "advance", "seconds": 3_601 }))
            .await;
        let late = by.succeeded(&job).await;
        assert_eq!(late.unwrap_err(), "InvalidJobStateException");
    }
}

/// Shows `PollForJobs` as assumed: a poll without maxBatchSize gets one job, or more: `default-batch`.
#[tokio::test]
async fn a_poll_that_does_not_say_how_many_gets_one_job_or_more() {
    for (is_assumed, by) in both("default-batch=10").await {
        by.take().await;
        // Two more executions wait for the stage of the first: so continue and re-offer are no use here, and
        // two more pipelines are.
        for name in ["q", "r"] {
            let action = Action::new("Act", &Plugin::probe("Probe"));
            let pipeline = Pipeline::new(name).stage([action]);
            by.service.create(&pipeline, small_source()).await;
            let execution = by.service.begin(name).await;
            by.service
                .process
                .line(&format!("{name} execution {execution} started"))
                .await;
        }
        // Both jobs are there once a poll for all of them has seen both.
        let mut seen = 0;
        while seen < 2 {
            seen = by.poll(Some(10)).await.unwrap().len();
            by.service.control(json!({ "do": "reoffer" })).await;
        }
        let polled = by.poll(None).await.unwrap();
        assert_eq!(polled.len(), if is_assumed { 1 } else { 2 });
    }
}

/// Shows `PollForJobs` as assumed: a value may have more than 1,000 characters once it is resolved, or the action
/// fails with a ConfigurationError: `resolved-values-limited`.
#[tokio::test]
async fn a_resolved_value_may_be_longer_than_a_written_one_or_may_not() {
    for (is_assumed, by) in both("resolved-values-limited=yes").await {
        // 35 characters each, and 36 once it is resolved.
        let long = "#{codepipeline.PipelineExecutionId}".repeat(28);
        let action = Action::new("Act", &Plugin::probe("Probe")).with("var.out", &long);
        let pipeline = Pipeline::new("long").stage([action]);
        by.service.create(&pipeline, small_source()).await;
        let execution = by.service.begin("long").await;
        if !is_assumed {
            assert_eq!(by.service.ended(&execution).await, "failed");
            let actions = by.service.actions("long", &execution).await;
            let (kind, message) = actions["Act"].failure();
            assert_eq!(kind, "ConfigurationError");
            assert!(message.contains("1008 characters"), "{message}");
            continue;
        }
        let job = loop {
            let job = by.next().await;
            let context = job.data.pipeline_context().unwrap();
            if context.pipeline_name() == Some("long") {
                break job;
            }
        };
        let configuration = job.data.action_configuration().unwrap();
        let values = configuration.configuration().unwrap();
        assert_eq!(values["var.out"], execution.repeat(28));
    }
}

#[tokio::test]
async fn times_are_settings_and_a_wrong_answer_is_told() {
    let by = By::with(ServiceOptions {
        reoffer_after: "5s".to_owned(),
        credential_lifetime: "10s".to_owned(),
        action_timeout: "1h".to_owned(),
        ..ServiceOptions::default()
    })
    .await;
    let first = by.next().await;
    by.read_input(&first).await.unwrap();
    by.service
        .control(json!({ "do": "advance", "seconds": 6 }))
        .await;
    let job = by.take().await;
    assert_eq!(job.id, first.id);
    by.service
        .control(json!({ "do": "advance", "seconds": 6 }))
        .await;
    assert_eq!(by.read_input(&first).await.unwrap_err(), "ExpiredToken");
    by.read_input(&job).await.unwrap();
    by.service
        .control(json!({ "do": "advance", "seconds": 3600 }))
        .await;
    assert_eq!(
        by.failed(&job).await.unwrap_err(),
        "InvalidJobStateException"
    );

    let mut command = tokio::process::Command::new(pipefitter_tests::binary::pipefitter());
    command.args(["dev", "--no-worker", "--plugins", "/", "--port", "0"]);
    command.args(["--assume", "poll-hide=no"]);
    let (code, _, said) = pipefitter_tests::finished(command).await;
    assert_ne!(code, 0);
    assert!(said.contains("poll-hides"), "{said}");
}

#[tokio::test]
async fn a_service_whose_clock_is_off_refuses_a_client_that_does_not_correct_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let options = ServiceOptions {
        clock_skew: "-10m".to_owned(),
        ..ServiceOptions::default()
    };
    // S3's clock is the machine's: buckets are made.
    let service = pipefitter_tests::Service::start(folder.path(), &options).await;
    let refused = service
        .codepipeline
        .list_pipelines()
        .send()
        .await
        .unwrap_err();
    let answer = refused.raw_response().expect("it answered");
    let date = answer
        .headers()
        .get("date")
        .expect("it is dated")
        .to_owned();
    let refused = aws_sdk_codepipeline::error::DisplayErrorContext(refused).to_string();
    assert!(refused.contains("Signature not yet current"), "{refused}");
    let date = jiff::fmt::rfc2822::parse(&date).unwrap().timestamp();
    let behind = jiff::Timestamp::now().duration_since(date).as_mins();
    assert!((9..=10).contains(&behind), "{behind} minutes");
}
