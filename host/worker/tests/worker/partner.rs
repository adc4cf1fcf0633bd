//! A partner's jobs: the same life, told less by the service, and customers whose token is missing.

use std::time::Duration;

use pipefitter_codepipeline::{ClientId, ClientsView, UnservedClient, WhyUnserved};
use pipefitter_journal::Phase;
use pipefitter_worker::WorkerEvent;
use serde_json::json;
use tokio::time::{Instant, advance};

use crate::service::{Fault, Service, State};
use crate::world::{World, end, until};

fn world() -> World {
    let mut world = World::new();
    world.service = Service::third_party();
    world
}

fn files(dir: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test(start_paused = true)]
async fn a_partners_job_is_opened_run_and_reported_without_variables() {
    let mut world = world();
    world.service.add("job", &[("do", "ok")], 1, 1).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    let success = world.service.success("job").await;
    assert!(success.variables.is_empty());
    assert_eq!(success.details.summary.as_deref(), Some("12 pages"));
    let log = world
        .config
        .log_dir
        .join(success.details.external_execution_id.unwrap());
    let log = std::fs::read_to_string(log).unwrap();
    let told = "WARN  output variables are dropped, since a partner's action has none: pages";
    assert!(log.contains(told), "{log}");
    let spec = world.specs.recv().await.unwrap();
    assert_eq!(spec.job.action_type.owner, "ThirdParty");
    let report = end(&world, worker).await;
    assert_eq!((report.counters.taken, report.counters.reported), (1, 1));
    assert_eq!(world.service.inner.lock().await.details, 1);
}

#[tokio::test(start_paused = true)]
async fn variables_that_break_a_rule_are_dropped_like_others() {
    let world = world();
    for what in ["bad", "twice"] {
        world.service.add(what, &[("do", what)], 0, 0).await;
    }
    let worker = world.start().await;
    world.service.until_all_ended().await;
    for what in ["bad", "twice"] {
        world.service.success(what).await;
    }
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn a_job_id_is_never_a_path() {
    let world = world();
    let long = "\u{1f980}".repeat(256);
    let longest = "\u{fc}/".repeat(256);
    let ids = [
        "../..",
        "..",
        "/etc/passwd",
        "a\u{0}b",
        "C:\\x",
        "-rf",
        "\u{1b}[2J\nx",
        " ",
        "\u{202e}..",
        &long,
        &longest,
    ];
    for id in ids {
        world
            .service
            .add(id, &[("do", "log"), ("password", "hush-hush")], 1, 1)
            .await;
    }
    let above = world.config.log_dir.parent().unwrap().to_owned();
    let worker = world.start().await;
    world.service.until_all_ended().await;
    let mut logs = Vec::new();
    for id in ids {
        let success = world.service.success(id).await;
        logs.push(success.details.external_execution_id.unwrap());
    }
    end(&world, worker).await;
    logs.sort();
    assert_eq!(
        files(&world.config.log_dir),
        logs,
        "each has a log of its own, and nothing else is there"
    );
    for log in &logs {
        let name = log.strip_suffix(".log").unwrap();
        assert!(
            name.len() == 32 && name.bytes().all(|b| b.is_ascii_hexdigit()),
            "{log}"
        );
    }
    assert_eq!(files(&above), ["logs", "work"]);
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_point_costs_nothing() {
    for (phase, state, runs) in [
        (Phase::Acknowledging, State::Created, 1),
        (Phase::Acknowledging, State::InProgress, 1),
        (Phase::Acknowledged, State::InProgress, 1),
        (Phase::Running, State::InProgress, 1),
        (
            Phase::Finished {
                outcome: json!({ "result": "success", "with": pipefitter_codepipeline::SuccessResult::default() }),
                replaced: false,
            },
            State::InProgress,
            0,
        ),
    ] {
        let mut world = world();
        world.retry_safe = true;
        world.service.add("../job", &[("do", "ok")], 1, 1).await;
        {
            let mut inner = world.service.inner.lock().await;
            inner.jobs[0].nonce = 1;
            inner.jobs[0].state = state;
            inner.jobs[0].handed_out = Some(Instant::now());
        }
        world.left("../job", 0, phase.clone()).await;
        let worker = world.start().await;
        world.service.until_all_ended().await;
        world.service.success("../job").await;
        assert_eq!(world.runner.begun.borrow().len(), runs, "{phase:?}");
        end(&world, worker).await;
        assert!(world.records().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_never_acknowledged_goes_on_under_the_nonce_of_a_new_offer() {
    let world = world();
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    {
        let mut inner = world.service.inner.lock().await;
        inner.jobs[0].nonce = 2;
        // The acknowledge under the old nonce gets no answer for longer than the worker asks at once.
        inner.ack_faults.extend([Fault::LoseRequest; 8]);
    }
    world.left("job", 0, Phase::Acknowledging).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    world.service.success("job").await;
    assert_eq!(world.runner.begun.borrow().len(), 1);
    let counters = end(&world, worker).await.counters;
    assert_eq!(
        (counters.reported, counters.superseded),
        (1, 0),
        "{counters:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_job_adopted_by_rule_is_acknowledged_under_the_nonce_of_a_new_offer() {
    let world = world();
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    // The old nonce is refused at once: ambiguous, and taken for ours.
    world.service.inner.lock().await.jobs[0].nonce = 2;
    world.left("job", 0, Phase::Acknowledging).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    world.service.success("job").await;
    assert_eq!(world.runner.begun.borrow().len(), 1);
    let counters = end(&world, worker).await.counters;
    assert_eq!(
        (counters.adopted_by_rule, counters.reported),
        (1, 1),
        "{counters:?}"
    );
}

/// A client whose token was asked for in vain just now.
fn unserved(why: WhyUnserved, offers: u64) -> ClientsView {
    ClientsView {
        unserved: vec![UnservedClient {
            client: ClientId::new("nobody\u{1b}[2J"),
            why,
            since: Instant::now(),
            offers,
        }],
        passed_over: offers,
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_without_a_token_is_shown_and_told_once_each_time_it_is_asked_for() {
    let world = world();
    let worker = world.start().await;
    let mut events = worker.events();
    let polls = async |more: usize| {
        let before = world.service.inner.lock().await.polls.len();
        world
            .service
            .until("polls", |inner| inner.polls.len() >= before + more)
            .await;
    };
    world
        .service
        .clients
        .send_replace(unserved(WhyUnserved::Unknown, 3));
    let status = until(&worker, "the client is shown", |status| {
        !status.unserved_clients.is_empty()
    })
    .await;
    let shown = &status.unserved_clients[0];
    assert_eq!(
        (shown.source.as_str(), shown.reason.as_str(), shown.offers),
        ("main", "it has no client token", 3)
    );
    assert_eq!(status.counters.unserved_offers, 3);
    polls(5).await;
    advance(Duration::from_secs(300)).await;
    world
        .service
        .clients
        .send_replace(unserved(WhyUnserved::Refused, 4));
    polls(5).await;
    world.service.clients.send_replace(ClientsView::default());
    let status = until(&worker, "it is gone", |status| {
        status.unserved_clients.is_empty()
    })
    .await;
    assert!(status.jobs.is_empty());
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let WorkerEvent::Notice { text, .. } = event {
            told.push(text);
        }
    }
    insta::assert_snapshot!(told.join("\n"));
    end(&world, worker).await;
    assert!(world.service.inner.lock().await.polls.len() > 10);
}
