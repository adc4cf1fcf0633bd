//! Pollers come and go with the catalogue; running jobs keep their plugin.

use std::sync::Arc;

use pipefitter_plugins::Catalogue;

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
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    assert_eq!(world.service.inner.lock().await.polls.len(), polls);
    sender.send_replace(crate::catalogue::catalogue(false, false));
    world.service.until_all_ended().await;
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

/// A poll holds slots while it waits for the service, whose lock the test holds.
async fn until_in_flight(worker: &pipefitter_worker::WorkerHandle) {
    until(worker, "a poll is under way", |status| {
        status.slots_free < status.slots
    })
    .await;
}
