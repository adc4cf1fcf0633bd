//! The task around the engine: it wakes when time moves, and carries effects out on real objects.

use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;
use crate::pipeline::event::{Event, Phase, Trigger};
use crate::pipeline::{CodePipeline, Saved};
use crate::s3::{ObjectMeta, ObjectStore};

async fn until(
    events: &mut tokio::sync::broadcast::Receiver<Event>,
    is_wanted: impl Fn(&EventKind) -> bool,
) {
    while !is_wanted(&events.recv().await.unwrap().kind) {}
}

fn is_in(phase: Phase) -> impl Fn(&EventKind) -> bool {
    move |kind| matches!(kind, EventKind::Action(a) if a.action == "A" && a.phase == phase)
}

#[tokio::test]
async fn a_moved_clock_offers_continuations_and_times_actions_out() {
    let directory = tempfile::tempdir().unwrap();
    let store = ObjectStore::open(directory.path()).await.unwrap();
    store.create_bucket("sources", true).await.unwrap();
    store.create_bucket("artifacts", false).await.unwrap();
    store
        .put_bytes("sources", "s.zip", "zip", ObjectMeta::default())
        .await
        .unwrap();
    let clock = Clock::manual(Timestamp::UNIX_EPOCH);
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let service = CodePipeline::start(
        settings(),
        Duration::from_secs(30),
        store,
        Registry::new(clock.clone()),
        None,
        (&tasks, stop.clone()),
    )
    .unwrap();
    let ask = async |name: &str, body: Value| {
        service
            .call(name, body.to_string().as_bytes())
            .await
            .unwrap()
    };
    let take = async || {
        let polled = ask("PollForJobs", json!({ "actionTypeId": type_id() })).await;
        let job = polled["jobs"][0].clone();
        ask(
            "AcknowledgeJob",
            json!({ "jobId": job["id"], "nonce": job["nonce"] }),
        )
        .await;
        job["id"].clone()
    };
    let mut events = service.events();
    ask("CreateCustomActionType", action_type()).await;
    ask("CreatePipeline", pipeline(vec![vec![action("A", 1)]])).await;
    ask("StartPipelineExecution", json!({ "name": "p" })).await;
    until(&mut events, is_in(Phase::Queued)).await;
    let job = take().await;
    ask(
        "PutJobSuccessResult",
        json!({ "jobId": job, "continuationToken": "2" }),
    )
    .await;
    until(&mut events, is_in(Phase::Continuing)).await;
    clock.advance(Duration::from_secs(30));
    until(&mut events, is_in(Phase::Queued)).await;
    take().await;
    clock.advance(Duration::from_secs(24 * 3600));
    until(&mut events, is_in(Phase::Ended)).await;
    let state = ask("GetPipelineState", json!({ "name": "p" })).await;
    assert_eq!(
        state["stageStates"][1]["latestExecution"]["status"],
        "Failed"
    );
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    let error = service.call("ListPipelines", b"{}").await.unwrap_err();
    assert_eq!(error.code, "ServiceUnavailableException");
}

#[tokio::test]
async fn a_source_of_whose_change_no_notice_came_is_found_by_the_look_every_30_seconds() {
    let directory = tempfile::tempdir().unwrap();
    let store = ObjectStore::open(directory.path().join("s3"))
        .await
        .unwrap();
    store.create_bucket("sources", true).await.unwrap();
    store.create_bucket("artifacts", false).await.unwrap();
    let publish = async |content: &'static str| {
        let meta = ObjectMeta::default();
        store
            .put_bytes("sources", "s.zip", content, meta)
            .await
            .unwrap()
    };
    publish("one").await;
    let clock = Clock::manual(Timestamp::UNIX_EPOCH);
    let (tasks, file) = (TaskTracker::new(), directory.path().join("state"));
    let start = |stop: &CancellationToken| {
        let saved = Saved::open(&file, "test").unwrap();
        let (registry, ends) = (Registry::new(clock.clone()), (&tasks, stop.clone()));
        let poll = crate::LocalConfig::default().source_poll;
        CodePipeline::start(settings(), poll, store.clone(), registry, Some(saved), ends).unwrap()
    };
    let ask = async |service: &CodePipeline, name: &str, body: Value| {
        let body = body.to_string();
        service.call(name, body.as_bytes()).await.unwrap()
    };

    let stop = CancellationToken::new();
    let service = start(&stop);
    ask(&service, "CreateCustomActionType", action_type()).await;
    let declared = pipeline(vec![vec![action("A", 1)]]);
    ask(&service, "CreatePipeline", declared).await;
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    drop(service);

    // Nobody listens to notices meanwhile.
    publish("two").await;
    let stop = CancellationToken::new();
    let service = start(&stop);
    let mut events = service.events();
    let seconds = |seconds| Timestamp::from_second(seconds).unwrap();
    for moved in [29, 1] {
        let listed = json!({ "pipelineName": "p" });
        let listed = ask(&service, "ListPipelineExecutions", listed).await;
        assert_eq!(listed["pipelineExecutionSummaries"], json!([]));
        clock.advance(Duration::from_secs(moved));
    }
    let begun = loop {
        let event = events.recv().await.unwrap();
        if let EventKind::ExecutionStarted { trigger } = event.kind {
            break (event.at, trigger);
        }
    };
    assert_eq!(begun, (seconds(30), Trigger::PollForSourceChanges));
    stop.cancel();
}

/// Shows `CreatePipeline` as on AWS: the artifact bucket must be there.
#[tokio::test]
async fn a_missing_artifact_bucket_is_named_after_the_declaration_is_sound() {
    let directory = tempfile::tempdir().unwrap();
    let store = ObjectStore::open(directory.path()).await.unwrap();
    let registry = Registry::new(Clock::manual(Timestamp::UNIX_EPOCH));
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let poll = Duration::from_secs(30);
    let ends = (&tasks, stop.clone());
    let service = CodePipeline::start(settings(), poll, store, registry, None, ends).unwrap();
    let create = async |request: Value| {
        service
            .call("CreatePipeline", request.to_string().as_bytes())
            .await
            .unwrap_err()
    };
    let error = create(pipeline(vec![vec![action("A", 1)]])).await;
    assert_eq!(error.code, "InvalidActionDeclarationException", "{error}");
    let body = action_type().to_string();
    service
        .call("CreateCustomActionType", body.as_bytes())
        .await
        .unwrap();
    let error = create(pipeline(vec![vec![action("A", 1)]])).await;
    assert_eq!(error.code, "ValidationException");
    assert!(
        error.message.contains("create-bucket --bucket artifacts"),
        "{error}"
    );
    stop.cancel();
}
