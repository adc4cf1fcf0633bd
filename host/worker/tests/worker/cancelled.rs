//! Jobs that the service has ended while a worker has them.

use std::time::Duration;

use pipefitter_sandbox::StopReason;
use pipefitter_worker::{DrainReport, JobEnd, WorkerEvent};
use tokio::time::Instant;

use crate::service::{Fault, State};
use crate::stage::StageFault;
use crate::world::{World, end, until};

/// Nothing was reported, nothing is left, and it was counted.
async fn dropped(world: &World, report: &DrainReport) {
    assert_eq!(
        (report.counters.cancelled, report.counters.superseded),
        (1, 0)
    );
    assert_eq!(
        world.service.inner.lock().await.puts,
        0,
        "nothing was reported"
    );
    assert!(world.records().await.is_empty());
}

fn ends(events: &mut tokio::sync::broadcast::Receiver<WorkerEvent>) -> Vec<JobEnd> {
    let mut ends = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let WorkerEvent::Ended { end, .. } = event {
            ends.push(end);
        }
    }
    ends
}

fn logs(world: &World) -> String {
    let logs = std::fs::read_dir(&world.config.log_dir).unwrap();
    logs.map(|log| std::fs::read_to_string(log.unwrap().path()).unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_job_is_noticed_when_its_credentials_are_renewed() {
    let world = World::new();
    world
        .service
        .add("job", &[("do", "until-stopped")], 1, 1)
        .await;
    let worker = world.start().await;
    let mut events = worker.events();
    world.runner.until_begun(1).await;
    let abandoned = Instant::now();
    world.service.end("job").await;
    until(&worker, "the job is gone", |status| status.jobs.is_empty()).await;
    assert!(abandoned.elapsed() <= Duration::from_secs(601));
    assert_eq!(*world.runner.stopped.borrow(), [StopReason::Cancelled]);
    let report = end(&world, worker).await;
    dropped(&world, &report).await;
    assert_eq!(ends(&mut events), [JobEnd::Cancelled]);
    let logs = logs(&world);
    assert!(
        logs.contains("cancelled: CodePipeline has ended this action"),
        "{logs}"
    );
    assert!(logs.contains("GetJobDetails"), "{logs}");
    assert!(
        world.stage.stored.lock().await.is_empty(),
        "no output is uploaded"
    );
}

#[tokio::test(start_paused = true)]
async fn details_without_the_credentials_that_the_job_had_are_of_an_ended_job() {
    let world = World::new();
    world.service.inner.lock().await.bare_details_of_ended = true;
    world
        .service
        .add("job", &[("do", "until-stopped")], 1, 0)
        .await;
    let worker = world.start().await;
    world.runner.until_begun(1).await;
    world.service.end("job").await;
    until(&worker, "the job is gone", |status| status.jobs.is_empty()).await;
    let report = end(&world, worker).await;
    dropped(&world, &report).await;
}

#[tokio::test(start_paused = true)]
async fn a_plugin_that_does_not_listen_has_its_grace_and_no_more() {
    let world = World::new();
    world.service.add("job", &[("do", "deaf")], 0, 0).await;
    let worker = world.start().await;
    world.runner.until_begun(1).await;
    world.service.end("job").await;
    until(&worker, "the job is gone", |status| status.jobs.is_empty()).await;
    assert_eq!(*world.runner.stopped.borrow(), [StopReason::Cancelled]);
    let report = end(&world, worker).await;
    dropped(&world, &report).await;
}

#[tokio::test(start_paused = true)]
async fn staging_is_interrupted_too() {
    let world = World::new();
    world.service.add("job", &[("do", "ok")], 1, 0).await;
    world
        .stage
        .fetch_faults
        .lock()
        .await
        .push_back(StageFault::Slow);
    let worker = world.start().await;
    let mut started = world.stage.started.subscribe();
    started.wait_for(|started| *started > 0).await.unwrap();
    world.service.end("job").await;
    let began = Instant::now();
    until(&worker, "the job is gone", |status| status.jobs.is_empty()).await;
    assert!(began.elapsed() <= Duration::from_secs(601));
    assert!(world.runner.begun.borrow().is_empty());
    let report = end(&world, worker).await;
    dropped(&world, &report).await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_finds_the_job_ended_reports_nothing() {
    let world = World::new();
    let job = [("do", "sleep"), ("seconds", "599")];
    world.service.add("job", &job, 0, 1).await;
    world
        .stage
        .store_faults
        .lock()
        .await
        .push_back(StageFault::Slow);
    let worker = world.start().await;
    let mut started = world.stage.started.subscribe();
    started.wait_for(|started| *started > 0).await.unwrap();
    world.service.end("job").await;
    until(&worker, "the job is gone", |status| status.jobs.is_empty()).await;
    let report = end(&world, worker).await;
    dropped(&world, &report).await;
    assert!(world.stage.stored.lock().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn list_action_executions_tells_where_details_do_not() {
    let mut world = World::new();
    world.check_executions = Some(Duration::from_secs(60));
    world.service.inner.lock().await.details_of_ended = true;
    world
        .service
        .add("job", &[("do", "until-stopped")], 0, 0)
        .await;
    let worker = world.start().await;
    world.runner.until_begun(1).await;
    // It goes on as long as the service says so.
    world
        .service
        .until("an hour of checks", |inner| inner.details >= 6)
        .await;
    assert!(world.runner.stopped.borrow().is_empty());
    assert!(world.service.inner.lock().await.checks >= 59);
    let abandoned = Instant::now();
    world.service.end("job").await;
    until(&worker, "the job is gone", |status| status.jobs.is_empty()).await;
    assert!(abandoned.elapsed() <= Duration::from_secs(61));
    let report = end(&world, worker).await;
    dropped(&world, &report).await;
    assert!(logs(&world).contains("ListActionExecutions"));
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_may_not_list_executions_asks_once_for_a_job() {
    let mut world = World::new();
    world.check_executions = Some(Duration::from_secs(60));
    let faults = [Fault::LoseAnswer, Fault::Throttle, Fault::Deny];
    world.service.inner.lock().await.check_faults.extend(faults);
    let job = [("do", "sleep"), ("seconds", "3600")];
    world.service.add("job", &job, 0, 0).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    world.service.success("job").await;
    assert_eq!(world.service.inner.lock().await.checks, 3);
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_job_keeps_its_reason_while_the_worker_drains() {
    let mut world = World::new();
    world.resumable = true;
    world.config.drain_timeout = Duration::from_secs(5);
    world.service.add("job", &[("do", "deaf")], 0, 0).await;
    let worker = world.start().await;
    world.runner.until_begun(1).await;
    world.service.end("job").await;
    let mut stopped = world.runner.stopped.subscribe();
    stopped
        .wait_for(|stopped| !stopped.is_empty())
        .await
        .unwrap();
    worker.drain();
    let report = worker.join().await.unwrap();
    assert_eq!(*world.runner.stopped.borrow(), [StopReason::Cancelled]);
    assert_eq!(report.left, []);
    dropped(&world, &report).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_ended_between_two_lives_of_the_worker_makes_no_noise() {
    let world = World::new();
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    world.service.end("job").await;
    world
        .left("job", 0, pipefitter_journal::Phase::Acknowledged)
        .await;
    let worker = world.start().await;
    until(&worker, "the job is gone", |status| status.jobs.is_empty()).await;
    let report = end(&world, worker).await;
    assert_eq!(
        (report.counters.superseded, report.counters.recovered),
        (1, 1)
    );
    assert_eq!(world.service.inner.lock().await.puts, 0);
    assert!(world.records().await.is_empty());
}

/// A start that finds the record of a retry-safe job whose plugin ran when the worker was killed, and which the
/// service has ended since. Returns how often GetJobDetails and ListActionExecutions were asked.
async fn recovered_after_its_end(mut world: World, artifacts: (usize, usize)) -> (u32, u32) {
    world.retry_safe = true;
    world.service.inner.lock().await.bare_details_of_ended = true;
    let (inputs, outputs) = artifacts;
    world
        .service
        .add("job", &[("do", "ok")], inputs, outputs)
        .await;
    world.service.end("job").await;
    world
        .left("job", 1, pipefitter_journal::Phase::Running)
        .await;
    let worker = world.start().await;
    until(&worker, "the job is gone", |status| status.jobs.is_empty()).await;
    let report = end(&world, worker).await;
    assert!(world.runner.begun.borrow().is_empty(), "nothing runs");
    let counters = &report.counters;
    assert_eq!(
        (counters.superseded, counters.recovered, counters.failed),
        (1, 1, 0)
    );
    assert!(world.records().await.is_empty());
    let inner = world.service.inner.lock().await;
    assert_eq!(inner.puts, 0, "nothing is reported");
    (inner.details, inner.checks)
}

#[tokio::test(start_paused = true)]
async fn details_without_credentials_tell_a_start_that_a_job_with_artifacts_has_ended() {
    for artifacts in [(1, 0), (0, 1), (1, 1)] {
        let asked = recovered_after_its_end(World::new(), artifacts).await;
        assert_eq!(asked, (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn list_action_executions_tells_a_start_that_a_job_without_artifacts_has_ended() {
    for (faults, asked) in [(vec![], 1), (vec![Fault::LoseAnswer, Fault::Throttle], 3)] {
        let mut world = World::new();
        world.check_executions = Some(Duration::from_secs(60));
        world.service.inner.lock().await.check_faults.extend(faults);
        assert_eq!(recovered_after_its_end(world, (0, 0)).await, (asked, asked));
    }
}

#[tokio::test(start_paused = true)]
async fn a_recovered_job_runs_where_list_action_executions_may_not_be_asked() {
    let mut world = World::new();
    world.check_executions = Some(Duration::from_secs(60));
    world
        .service
        .inner
        .lock()
        .await
        .check_faults
        .push_back(Fault::Deny);
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    world.service.inner.lock().await.jobs[0].state = State::InProgress;
    world
        .left("job", 0, pipefitter_journal::Phase::Acknowledged)
        .await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    world.service.success("job").await;
    end(&world, worker).await;
}
