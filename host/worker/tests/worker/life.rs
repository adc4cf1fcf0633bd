//! Jobs that go as they should, many of them.

use std::sync::atomic::Ordering;
use std::time::Duration;

use pipefitter_codepipeline::FailureType;
use pipefitter_worker::{JobOutcome, WorkerEvent};

use crate::service::{Fault, State};
use crate::world::{World, end};

#[tokio::test(start_paused = true)]
async fn a_job_runs_and_is_reported() {
    let mut world = World::new();
    world.service.add("job", &[("do", "ok")], 1, 2).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    let success = world.service.success("job").await;
    assert_eq!(success.variables["pages"], "12");
    assert_eq!(success.details.summary.as_deref(), Some("12 pages"));
    let id = success.details.external_execution_id.unwrap();
    let log = std::fs::read_to_string(world.config.log_dir.join(id)).unwrap();
    assert!(log.contains("output `Out1`: 1 files"), "{log}");
    assert_eq!(world.stage.stored.lock().await.len(), 2);
    let spec = world.specs.recv().await.unwrap();
    assert_eq!((spec.job.attempt, spec.plugin.as_str()), (1, "site"));
    assert_eq!(spec.inputs[0].name, "In0");
    assert!(!spec.inputs[0].host.to_string_lossy().contains("job"));
    let report = end(&world, worker).await;
    assert_eq!((report.counters.taken, report.counters.reported), (1, 1));
    assert!(world.records().await.is_empty());
    assert_eq!(world.service.inner.lock().await.details, 0);
}

#[tokio::test(start_paused = true)]
async fn two_hundred_jobs_at_sixteen_slots() {
    let mut world = World::new();
    world.config.slots = 16;
    for at in 0..200 {
        let seconds = (at % 7 + 1).to_string();
        world
            .service
            .add(
                &format!("job-{at}"),
                &[("do", "sleep"), ("seconds", &seconds)],
                at % 2,
                at % 3,
            )
            .await;
    }
    let worker = world.start().await;
    world.service.until_all_ended().await;
    let report = end(&world, worker).await;
    assert_eq!(
        (report.counters.taken, report.counters.reported),
        (200, 200)
    );
    assert!(world.runner.most.load(Ordering::SeqCst) <= 16);
    let inner = world.service.inner.lock().await;
    assert!(inner.polls.iter().all(|(_, max)| (1..=16).contains(max)));
    assert_eq!((inner.acks, inner.puts, inner.refused), (200, 200, 0));
    assert_eq!(world.runner.begun.borrow().len(), 200);
}

#[tokio::test(start_paused = true)]
async fn polling_slows_down_when_there_is_nothing_and_when_throttled() {
    let world = World::new();
    let worker = world.start().await;
    world
        .service
        .until("20 polls", |inner| inner.polls.len() >= 20)
        .await;
    let gaps = |inner: &crate::service::Inner| -> Vec<Duration> {
        inner
            .polls
            .windows(2)
            .map(|pair| pair[1].0 - pair[0].0)
            .collect()
    };
    {
        let mut inner = world.service.inner.lock().await;
        let gaps = gaps(&inner);
        assert!(gaps[0] < Duration::from_secs(2), "{gaps:?}");
        assert!(
            gaps[15..].iter().all(|gap| *gap >= Duration::from_secs(4)),
            "{gaps:?}"
        );
        inner.poll_faults.push_back(Fault::Throttle);
    }
    let before = world.service.inner.lock().await.polls.len();
    world
        .service
        .until("polls after", |inner| inner.polls.len() >= before + 2)
        .await;
    let inner = world.service.inner.lock().await;
    let last = gaps(&inner)[before];
    assert!(
        last >= Duration::from_secs(100),
        "what the service asked for: {last:?}"
    );
    drop(inner);
    end(&world, worker).await;
}

/// In real time, which passes while the worker looks what is due, as paused time does not: pauses about as long as such a
/// look (microseconds) end in the midst of it every few polls.
#[tokio::test]
async fn a_pause_that_ends_while_the_worker_looks_what_is_due_is_followed_by_a_poll() {
    let mut world = World::new();
    world.config.poll_interval_min = Duration::from_nanos(1);
    world.config.poll_interval_max = Duration::from_micros(3);
    let worker = world.start().await;
    let polled = world
        .service
        .until("2,000 polls", |inner| inner.polls.len() >= 2_000);
    let went_on = tokio::time::timeout(Duration::from_secs(60), polled).await;
    assert!(went_on.is_ok(), "the worker polls no more");
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn a_denied_poll_is_told_once_and_work_goes_on_when_it_is_allowed() {
    let world = World::new();
    world
        .service
        .inner
        .lock()
        .await
        .poll_faults
        .extend([Fault::Deny; 4]);
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    let worker = world.start().await;
    let mut events = worker.events();
    world.service.until_all_ended().await;
    end(&world, worker).await;
    let polls: Vec<_> = world.service.inner.lock().await.polls.clone();
    for at in 0..4 {
        let pause = polls[at + 1].0 - polls[at].0;
        assert!(
            pause >= world.config.poll_interval_max.mul_f64(0.8),
            "after denied poll {at}: {pause:?}"
        );
    }
    let mut notices = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let WorkerEvent::Notice { text, .. } = event {
            notices.push(text);
        }
    }
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(notices[0].contains("PollForJobs") && notices[0].contains("pipefitter iam"));
    assert!(notices[1].contains("works again"));
}

#[tokio::test(start_paused = true)]
async fn the_first_who_asks_hears_of_all_since_the_start() {
    let world = World::new();
    world.service.add("job", &[("do", "log")], 0, 0).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    let (mut first, mut second) = (worker.events(), worker.events());
    end(&world, worker).await;
    let mut heard = Vec::new();
    while let Ok(event) = first.try_recv() {
        heard.push(event);
    }
    let begins = heard
        .iter()
        .position(|event| matches!(event, WorkerEvent::Started { .. }));
    let logs = heard
        .iter()
        .position(|event| matches!(event, WorkerEvent::Log { .. }));
    assert!(begins.is_some() && begins < logs, "{heard:#?}");
    while let Ok(event) = second.try_recv() {
        assert!(
            !matches!(event, WorkerEvent::Started { .. }),
            "from then on, for others: {event:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_fails_its_job_and_no_other() {
    let world = World::new();
    world.service.add("bad", &[("do", "panic")], 0, 0).await;
    world.service.add("good", &[("do", "ok")], 0, 0).await;
    world
        .service
        .inner
        .lock()
        .await
        .poll_faults
        .push_back(Fault::Panic);
    let worker = world.start().await;
    world.service.until_all_ended().await;
    let failure = world.service.failure("bad").await;
    assert_eq!(failure.kind, FailureType::SystemUnavailable);
    assert!(
        failure.message.contains("while running the plugin"),
        "{}",
        failure.message
    );
    world.service.success("good").await;
    assert_eq!(end(&world, worker).await.counters.panics, 2);
}

#[tokio::test(start_paused = true)]
async fn credentials_are_renewed_once_for_all_who_ask() {
    let mut world = World::new();
    world.stage.expire = 8;
    world.service.add("job", &[("do", "ok")], 2, 0).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    world.service.success("job").await;
    assert_eq!(world.service.inner.lock().await.details, 1);
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn secrets_are_hidden_wherever_they_come_out() {
    let world = World::new();
    let secret = ("password", "hunter2-and-more");
    world
        .service
        .add("log", &[("do", "log"), secret], 0, 0)
        .await;
    world
        .service
        .add("fail", &[("do", "fail"), secret], 0, 0)
        .await;
    world
        .service
        .add("token", &[("do", "leak-token"), secret], 0, 0)
        .await;
    let worker = world.start().await;
    let mut events = worker.events();
    world.service.until_all_ended().await;
    let failure = world.service.failure("fail").await;
    assert_eq!(
        (failure.kind, failure.message.as_str()),
        (FailureType::RevisionOutOfSync, "no: ***")
    );
    let failure = world.service.failure("token").await;
    assert!(
        failure
            .message
            .contains("holds the secret property `password`"),
        "{}",
        failure.message
    );
    end(&world, worker).await;
    let mut seen = String::new();
    while let Ok(event) = events.try_recv() {
        seen.push_str(&format!("{event:?}\n"));
        if let WorkerEvent::Finished {
            outcome: JobOutcome::Failed { message, .. },
            ..
        } = event
        {
            seen.push_str(&message);
        }
    }
    for entry in std::fs::read_dir(&world.config.log_dir).unwrap() {
        seen.push_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    assert!(seen.contains("password is ***"), "{seen}");
    assert!(seen.contains("with ***"), "{seen}");
    assert!(!seen.contains("hunter2"), "{seen}");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_not_acknowledged_by_us_is_not_ours() {
    let world = World::new();
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    world.service.inner.lock().await.jobs[0].state = State::Rivals;
    let worker = world.start().await;
    world
        .service
        .until("polls", |inner| inner.polls.len() >= 3)
        .await;
    assert_eq!(end(&world, worker).await.counters.offered, 0);
}
