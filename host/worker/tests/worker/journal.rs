//! A journal that cannot be written.

use std::sync::Arc;

use pipefitter_codepipeline::FailureType;
use pipefitter_journal::{FailWhen, Failing, Memory};

use crate::world::{World, end, until};

fn failing(world: &mut World, when: FailWhen) {
    let memory: Memory = world.memory.clone();
    world.journal = Arc::new(Failing::new(memory, when));
}

#[tokio::test(start_paused = true)]
async fn without_a_record_nothing_is_acknowledged() {
    let mut world = World::new();
    failing(&mut world, FailWhen::From(1));
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    let worker = world.start().await;
    let status = until(&worker, "the write failed", |status| !status.journal_ok).await;
    assert_eq!(status.counters.taken, 0);
    world
        .service
        .until("offered", |inner| inner.job("job").nonce >= 1)
        .await;
    let polls = world.service.inner.lock().await.polls.len();
    tokio::time::advance(std::time::Duration::from_secs(1)).await;
    assert_eq!(
        world.service.inner.lock().await.polls.len(),
        polls,
        "nothing is polled"
    );
    worker.cancel();
    worker.join().await.unwrap();
    let inner = world.service.inner.lock().await;
    assert_eq!((inner.acks, inner.puts), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn without_a_record_of_it_no_plugin_runs() {
    let mut world = World::new();
    // Acknowledging, Acknowledged, Running.
    failing(&mut world, FailWhen::Write(3));
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    let failure = world.service.failure("job").await;
    assert_eq!(failure.kind, FailureType::SystemUnavailable);
    assert!(failure.message.contains("journal"), "{}", failure.message);
    assert!(world.runner.begun.borrow().is_empty());
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_cannot_be_written_is_sent_from_memory() {
    let mut world = World::new();
    failing(&mut world, FailWhen::From(4));
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    world.service.success("job").await;
    let status = until(&worker, "the slot is free", |status| status.slots_free == 4).await;
    assert!(!status.journal_ok);
    worker.drain();
    let report = worker.join().await.unwrap();
    assert_eq!(report.left.len(), 1, "its record could not be removed");
    // A disk that works again: the old record meets a job that has ended.
    world.journal = Arc::new(world.memory.clone());
    let worker = world.start().await;
    world
        .service
        .until("sent again", |inner| inner.refused >= 1)
        .await;
    let report = end(&world, worker).await;
    assert_eq!(report.counters.superseded, 1);
    assert_eq!(world.runner.begun.borrow().len(), 1);
    assert!(world.records().await.is_empty());
}
