//! A fleet's claims: what another worker has is left to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use pipefitter_claims::{Claim, ClaimError, ClaimKey, Claims};

use crate::service::State;
use crate::world::{World, end, until};

#[derive(Default)]
struct Fleet {
    /// Another worker has every job.
    taken: AtomicBool,
    /// Another worker takes every job over while it runs.
    taken_over: AtomicBool,
    /// So many confirmations cannot be decided.
    undecided: AtomicU32,
    released: AtomicU32,
}

fn claim(taken: bool) -> Claim {
    if taken { Claim::Taken } else { Claim::Granted }
}

#[async_trait]
impl Claims for Fleet {
    async fn claim(&self, _key: &ClaimKey) -> Result<Claim, ClaimError> {
        Ok(claim(self.taken.load(Ordering::SeqCst)))
    }

    async fn confirm(&self, key: &ClaimKey) -> Result<Claim, ClaimError> {
        let left = self.undecided.load(Ordering::SeqCst);
        if left > 0 {
            self.undecided.store(left - 1, Ordering::SeqCst);
            return Err(ClaimError {
                job: key.job.clone(),
                reason: "the table does not answer".to_owned(),
            });
        }
        Ok(claim(self.taken_over.load(Ordering::SeqCst)))
    }

    async fn release(&self, _key: &ClaimKey) -> Result<(), ClaimError> {
        self.released.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

fn fleet(world: &mut World) -> Arc<Fleet> {
    let fleet = Arc::new(Fleet::default());
    world.claims = fleet.clone();
    fleet
}

#[tokio::test(start_paused = true)]
async fn what_another_worker_claimed_is_not_acknowledged() {
    let mut world = World::new();
    fleet(&mut world).taken.store(true, Ordering::SeqCst);
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    let worker = world.start().await;
    until(&worker, "the claim is lost", |status| {
        status.counters.claims_lost == 1 || status.counters.offered == 1 && status.jobs.is_empty()
    })
    .await;
    end(&world, worker).await;
    assert_eq!(world.service.inner.lock().await.acks, 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_uploaded_or_reported_for_a_job_that_was_taken_over() {
    for outputs in [0, 1] {
        let mut world = World::new();
        fleet(&mut world).taken_over.store(true, Ordering::SeqCst);
        world.service.add("job", &[("do", "ok")], 0, outputs).await;
        let worker = world.start().await;
        until(&worker, "the claim is lost", |status| {
            status.counters.claims_lost == 1
        })
        .await;
        end(&world, worker).await;
        let inner = world.service.inner.lock().await;
        assert_eq!(
            (inner.puts, &inner.job("job").state),
            (0, &State::InProgress)
        );
        assert!(world.stage.stored.lock().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn while_nobody_can_tell_results_wait() {
    let mut world = World::new();
    let fleet = fleet(&mut world);
    fleet.undecided.store(6, Ordering::SeqCst);
    world.service.add("job", &[("do", "ok")], 0, 1).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    world.service.success("job").await;
    end(&world, worker).await;
    assert_eq!(fleet.released.load(Ordering::SeqCst), 1);
}
