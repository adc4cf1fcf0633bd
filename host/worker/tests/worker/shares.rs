//! How slots are shared out among pollers, as the service sees it: by the polls that come.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pipefitter_codepipeline::{
    Acknowledged, ClientId, ErrorClass, FailureResult, JobContents, JobId, JobSource, Nonce, Offer,
    Owner, PollRequest, ServiceError, SourceId, SuccessResult,
};
use pipefitter_plugins::ActionTypeKey;
use proptest::prelude::*;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

use crate::catalogue::{catalogue, several};
use crate::service::{Service, State};
use crate::world::World;

/// How long the service takes for a poll.
const TAKES: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

#[derive(Clone, Debug)]
struct Poll {
    /// Source and provider.
    poller: (String, String),
    max: usize,
    at: Instant,
}

/// A source that never has a job, and takes its time to say so, or to fail.
struct Idle {
    id: SourceId,
    polls: mpsc::UnboundedSender<Poll>,
    takes: Duration,
    fails: bool,
}

#[async_trait]
impl JobSource for Idle {
    fn id(&self) -> &SourceId {
        &self.id
    }

    fn owner(&self) -> Owner {
        Owner::Custom
    }

    fn region(&self) -> &str {
        "eu-central-1"
    }

    async fn poll(&self, request: &PollRequest) -> Result<Vec<Offer>, ServiceError> {
        let poll = Poll {
            poller: (self.id.to_string(), request.action_type.provider.clone()),
            max: request.max as usize,
            at: Instant::now(),
        };
        // The test may have seen enough.
        let _ = self.polls.send(poll);
        sleep(self.takes).await;
        match self.fails {
            true => Err(ServiceError {
                operation: "PollForJobs",
                class: ErrorClass::Transient,
                code: None,
                message: "no answer".to_owned(),
                retry_after: None,
            }),
            false => Ok(Vec::new()),
        }
    }

    async fn open(&self, _: &Offer) -> Result<JobContents, ServiceError> {
        panic!("nothing was offered")
    }

    async fn acknowledge(
        &self,
        _: &JobId,
        _: Option<&ClientId>,
        _: &Nonce,
        _: bool,
    ) -> Result<Acknowledged, ServiceError> {
        panic!("nothing was offered")
    }

    async fn details(&self, _: &JobId, _: Option<&ClientId>) -> Result<JobContents, ServiceError> {
        panic!("nothing was offered")
    }

    async fn put_success(
        &self,
        _: &JobId,
        _: Option<&ClientId>,
        _: &SuccessResult,
    ) -> Result<(), ServiceError> {
        panic!("nothing was offered")
    }

    async fn put_failure(
        &self,
        _: &JobId,
        _: Option<&ClientId>,
        _: &FailureResult,
    ) -> Result<(), ServiceError> {
        panic!("nothing was offered")
    }
}

/// The first polls of a worker that has nothing else to do.
fn polls(slots: usize, types: usize, sources: usize, bound: Option<usize>) -> Vec<Poll> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut world = World::new();
        world.config.slots = slots;
        world.config.poll_interval_min = Duration::from_millis(100);
        world.config.poll_interval_max = LONGEST_PAUSE;
        if let Some(bound) = bound {
            let first = ActionTypeKey {
                category: "Build".to_owned(),
                provider: "A".to_owned(),
                version: "1".to_owned(),
            };
            world.config.slots_per_action_type.insert(first, bound);
        }
        let (sender, mut seen) = mpsc::unbounded_channel();
        let idle = (0..sources).map(|at| {
            let source: Arc<dyn JobSource> = Arc::new(Idle {
                id: SourceId::new(format!("source-{at}")),
                polls: sender.clone(),
                takes: TAKES,
                fails: false,
            });
            source
        });
        let (_catalogue, several) = watch::channel(several(types));
        let worker = world.start_of(idle.collect(), several).await;
        let mut polls = Vec::new();
        while polls.len() < 30 * types * sources {
            polls.push(seen.recv().await.unwrap());
        }
        worker.cancel();
        worker.join().await.unwrap();
        polls
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn all_pollers_have_an_even_share_and_their_turn(
        slots in 1usize..14,
        types in 1usize..=5,
        sources in 1usize..=2,
        bound in proptest::option::of(1usize..4),
    ) {
        let polls = polls(slots, types, sources, bound);
        let pollers = types * sources;

        // What is asked for at one time is never more than there are slots, in all and of a type.
        for poll in &polls {
            let meanwhile = |of: &str| -> usize {
                let open = polls.iter().filter(|other| other.at <= poll.at && poll.at < other.at + TAKES);
                open.filter(|other| of.is_empty() || other.poller.1 == of).map(|other| other.max).sum()
            };
            prop_assert!(poll.max >= 1);
            prop_assert!(meanwhile("") <= slots, "at {:?}: {polls:#?}", poll.at);
            prop_assert!(bound.is_none_or(|bound| meanwhile("A") <= bound), "{polls:#?}");
        }

        // At the start all are due: each has as much as any other, one more for the first.
        let start: Vec<&Poll> = polls.iter().take_while(|poll| poll.at == polls[0].at).collect();
        let free: Vec<usize> = start.iter().filter(|poll| bound.is_none() || poll.poller.1 != "A").map(|poll| poll.max).collect();
        if let (Some(least), Some(most)) = (free.iter().min(), free.iter().max()) {
            prop_assert!(most - least <= 1, "{start:#?}");
        }
        if bound.is_none() {
            prop_assert_eq!(start.len(), pollers.min(slots));
            prop_assert_eq!(free.iter().sum::<usize>(), slots, "a slot lies idle: {:#?}", start);
        } else if types > 1 && slots > sources {
            prop_assert_eq!(start.iter().map(|poll| poll.max).sum::<usize>(), slots, "what A may not take is the others': {:#?}", start);
        }

        // Nobody is forgotten: when its pause is over, each waits at most for one poll of every other.
        let longest = LONGEST_PAUSE + TAKES * u32::try_from(pollers + 1).unwrap();
        let end = polls.last().unwrap().at;
        let mut last: BTreeMap<&(String, String), Instant> = BTreeMap::new();
        for poll in &polls {
            let before = last.insert(&poll.poller, poll.at).unwrap_or(polls[0].at);
            prop_assert!(poll.at - before <= longest, "{:?} waited from {before:?}: {polls:#?}", poll);
        }
        prop_assert_eq!(last.len(), pollers);
        prop_assert!(last.values().all(|at| end - *at <= longest), "{:#?}", last);
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_does_not_answer_leaves_the_slots_to_others() {
    const SILENCE: Duration = Duration::from_secs(20);
    let mut world = World::new();
    world.config.slots = 4;
    world.config.poll_interval_min = Duration::from_millis(100);
    world.config.poll_interval_max = LONGEST_PAUSE;
    let (sender, mut seen) = mpsc::unbounded_channel();
    let idle = |id: &str, takes: Duration, fails: bool| -> Arc<dyn JobSource> {
        Arc::new(Idle {
            id: SourceId::new(id),
            polls: sender.clone(),
            takes,
            fails,
        })
    };
    let sources = vec![idle("silent", SILENCE, true), idle("well", TAKES, false)];
    let (_catalogue, one) = watch::channel(several(1));
    let worker = world.start_of(sources, one).await;
    let mut polls: Vec<Poll> = Vec::new();
    while polls
        .iter()
        .filter(|poll| poll.poller.0 == "silent")
        .count()
        < 6
    {
        polls.push(seen.recv().await.unwrap());
    }
    worker.cancel();
    worker.join().await.unwrap();
    let of = |id: &str| -> Vec<Poll> {
        let of = polls.iter().filter(|poll| poll.poller.0 == id);
        of.cloned().collect()
    };
    let (silent, well) = (of("silent"), of("well"));
    assert!(silent[1..].iter().all(|poll| poll.max == 1), "{silent:#?}");
    // From the first failure on, it is as if the other were alone.
    let after = well.iter().skip_while(|poll| poll.at < silent[1].at);
    let times: Vec<Instant> = after.map(|poll| poll.at).collect();
    let longest = (LONGEST_PAUSE + TAKES).mul_f64(1.3);
    assert!(
        times.windows(2).all(|two| two[1] - two[0] <= longest),
        "{well:#?}"
    );
    assert!(times.len() > 60, "{}", times.len());
}

#[tokio::test(start_paused = true)]
async fn a_flood_in_one_source_leaves_the_other_its_share() {
    let mut world = World::new();
    world.config.slots = 1;
    let (busy, quiet) = (Service::named("busy"), Service::named("quiet"));
    for at in 0..30 {
        let what = [("do", "sleep"), ("seconds", "10")];
        busy.add(&format!("busy-{at}"), &what, 0, 0).await;
    }
    for at in 0..6 {
        let what = [("do", "sleep"), ("seconds", "10")];
        quiet.add(&format!("quiet-{at}"), &what, 0, 0).await;
    }
    let (_catalogue, one) = watch::channel(catalogue(false, false));
    let sources: Vec<Arc<dyn JobSource>> = vec![Arc::new(busy.clone()), Arc::new(quiet.clone())];
    let worker = world.start_of(sources, one).await;
    quiet.until_all_ended().await;
    let done = {
        let inner = busy.inner.lock().await;
        inner
            .jobs
            .iter()
            .filter(|job| job.state == State::Ended)
            .count()
    };
    assert!(
        (5..=8).contains(&done),
        "{done} of the flood's jobs went before 6 others"
    );
    busy.until_all_ended().await;
    worker.drain();
    let counters = worker.join().await.unwrap().counters;
    assert_eq!((counters.taken, counters.reported), (36, 36));
}
