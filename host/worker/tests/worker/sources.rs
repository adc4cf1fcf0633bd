//! Several sources in one worker, each with what it serves and how much of the worker it may take.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use pipefitter_codepipeline::JobSource;
use pipefitter_plugins::ActionTypeKey;
use pipefitter_worker::SourceSettings;
use tokio::sync::watch;

use crate::catalogue::{catalogue, several};
use crate::service::{Service, State};
use crate::world::{World, end, until};

const SLEEPS: &[(&str, &str)] = &[("do", "sleep"), ("seconds", "100")];

#[tokio::test(start_paused = true)]
async fn a_source_takes_no_more_slots_than_it_may() {
    for left in [false, true] {
        let mut world = World::new();
        world.config.slots = 4;
        let settings = SourceSettings {
            slots: Some(1),
            ..SourceSettings::default()
        };
        world
            .config
            .source_settings
            .insert("main".to_owned(), settings);
        let other = Service::named("other");
        for at in 0..3 {
            let id = format!("job-{at}");
            world.service.add(&id, SLEEPS, 0, 0).await;
            if left {
                world.service.inner.lock().await.jobs[at].state = State::InProgress;
                world
                    .left(&id, 0, pipefitter_journal::Phase::Acknowledged)
                    .await;
            }
            other.add(&id, SLEEPS, 0, 0).await;
        }
        let (_sender, served) = watch::channel(catalogue(false, false));
        let sources: Vec<Arc<dyn JobSource>> =
            vec![Arc::new(world.service.clone()), Arc::new(other.clone())];
        let worker = world.start_of(sources, served).await;
        // One of the bounded source, and all of the other.
        world.runner.until_begun(4).await;
        let status = until(&worker, "four run", |status| {
            status
                .jobs
                .iter()
                .filter(|job| job.state == "running")
                .count()
                == 4
        })
        .await;
        let of_main = status
            .jobs
            .iter()
            .filter(|job| job.job.source == "main" && job.state == "running");
        assert_eq!(of_main.count(), 1);
        world.service.until_all_ended().await;
        other.until_all_ended().await;
        assert_eq!(world.runner.most.load(Ordering::SeqCst), 4);
        let polls = world.service.inner.lock().await.polls.clone();
        assert!(polls.iter().all(|(_, max)| *max == 1), "{polls:?}");
        end(&world, worker).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_is_polled_for_what_it_serves() {
    let mut world = World::new();
    let of = |provider: &str| ActionTypeKey {
        category: "Build".to_owned(),
        provider: provider.to_owned(),
        version: "1".to_owned(),
    };
    let settings = SourceSettings {
        action_types: Some(BTreeSet::from([of("B"), of("Nobody")])),
        ..SourceSettings::default()
    };
    world
        .config
        .source_settings
        .insert("other".to_owned(), settings);
    let (_sender, served) = watch::channel(several(3));
    let sources: Vec<Arc<dyn JobSource>> = vec![
        Arc::new(world.service.clone()),
        Arc::new(Service::named("other")),
    ];
    let worker = world.start_of(sources, served).await;
    let status = until(&worker, "pollers", |status| !status.pollers.is_empty()).await;
    let pollers: Vec<String> = status
        .pollers
        .iter()
        .map(|poller| format!("{} {}", poller.source, poller.action_type))
        .collect();
    assert_eq!(
        pollers,
        [
            "main Build/A/1",
            "main Build/B/1",
            "main Build/C/1",
            "other Build/B/1"
        ]
    );
    end(&world, worker).await;
}
