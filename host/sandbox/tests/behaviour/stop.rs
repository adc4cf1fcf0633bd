//! Stopping a job: asked, after its grace, at once, and because nobody waits.

use std::time::Duration;

use pipefitter_sandbox::{Fault, JobControl, Limit, Outcome, StopReason, VerdictKind};

use crate::harness::{Case, Host, Recorder, Runner, open_below};

const LONG: Duration = Duration::from_secs(50);

#[tokio::test]
async fn a_plugin_that_asks_hands_over_or_cleans_up() {
    for reason in [StopReason::HandOver, StopReason::Cancelled] {
        let case = Case::new("sleep");
        let (stop, events) = (case.stop.clone(), case.events.clone());
        let asks = async {
            events.said("sleeping").await;
            stop.request(reason, LONG);
        };
        let (ran, ()) = tokio::join!(case.run(), asks);
        match (&ran.verdict.kind, reason) {
            (VerdictKind::Answered(Ok(Outcome::InProgress(next))), StopReason::HandOver) => {
                assert_eq!(next.token, "handed-over")
            }
            (VerdictKind::Answered(Err(failure)), StopReason::Cancelled) => {
                assert_eq!(failure.message, "cancelled");
            }
            other => panic!("{other:?}"),
        }
        let log = ran.texts().join(" ");
        assert!(log.contains("asked to stop"), "{log}");
    }
}

#[tokio::test]
async fn a_plugin_that_does_not_ask_is_interrupted_after_its_grace() {
    for (action, line) in [("deaf", "deaf"), ("spin", "spinning")] {
        let case = Case::new(action);
        let (stop, events) = (case.stop.clone(), case.events.clone());
        let asks = async {
            events.said(line).await;
            stop.request(StopReason::HandOver, Duration::from_millis(50));
        };
        let (ran, ()) = tokio::join!(case.run(), asks);
        assert_eq!(ran.fault(), &Fault::Interrupted(Some(StopReason::HandOver)));
    }
}

#[tokio::test]
async fn a_kill_interrupts_at_once_and_leaves_nothing_open() {
    for (action, line) in [("deaf", "deaf"), ("spin", "spinning")] {
        let case = Case::new(action)
            .input("in", &[("a", "b")])
            .output("out")
            .scratch();
        let (stop, events) = (case.stop.clone(), case.events.clone());
        let kills = async {
            events.said(line).await;
            stop.kill();
        };
        let (ran, ()) = tokio::join!(case.run(), kills);
        assert_eq!(ran.fault(), &Fault::Interrupted(None));
        assert_eq!(open_below(&ran.case.path("")), 0);
    }
}

#[tokio::test]
async fn a_job_that_was_killed_before_it_began_runs_nothing() {
    let case = Case::new("stdout");
    case.stop.kill();
    let ran = case.run().await;
    assert_eq!(ran.fault(), &Fault::Interrupted(None));
    assert_eq!(ran.texts().len(), 0);
}

#[tokio::test]
async fn dropping_the_future_interrupts_the_guest() {
    let host = Host::new();
    for (action, line) in [("deaf", "deaf"), ("spin", "spinning")] {
        let case = Case::new(action);
        let events = case.events.clone();
        tokio::select! {
            ran = case.run_on(&host) => panic!("it ended: {:?}", ran.verdict),
            () = events.said(line) => {}
        }
    }
    host.runner.settled().await;
    assert_eq!(host.runner.running(), 0);
}

#[tokio::test]
async fn dropping_the_runner_ends_its_jobs() {
    let host = Host::new();
    let runner = Runner::new(&host.sandbox);
    let mut spec = Case::new("spin").spec;
    spec.code = host.code.clone();
    let events = Recorder::new();
    let (_stop, control) = JobControl::new();
    {
        let run = runner.run(spec, control, events.clone());
        tokio::select! {
            verdict = run => panic!("it ended: {verdict:?}"),
            () = events.said("spinning") => {}
        }
    }
    drop(runner);
    // The clock goes on, other runners of the engine too.
    Case::new("ok").run_on(&host).await.success();
}

#[tokio::test]
async fn the_time_left_is_that_of_the_nearest_end() {
    let case = Case::new("sleep").limit(Limit::WallTime, 30_000);
    case.stop
        .request(StopReason::HandOver, Duration::from_secs(5));
    let ran = case.run().await;
    let line = ran.texts().pop().unwrap();
    let millis: u64 = line
        .split_whitespace()
        .find_map(|word| word.parse().ok())
        .unwrap();
    assert!((1..=5000).contains(&millis), "{line}");
}
