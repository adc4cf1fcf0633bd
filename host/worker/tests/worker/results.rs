//! What is reported, and what becomes of it when the service does not take it.

use std::sync::Arc;

use pipefitter_artifacts::ErrorKind;
use pipefitter_codepipeline::{FailureType, JobSource};
use pipefitter_journal::Phase;
use serde_json::json;
use tokio::sync::watch;

use crate::service::Fault;
use crate::stage::StageFault;
use crate::world::{World, end, until};

#[tokio::test(start_paused = true)]
async fn an_invalid_result_is_replaced_once_and_then_parked() {
    let world = World::new();
    world.service.add("replaced", &[("do", "ok")], 0, 0).await;
    world
        .service
        .inner
        .lock()
        .await
        .put_faults
        .push_back(Fault::Invalid);
    let worker = world.start().await;
    world.service.until_all_ended().await;
    let failure = world.service.failure("replaced").await;
    assert!(
        failure.message.contains("ValidationException"),
        "{}",
        failure.message
    );
    world
        .service
        .inner
        .lock()
        .await
        .put_faults
        .extend([Fault::Invalid; 2]);
    world.service.add("parked", &[("do", "ok")], 0, 0).await;
    let status = until(&worker, "parked", |status| status.parked == 1).await;
    assert_eq!((status.counters.replaced, status.counters.parked), (2, 1));
    let report = end(&world, worker).await;
    assert_eq!(report.parked, 1);
    assert!(matches!(
        world.records().await[0].phase,
        Phase::Parked { .. }
    ));
    let puts = world.service.inner.lock().await.puts;
    // The next start keeps it and does not send it again.
    let worker = world.start().await;
    assert_eq!(worker.status().parked, 1);
    end(&world, worker).await;
    assert_eq!(world.service.inner.lock().await.puts, puts);
}

#[tokio::test(start_paused = true)]
async fn damaged_code_is_removed_unless_it_was_compiled_again_meanwhile() {
    let world = World::new();
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("code");
    let (_catalogue, seen) = watch::channel(crate::catalogue::with_code(&code));
    let service: Arc<dyn JobSource> = Arc::new(world.service.clone());
    let worker = world.start_of(vec![service], seen).await;
    for (id, fresh) in [("one", ""), ("two", "fresh code"), ("three", "")] {
        std::fs::write(&code, "damaged").unwrap();
        let what = [("do", "damaged"), ("password", fresh)];
        world.service.add(id, &what, 0, 0).await;
        world.service.until_all_ended().await;
        let kind = world.service.failure(id).await.kind;
        assert_eq!(kind, FailureType::SystemUnavailable);
        let left = std::fs::read_to_string(&code).ok();
        assert_eq!(left.unwrap_or_default(), fresh, "after job {id}");
    }
    // Where there was none, what is there afterwards is fresh, too.
    std::fs::remove_file(&code).unwrap_or_default();
    let what = [("do", "damaged"), ("password", "fresh code")];
    world.service.add("four", &what, 0, 0).await;
    world.service.until_all_ended().await;
    assert_eq!(std::fs::read_to_string(&code).unwrap(), "fresh code");
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn results_are_sent_until_the_service_has_them() {
    let world = World::new();
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    world.service.inner.lock().await.put_faults.extend([
        Fault::LoseRequest,
        Fault::Throttle,
        Fault::Deny,
        Fault::LoseRequest,
    ]);
    let worker = world.start().await;
    world.service.until_all_ended().await;
    assert_eq!(end(&world, worker).await.counters.reported, 1);
    assert_eq!(world.service.inner.lock().await.puts, 5);
}

#[tokio::test(start_paused = true)]
async fn a_result_whose_answer_was_lost_counts_as_reported() {
    let world = World::new();
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    world
        .service
        .inner
        .lock()
        .await
        .put_faults
        .push_back(Fault::LoseAnswer);
    let worker = world.start().await;
    world
        .service
        .until("sent twice", |inner| inner.puts == 2)
        .await;
    let report = end(&world, worker).await;
    assert_eq!(
        (report.counters.reported, report.counters.superseded),
        (1, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_stopped_meanwhile_is_superseded() {
    let world = World::new();
    world
        .service
        .add("job", &[("do", "sleep"), ("seconds", "9")], 0, 0)
        .await;
    let worker = world.start().await;
    world.runner.until_begun(1).await;
    world.service.inner.lock().await.jobs[0].state = crate::service::State::Ended;
    world.service.until("sent", |inner| inner.puts == 1).await;
    assert_eq!(end(&world, worker).await.counters.superseded, 1);
    assert!(world.records().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn no_success_without_every_output() {
    let world = World::new();
    world.service.add("job", &[("do", "ok")], 0, 2).await;
    let fault = StageFault::Fail(ErrorKind::Denied);
    world.stage.store_faults.lock().await.push_back(fault);
    let worker = world.start().await;
    world.service.until_all_ended().await;
    let failure = world.service.failure("job").await;
    assert_eq!(failure.kind, FailureType::PermissionError);
    assert!(failure.message.contains("`Out"), "{}", failure.message);
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn a_hop_uploads_nothing_and_its_token_passes_verbatim() {
    let world = World::new();
    world.service.add("job", &[("do", "continue")], 0, 2).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    let success = world.service.success("job").await;
    assert_eq!(success.continuation.unwrap().expose(), "step 2");
    assert!(world.stage.stored.lock().await.is_empty());
    assert_eq!(end(&world, worker).await.counters.continued, 1);
}

#[tokio::test(start_paused = true)]
async fn failures_have_the_right_type_and_say_where() {
    let world = World::new();
    world.service.add("trap", &[("do", "trap")], 0, 0).await;
    world.service.add("bad", &[("do", "bad")], 0, 0).await;
    world.service.add("twice", &[("do", "twice")], 0, 0).await;
    world
        .service
        .add("reserved", &[("do", "reserved")], 0, 0)
        .await;
    world.service.add("missing-key", &[], 0, 0).await;
    world
        .service
        .add("unknown-key", &[("do", "ok"), ("doo", "ok")], 0, 0)
        .await;
    world.service.add("inputs", &[("do", "ok")], 3, 0).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    let mut texts = Vec::new();
    for id in [
        "trap",
        "bad",
        "twice",
        "reserved",
        "missing-key",
        "unknown-key",
        "inputs",
    ] {
        let failure = world.service.failure(id).await;
        assert!(failure.external_execution_id.unwrap().ends_with(".log"));
        texts.push(format!("{id}: {:?}\n{}\n", failure.kind, failure.message));
    }
    insta::assert_snapshot!(texts.join("\n"));
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn an_input_that_is_not_there() {
    let world = World::new();
    let fault = StageFault::Fail(ErrorKind::Unavailable);
    world.stage.fetch_faults.lock().await.push_back(fault);
    world.service.add("job", &[("do", "ok")], 1, 0).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    let failure = world.service.failure("job").await;
    assert_eq!(failure.kind, FailureType::RevisionUnavailable);
    assert!(world.runner.begun.borrow().is_empty());
    end(&world, worker).await;
}

/// So many hours ago.
fn hours_ago(hours: i64) -> jiff::Timestamp {
    jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours)
}

fn finished() -> Phase {
    Phase::Finished {
        outcome: json!({ "result": "success", "with": pipefitter_codepipeline::SuccessResult::default() }),
        replaced: false,
    }
}

/// A customer who has left for good: no token will ever come.
#[tokio::test(start_paused = true)]
async fn a_result_without_a_token_waits_for_one_as_long_as_somebody_waits_for_the_result() {
    for (hours, given_up) in [(0, 0), (191, 0), (193, 1)] {
        let world = World::new();
        world.service.add("job", &[("do", "ok")], 0, 0).await;
        {
            let mut inner = world.service.inner.lock().await;
            inner.jobs[0].state = crate::service::State::InProgress;
            inner.put_faults.extend([Fault::NoToken; 5]);
        }
        world.left_at(hours_ago(hours), "job", 1, finished()).await;
        let worker = world.start().await;
        let status = until(&worker, "the result is sent or given up", |status| {
            status.jobs.is_empty() && status.outbox == 0
        })
        .await;
        assert_eq!(status.parked, given_up, "{hours}");
        assert_eq!(world.records().await.len(), given_up, "{hours}");
        let puts = world.service.inner.lock().await.puts;
        assert_eq!(puts, if given_up == 1 { 1 } else { 6 }, "{hours}");
        end(&world, worker).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_result_is_kept_until_nobody_waits_for_it() {
    let world = World::new();
    let parked = || Phase::Parked {
        outcome: json!({ "result": "success" }),
        reason: "ValidationException".to_owned(),
    };
    world.left_at(hours_ago(191), "late", 1, parked()).await;
    world.left_at(hours_ago(193), "old", 1, parked()).await;
    let worker = world.start().await;
    assert_eq!(worker.status().parked, 1);
    end(&world, worker).await;
    let kept: Vec<String> = world
        .records()
        .await
        .into_iter()
        .map(|record| record.key.job)
        .collect();
    assert_eq!(kept, ["late"]);
}
