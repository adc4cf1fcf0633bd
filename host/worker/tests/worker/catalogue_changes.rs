//! Pollers come and go with the catalogue; running jobs keep their plugin.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use pipefitter_codepipeline::JobSource;
use pipefitter_plugins::Catalogue;
use tokio::sync::watch;

use crate::service::Fault;
use crate::world::{World, end, until};

#[tokio::test(start_paused = true)]
async fn pollers_follow_the_catalogue() {
    let world = World::new();
    world
        .service
        .add("job", &[("do", "sleep"), ("seconds", "60")], 0, 0)
        .await;
    let (sender, worker) = world.start_with_catalogue().await;
    world.runner.until_begun(1).await;
    sender.send_replace(Arc::new(Catalogue::default()));
    until(&worker, "no pollers", |status| status.pollers.is_empty()).await;
    world.service.until_all_ended().await;
    world.service.success("job").await;
    world.service.add("later", &[("do", "ok")], 0, 0).await;
    let polls = world.service.inner.lock().await.polls.len();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(world.service.inner.lock().await.polls.len(), polls);
    sender.send_replace(crate::catalogue::catalogue(false, false));
    world.service.until_all_ended().await;
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn a_plugin_that_lacks_values_to_poll_for_is_told_of_as_long_as_it_is_there() {
    let world = World::new();
    let (sender, worker) = world.start_with_catalogue().await;
    until(&worker, "a poller", |status| !status.pollers.is_empty()).await;
    let before = worker.status().readiness();
    sender.send_replace(crate::catalogue::with_queryable());
    let status = until(&worker, "both", |status| status.pollers.len() == 2).await;
    let silent = &status.pollers[1];
    assert_eq!(
        (silent.source.as_str(), silent.action_type.as_str()),
        ("main", "Build/Query/1")
    );
    assert!(!silent.healthy && !silent.polls);
    let readiness = status.readiness();
    assert!(readiness.ready, "the other one is served: {readiness}");
    for part in ["no jobs of Build/Query/1 from main", "`do`", "query-values"] {
        assert!(readiness.text.contains(part), "{readiness}");
    }
    sender.send_replace(crate::catalogue::catalogue(false, false));
    let status = until(&worker, "one", |status| status.pollers.len() == 1).await;
    assert_eq!(status.readiness(), before);
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn a_plugin_with_values_to_poll_for_is_polled_for() {
    let mut world = World::new();
    let key = crate::catalogue::with_queryable()
        .plugins()
        .find(|plugin| plugin.name == "query")
        .map(|plugin| plugin.manifest.key().clone())
        .unwrap();
    let values = vec!["a".to_owned(), "b".to_owned()];
    world.config.query_values.insert(key, values);
    let (sender, worker) = world.start_with_catalogue().await;
    sender.send_replace(crate::catalogue::with_queryable());
    let status = until(&worker, "all", |status| status.pollers.len() == 3).await;
    assert!(status.pollers.iter().all(|poller| poller.polls));
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn an_offer_whose_plugin_was_removed_is_not_acknowledged() {
    let world = World::new();
    let (sender, worker) = world.start_with_catalogue().await;
    world
        .service
        .until("polls", |inner| !inner.polls.is_empty())
        .await;
    // The service hands the job out while the plugin goes.
    let mut inner = world.service.inner.lock().await;
    until_in_flight(&worker).await;
    sender.send_replace(Arc::new(Catalogue::default()));
    until(&worker, "no pollers", |status| status.pollers.is_empty()).await;
    inner.jobs.push(crate::service::FakeJob {
        id: "job".to_owned(),
        nonce: 0,
        state: crate::service::State::Created,
        configuration: [("do".to_owned(), "ok".to_owned())].into(),
        inputs: 0,
        outputs: 0,
        token: None,
        action: "an action".to_owned(),
        handed_out: None,
        result: None,
    });
    drop(inner);
    world
        .service
        .until("handed out", |inner| inner.job("job").nonce == 1)
        .await;
    end(&world, worker).await;
    assert_eq!(world.service.inner.lock().await.acks, 0);
}

#[tokio::test(start_paused = true)]
async fn a_poller_that_comes_back_has_one_poll_at_a_time() {
    let world = World::new();
    let mut inner = world.service.inner.lock().await;
    // After one that failed a poll holds one slot, and leaves the next poller some.
    inner.poll_faults.push_back(Fault::LoseRequest);
    inner.poll_times.extend([5, 60].map(Duration::from_secs));
    drop(inner);
    let (sender, worker) = world.start_with_catalogue().await;
    world
        .service
        .until("a poll", |inner| inner.polls.len() == 2)
        .await;
    sender.send_replace(Arc::new(Catalogue::default()));
    until(&worker, "no pollers", |status| status.pollers.is_empty()).await;
    sender.send_replace(crate::catalogue::catalogue(false, false));
    world
        .service
        .until("the next one's", |inner| inner.polls.len() == 3)
        .await;
    assert_eq!(worker.status().slots_free, 0, "both are under way");
    // By then the first has its answer, which is not the second's.
    tokio::time::sleep(Duration::from_secs(50)).await;
    assert_eq!(world.service.inner.lock().await.polls.len(), 3);
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_polled_for_with_less_memory_keeps_to_the_budget() {
    const BUDGET: u64 = 1 << 30;
    let mut world = World::new();
    world.config.memory_budget = Some(BUDGET);
    let times = [Duration::from_secs(5)];
    world.service.inner.lock().await.poll_times.extend(times);
    for job in ["a", "b", "c", "d"] {
        let what = [("do", "sleep"), ("seconds", "60")];
        world.service.add(job, &what, 0, 0).await;
    }
    let (sender, seen) = watch::channel(crate::catalogue::with_memory(BUDGET / 4));
    let service: Arc<dyn JobSource> = Arc::new(world.service.clone());
    let worker = world.start_of(vec![service], seen).await;
    world
        .service
        .until("a poll for all", |inner| inner.job("d").nonce == 1)
        .await;
    sender.send_replace(crate::catalogue::with_memory(BUDGET));
    world.service.until_all_ended().await;
    assert_eq!(world.runner.most.load(Ordering::SeqCst), 1);
    let inner = world.service.inner.lock().await;
    assert_eq!(inner.job("a").nonce, 1, "it was taken at once");
    drop(inner);
    end(&world, worker).await;
}

/// A poll holds slots while it waits for the service, whose lock the test holds.
async fn until_in_flight(worker: &pipefitter_worker::WorkerHandle) {
    until(worker, "a poll is under way", |status| {
        status.slots_free < status.slots
    })
    .await;
}
