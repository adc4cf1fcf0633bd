//! Events: they wake pollers and end jobs, and nothing depends on them.

use std::time::Duration;

use pipefitter_events::{ActionEvent, ActionState, NotAnEvent, QueueFault};
use pipefitter_sandbox::StopReason;
use pipefitter_worker::{WorkerEvent, WorkerHandle};
use tokio::time::{Instant, sleep};

use crate::queue::{Queue, event};
use crate::service::Fault;
use crate::world::{World, end, until};

const HOUR: Duration = Duration::from_secs(3600);

/// A worker whose source has a queue, idle for long enough to poll every few hours.
async fn idle() -> (World, Queue, WorkerHandle) {
    let mut world = World::new();
    let queue = Queue::new();
    world.events = Some(queue.events());
    let worker = world.start().await;
    sleep(40 * HOUR).await;
    (world, queue, worker)
}

async fn polls(world: &World) -> usize {
    world.service.inner.lock().await.polls.len()
}

fn started(job: &str) -> Result<ActionEvent, NotAnEvent> {
    Ok(event(ActionState::Started, job))
}

fn abandoned(job: &str) -> Result<ActionEvent, NotAnEvent> {
    Ok(event(ActionState::Ended, job))
}

fn notices(events: &mut tokio::sync::broadcast::Receiver<WorkerEvent>) -> Vec<String> {
    let mut notices = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let WorkerEvent::Notice { text, .. } = event {
            notices.push(text);
        }
    }
    notices
}

#[tokio::test(start_paused = true)]
async fn with_a_queue_polls_become_rare_and_an_event_brings_one_at_once() {
    let (world, queue, worker) = idle().await;
    let before = polls(&world).await;
    sleep(HOUR).await;
    assert!(polls(&world).await <= before + 1);
    // Made only now: one of the rare polls could find it, and its poller would then be in a hurry.
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    let told = Instant::now();
    queue.put("m", started("job")).await;
    world.service.until_all_ended().await;
    assert!(
        told.elapsed() <= Duration::from_secs(1),
        "{:?}",
        told.elapsed()
    );
    world.service.success("job").await;
    queue.until_deleted(1).await;
    assert_eq!(end(&world, worker).await.counters.events, 1);
}

#[tokio::test(start_paused = true)]
async fn polling_stays_the_ground_truth() {
    let (world, _queue, worker) = idle().await;
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    let began = Instant::now();
    world.service.until_all_ended().await;
    assert!(began.elapsed() <= 8 * HOUR);
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_not_there_yet_is_polled_for_some_more_times() {
    let (world, queue, worker) = idle().await;
    let before = polls(&world).await;
    queue.put("m", started("job")).await;
    sleep(Duration::from_secs(20)).await;
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    let came = Instant::now();
    world.service.until_all_ended().await;
    assert!(
        came.elapsed() <= Duration::from_secs(7),
        "{:?}",
        came.elapsed()
    );
    assert!(polls(&world).await <= before + 10);
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn a_hurry_is_over_in_a_minute() {
    let (world, queue, worker) = idle().await;
    let before = polls(&world).await;
    queue.put("m", started("nothing")).await;
    sleep(2 * HOUR).await;
    let some = polls(&world).await - before;
    assert!((9..=11).contains(&some), "{some}");
    end(&world, worker).await;
}

/// The service hides what it has offered for a minute, and no event tells when it offers it again.
#[tokio::test(start_paused = true)]
async fn what_a_poll_or_an_acknowledge_lost_is_polled_for_until_it_is_offered_again() {
    for of_poll in [true, false] {
        let (world, queue, worker) = idle().await;
        world.service.add("job", &[("do", "ok")], 0, 0).await;
        let mut inner = world.service.inner.lock().await;
        match of_poll {
            true => inner.poll_faults.push_back(Fault::LoseAnswer),
            false => inner.ack_faults.push_back(Fault::Deny),
        }
        drop(inner);
        let told = Instant::now();
        queue.put("m", started("job")).await;
        world.service.until_all_ended().await;
        assert!(
            told.elapsed() <= Duration::from_secs(150),
            "{:?}",
            told.elapsed()
        );
        assert_eq!(world.service.inner.lock().await.job("job").nonce, 2);
        // And then polls are rare again.
        sleep(10 * HOUR).await;
        let before = polls(&world).await;
        sleep(HOUR).await;
        assert!(polls(&world).await <= before + 1);
        end(&world, worker).await;
    }
}

#[tokio::test(start_paused = true)]
async fn news_brings_no_poll_before_the_time_that_the_service_asked_for() {
    let (world, queue, worker) = idle().await;
    let before = polls(&world).await;
    let throttled = Fault::Throttle;
    world
        .service
        .inner
        .lock()
        .await
        .poll_faults
        .push_back(throttled);
    for at in 0..20 {
        queue.put(&at.to_string(), started("nothing")).await;
        sleep(Duration::from_secs(4)).await;
    }
    assert_eq!(polls(&world).await, before + 1);
    queue.put("down", started("nothing")).await;
    *queue.down.lock().await = Some(QueueFault::Transient);
    world
        .service
        .until("another poll", |inner| inner.polls.len() > before + 1)
        .await;
    let inner = world.service.inner.lock().await;
    let gap = inner.polls[before + 1].0 - inner.polls[before].0;
    assert!(
        (100..=101).contains(&gap.as_secs()),
        "what the service asked for: {gap:?}"
    );
    drop(inner);
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn the_next_job_of_a_continuation_needs_no_event() {
    let (world, queue, worker) = idle().await;
    world.service.add("one", &[("do", "continue")], 0, 0).await;
    queue.put("m", started("one")).await;
    world.service.until_all_ended().await;
    // CodePipeline makes the next job after half a minute.
    for hop in 0..20 {
        sleep(Duration::from_secs(30)).await;
        let id = format!("hop-{hop}");
        let action = "action-of-one";
        world
            .service
            .add_next(&id, action, "step 2", &[("do", "continue")])
            .await;
        let came = Instant::now();
        world.service.until_all_ended().await;
        assert!(
            came.elapsed() <= Duration::from_secs(7),
            "{:?}",
            came.elapsed()
        );
    }
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn news_that_comes_while_every_slot_is_taken_is_not_forgotten() {
    let mut world = World::new();
    let queue = Queue::new();
    world.events = Some(queue.events());
    world.config.slots = 1;
    let long = [("do", "sleep"), ("seconds", "7200")];
    world.service.add("long", &long, 0, 0).await;
    let worker = world.start().await;
    world.runner.until_begun(1).await;
    queue.until_received(1).await;
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    queue.put("m", started("job")).await;
    world
        .service
        .until("the first ends", |inner| inner.job("long").result.is_some())
        .await;
    let free = Instant::now();
    world.service.until_all_ended().await;
    assert!(
        free.elapsed() <= Duration::from_secs(2),
        "{:?}",
        free.elapsed()
    );
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_action_ends_its_own_job_and_no_other() {
    let (world, queue, worker) = idle().await;
    for id in ["one", "two", "three"] {
        world
            .service
            .add(id, &[("do", "until-stopped")], 0, 0)
            .await;
    }
    queue.put("m", started("one")).await;
    world.runner.until_begun(3).await;
    let told = Instant::now();
    world.service.end("two").await;
    // Twice, as events may come.
    queue.put("a", abandoned("two")).await;
    queue.put("b", abandoned("two")).await;
    until(&worker, "one job less", |status| status.jobs.len() == 2).await;
    assert!(told.elapsed() <= Duration::from_secs(1));
    assert_eq!(*world.runner.stopped.borrow(), [StopReason::Cancelled]);
    queue.until_deleted(3).await;
    let jobs = worker.status().jobs;
    let left: Vec<&str> = jobs.iter().map(|job| job.job.job.as_str()).collect();
    assert_eq!(left, ["one", "three"]);
    assert_eq!(worker.status().counters.cancelled, 1);
    assert_eq!(world.service.inner.lock().await.puts, 0);
    for id in ["one", "three"] {
        queue.put(id, abandoned(id)).await;
    }
    assert_eq!(end(&world, worker).await.counters.cancelled, 3);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_may_mean_an_earlier_attempt_makes_the_worker_ask() {
    let (world, queue, worker) = idle().await;
    world
        .service
        .add("job", &[("do", "until-stopped")], 0, 0)
        .await;
    queue.put("m", started("job")).await;
    world.runner.until_begun(1).await;
    let doubtful = ActionEvent {
        action_execution: None,
        ..event(ActionState::Ended, "job")
    };
    queue.put("a", Ok(doubtful.clone())).await;
    world
        .service
        .until("the service is asked", |inner| inner.details == 1)
        .await;
    sleep(Duration::from_secs(60)).await;
    assert!(world.runner.stopped.borrow().is_empty(), "the job goes on");
    world.service.end("job").await;
    let told = Instant::now();
    queue.put("b", Ok(doubtful)).await;
    until(&worker, "the job is gone", |status| status.jobs.is_empty()).await;
    assert!(told.elapsed() <= Duration::from_secs(1));
    assert_eq!(end(&world, worker).await.counters.cancelled, 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_event_of_ours_is_deleted_and_counted() {
    let (world, queue, worker) = idle().await;
    let before = polls(&world).await;
    let elsewhere = ActionEvent {
        region: "eu-west-1".to_owned(),
        ..event(ActionState::Started, "job")
    };
    let of_others = ActionEvent {
        provider: "Other".to_owned(),
        ..event(ActionState::Started, "job")
    };
    queue.put("1", Err(NotAnEvent::Malformed)).await;
    queue.put("2", Err(NotAnEvent::Foreign)).await;
    queue.put("3", Ok(elsewhere)).await;
    queue.put("4", Ok(of_others)).await;
    queue.put_again("5", 6, started("job")).await;
    queue.until_deleted(5).await;
    assert_eq!(polls(&world).await, before, "nothing is polled for these");
    queue.put_again("6", 5, started("job")).await;
    queue.until_deleted(6).await;
    sleep(Duration::from_secs(3)).await;
    assert!(polls(&world).await > before);
    let counters = end(&world, worker).await.counters;
    assert_eq!((counters.events, counters.events_unread), (6, 5));
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_news_does_not_become_a_flood_of_polls() {
    let (world, queue, worker) = idle().await;
    let before = polls(&world).await;
    for at in 0..600 {
        queue.put(&at.to_string(), started("nothing")).await;
        sleep(Duration::from_millis(100)).await;
    }
    queue.until_deleted(600).await;
    let some = polls(&world).await - before;
    assert!((10..=61).contains(&some), "{some} polls in a minute");
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_fails_leaves_a_worker_that_polls_as_usual() {
    let (world, queue, worker) = idle().await;
    let mut events = worker.events();
    let _of_the_start = notices(&mut events);
    *queue.down.lock().await = Some(QueueFault::Transient);
    until(&worker, "the queue fails", |status| !status.queues[0].works).await;
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    let came = Instant::now();
    world.service.until_all_ended().await;
    assert!(
        came.elapsed() <= Duration::from_secs(6),
        "{:?}",
        came.elapsed()
    );
    // Tried for ever, and not too often.
    let (before, receives) = (polls(&world).await, *queue.receives.borrow());
    sleep(HOUR).await;
    assert!(polls(&world).await - before >= 500);
    let tries = *queue.receives.borrow() - receives;
    assert!((10..=60).contains(&tries), "{tries}");
    *queue.down.lock().await = None;
    until(&worker, "the queue works", |status| status.queues[0].works).await;
    sleep(40 * HOUR).await;
    let before = polls(&world).await;
    sleep(HOUR).await;
    assert!(polls(&world).await <= before + 1);
    let said = notices(&mut events);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("no events are received"), "{said:?}");
    assert!(said[1].contains("events are received"), "{said:?}");
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_may_not_be_read_says_what_is_missing() {
    let mut world = World::new();
    let queue = Queue::new();
    *queue.down.lock().await = Some(QueueFault::Denied);
    world.events = Some(queue.events());
    let worker = world.start().await;
    let mut events = worker.events();
    until(&worker, "the queue fails", |status| {
        status
            .queues
            .first()
            .is_some_and(|queue| queue.problem.is_some())
    })
    .await;
    let said = notices(&mut events);
    assert!(said[0].contains("sqs:ReceiveMessage"), "{said:?}");
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_drains_still_hears_of_abandoned_jobs_and_waits_for_no_message() {
    let (world, queue, worker) = idle().await;
    world
        .service
        .add("job", &[("do", "until-stopped")], 0, 0)
        .await;
    queue.put("m", started("job")).await;
    world.runner.until_begun(1).await;
    worker.drain();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(worker.status().jobs.len(), 1);
    world.service.end("job").await;
    let told = Instant::now();
    queue.put("a", abandoned("job")).await;
    let report = worker.join().await.unwrap();
    assert!(
        told.elapsed() <= Duration::from_secs(1),
        "{:?}",
        told.elapsed()
    );
    assert_eq!((report.counters.cancelled, report.left.len()), (1, 0));
}
