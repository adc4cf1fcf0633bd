//! Acknowledge: lost races, answers that were not seen, ambiguity, re-offers.

use std::time::Duration;

use crate::service::{Fault, State};
use crate::world::{World, end};

#[tokio::test(start_paused = true)]
async fn a_lost_race_is_dropped_in_silence() {
    let world = World::new();
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    world
        .service
        .inner
        .lock()
        .await
        .ack_faults
        .push_back(Fault::Rival);
    let worker = world.start().await;
    world
        .service
        .until("acknowledged", |inner| inner.acks == 1)
        .await;
    let report = end(&world, worker).await;
    assert_eq!((report.counters.lost_races, report.counters.taken), (1, 0));
    assert_eq!(world.service.inner.lock().await.puts, 0);
    assert!(world.records().await.is_empty() && world.runner.begun.borrow().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_did_not_arrive_is_sent_again() {
    let world = World::new();
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    world
        .service
        .inner
        .lock()
        .await
        .ack_faults
        .push_back(Fault::LoseRequest);
    let worker = world.start().await;
    world.service.until_all_ended().await;
    world.service.success("job").await;
    let report = end(&world, worker).await;
    assert_eq!(
        (report.counters.taken, report.counters.adopted_by_rule),
        (1, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_is_decided_by_the_rule() {
    for exclusive in [true, false] {
        let mut world = World::new();
        world.config.exclusive = exclusive;
        world.service.add("job", &[("do", "ok")], 0, 0).await;
        world
            .service
            .inner
            .lock()
            .await
            .ack_faults
            .push_back(Fault::LoseAnswer);
        let worker = world.start().await;
        if exclusive {
            world.service.until_all_ended().await;
            assert_eq!(end(&world, worker).await.counters.adopted_by_rule, 1);
        } else {
            world
                .service
                .until("asked again", |inner| inner.acks == 2)
                .await;
            let report = end(&world, worker).await;
            assert_eq!(report.counters.ambiguous_dropped, 1);
            assert_eq!(world.service.inner.lock().await.puts, 0);
            assert_eq!(
                world.service.inner.lock().await.job("job").state,
                State::InProgress
            );
        }
        assert!(world.records().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_offer_ends_the_doubt() {
    let world = World::new();
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    // Longer than the service waits before it offers the job again, under a new nonce.
    world
        .service
        .inner
        .lock()
        .await
        .ack_faults
        .extend([Fault::LoseRequest; 30]);
    let worker = world.start().await;
    world
        .service
        .until("offered again", |inner| inner.job("job").nonce == 2)
        .await;
    world.service.inner.lock().await.ack_faults.clear();
    world.service.until_all_ended().await;
    world.service.success("job").await;
    let report = end(&world, worker).await;
    assert_eq!(world.runner.begun.borrow().len(), 1);
    assert_eq!(report.counters.reported, 1);
    assert_eq!(report.counters.superseded, 0);
}

#[tokio::test(start_paused = true)]
async fn an_offer_with_the_nonce_that_is_in_use_is_no_new_one() {
    let world = World::new();
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    {
        let mut inner = world.service.inner.lock().await;
        inner.stale = Duration::from_secs(5);
        inner.ack_faults.push_back(Fault::LateAnswer);
    }
    let worker = world.start().await;
    world.service.until_all_ended().await;
    world.service.success("job").await;
    let report = end(&world, worker).await;
    assert_eq!((report.counters.taken, report.counters.lost_races), (1, 0));
    let inner = world.service.inner.lock().await;
    assert!(inner.polls.len() > 1, "it was not offered a second time");
    assert_eq!(inner.acks, 1);
}

#[tokio::test(start_paused = true)]
async fn a_slot_is_not_held_for_a_service_that_does_not_answer() {
    let mut world = World::new();
    world.config.slots = 1;
    world.config.answer_window = Duration::from_secs(20);
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    world
        .service
        .inner
        .lock()
        .await
        .ack_faults
        .extend([Fault::LoseRequest; 40]);
    let worker = world.start().await;
    crate::world::until(&worker, "the slot is given back", |status| {
        status.counters.unanswered > 0 && status.slots_free == 1
    })
    .await;
    world.service.inner.lock().await.ack_faults.clear();
    world.service.until_all_ended().await;
    world.service.success("job").await;
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn throttled_and_refused_acknowledges() {
    let world = World::new();
    world.service.add("throttled", &[("do", "ok")], 0, 0).await;
    world
        .service
        .inner
        .lock()
        .await
        .ack_faults
        .push_back(Fault::Throttle);
    let worker = world.start().await;
    world
        .service
        .until("refused for now", |inner| inner.acks == 1)
        .await;
    world.service.until_all_ended().await;
    world
        .service
        .inner
        .lock()
        .await
        .ack_faults
        .push_back(Fault::Invalid);
    world.service.add("refused", &[("do", "ok")], 0, 0).await;
    // Dropped, and offered again by the service.
    world.service.until_all_ended().await;
    assert_eq!(end(&world, worker).await.counters.reported, 2);
}
