//! SIGTERM and a second one.

use std::time::Duration;

use pipefitter_codepipeline::FailureType;
use tokio::time::Instant;

use crate::service::{Fault, Service};
use crate::stage::StageFault;
use crate::world::World;

#[tokio::test(start_paused = true)]
async fn a_drain_lets_jobs_finish_and_takes_no_new_ones() {
    let world = World::new();
    world
        .service
        .add("running", &[("do", "sleep"), ("seconds", "60")], 0, 1)
        .await;
    let worker = world.start().await;
    world.runner.until_begun(1).await;
    worker.drain();
    world.service.add("new", &[("do", "ok")], 0, 0).await;
    let report = worker.join().await.unwrap();
    assert_eq!(report.counters.reported, 1);
    world.service.success("running").await;
    assert_eq!(world.service.inner.lock().await.job("new").nonce, 0);
    assert!(world.records().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn when_its_time_is_over_plugins_hand_over() {
    let mut world = World::new();
    world.resumable = true;
    world
        .service
        .add("resumable", &[("do", "hand-over")], 0, 1)
        .await;
    world
        .service
        .add("deaf", &[("do", "sleep"), ("seconds", "80000")], 0, 0)
        .await;
    let worker = world.start().await;
    world.runner.until_begun(2).await;
    let began = Instant::now();
    worker.drain();
    worker.join().await.unwrap();
    let took = began.elapsed();
    assert!(
        took >= world.config.drain_timeout && took < Duration::from_secs(700),
        "{took:?}"
    );
    let success = world.service.success("resumable").await;
    assert_eq!(success.continuation.unwrap().expose(), "page 7");
    let failure = world.service.failure("deaf").await;
    assert_eq!(failure.kind, FailureType::SystemUnavailable);
}

#[tokio::test(start_paused = true)]
async fn a_plugin_that_is_not_resumable_is_interrupted() {
    let world = World::new();
    world.service.add("job", &[("do", "hand-over")], 0, 0).await;
    let worker = world.start().await;
    world.runner.until_begun(1).await;
    worker.drain();
    worker.join().await.unwrap();
    let failure = world.service.failure("job").await;
    assert_eq!(failure.kind, FailureType::SystemUnavailable);
}

/// As where it had succeeded, and the worker had yet to write the last lines of its log.
#[tokio::test(start_paused = true)]
async fn a_plugin_that_succeeds_as_it_is_interrupted_has_its_outputs_uploaded() {
    let world = World::new();
    world
        .service
        .add("job", &[("do", "until-stopped")], 0, 1)
        .await;
    let worker = world.start().await;
    world.runner.until_begun(1).await;
    worker.drain();
    worker.join().await.unwrap();
    world.service.success("job").await;
    assert_eq!(*world.stage.stored.lock().await, ["Out0"]);
}

#[tokio::test(start_paused = true)]
async fn what_did_not_begin_is_passed_on() {
    let world = World::new();
    world
        .stage
        .fetch_faults
        .lock()
        .await
        .push_back(StageFault::Slow);
    world.service.add("job", &[("do", "ok")], 1, 0).await;
    world.service.inner.lock().await.jobs[0].token = Some("page 3".to_owned());
    let worker = world.start().await;
    let mut started = world.stage.started.subscribe();
    started.wait_for(|started| *started == 1).await.unwrap();
    worker.drain();
    worker.join().await.unwrap();
    let success = world.service.success("job").await;
    assert_eq!(
        success.continuation.unwrap().expose(),
        r#"pipefitter:1:{"attempt":0,"origin":"job","token":"page 3"}"#
    );
    assert!(world.runner.begun.borrow().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_partners_job_is_passed_on_however_long_its_id_and_token_are() {
    let mut world = World::new();
    world.service = Service::third_party();
    world.config.drain_timeout = Duration::from_secs(5);
    let faults = [StageFault::Slow, StageFault::Slow];
    world.stage.fetch_faults.lock().await.extend(faults);
    let id = "\u{fc}\"".repeat(256);
    let token = "\"\n".repeat(850);
    world.service.add(&id, &[("do", "ok")], 1, 0).await;
    world.service.inner.lock().await.jobs[0].token = Some(token.clone());
    // Passed on once, and the job that comes of it again; the third one runs.
    for (lives, id) in [id.as_str(), "next", "last"].into_iter().enumerate() {
        let worker = world.start().await;
        if lives < 2 {
            let mut started = world.stage.started.subscribe();
            started.wait_for(|started| *started > lives).await.unwrap();
        } else {
            world.service.until_all_ended().await;
        }
        worker.drain();
        worker.join().await.unwrap();
        let success = world.service.success(id).await;
        let Some(next) = success.continuation else {
            break;
        };
        assert!(next.expose().encode_utf16().count() <= 2_048);
        let name = ["next", "last"][lives];
        world.service.add(name, &[("do", "ok")], 1, 0).await;
        let mut inner = world.service.inner.lock().await;
        inner.jobs.last_mut().unwrap().token = Some(next.expose().to_owned());
    }
    let spec = world.specs.recv().await.unwrap();
    assert_eq!(spec.job.continuation_token, Some(token));
    assert_eq!(world.runner.begun.borrow().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_ends_everything_now() {
    let world = World::new();
    world
        .stage
        .fetch_faults
        .lock()
        .await
        .push_back(StageFault::Slow);
    world
        .stage
        .store_faults
        .lock()
        .await
        .push_back(StageFault::Slow);
    world.service.add("staging", &[("do", "ok")], 1, 0).await;
    world.service.add("uploading", &[("do", "ok")], 0, 1).await;
    world
        .service
        .add("running", &[("do", "sleep"), ("seconds", "9000")], 0, 0)
        .await;
    let worker = world.start().await;
    world.runner.until_begun(2).await;
    let mut started = world.stage.started.subscribe();
    started.wait_for(|started| *started == 2).await.unwrap();
    let began = Instant::now();
    worker.drain();
    worker.cancel();
    worker.join().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(30));
    for id in ["staging", "uploading", "running"] {
        let failure = world.service.failure(id).await;
        assert_eq!(failure.kind, FailureType::SystemUnavailable, "{id}");
    }
    assert!(world.records().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_sent_stays_for_the_next_start() {
    let world = World::new();
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    world
        .service
        .inner
        .lock()
        .await
        .put_faults
        .extend([Fault::LoseRequest; 500]);
    let worker = world.start().await;
    world.service.until("tried", |inner| inner.puts >= 3).await;
    worker.drain();
    let report = worker.join().await.unwrap();
    assert_eq!(report.left.len(), 1);
    assert_eq!(world.records().await.len(), 1);
    world.service.inner.lock().await.put_faults.clear();
    let worker = world.start().await;
    world.service.until_all_ended().await;
    world.service.success("job").await;
    assert_eq!(world.runner.begun.borrow().len(), 1);
    crate::world::end(&world, worker).await;
}
