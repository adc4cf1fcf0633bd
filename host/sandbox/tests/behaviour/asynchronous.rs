//! Plugins with an asynchronous entry: the same ends, limits and stops as for others.

use std::sync::LazyLock;
use std::time::Duration;

use pipefitter_sandbox::{Entry, FailureKind, Fault, Limit, Outcome, StopReason, VerdictKind};

use crate::harness::{Case, Host, guest, sandbox};

fn component() -> &'static [u8] {
    static COMPONENT: LazyLock<Vec<u8>> = LazyLock::new(|| guest("asynchronous"));
    &COMPONENT
}

fn host() -> &'static Host {
    static HOST: LazyLock<Host> = LazyLock::new(|| Host::of(component()));
    &HOST
}

fn case(action: &str) -> Case {
    Case::new(action)
}

/// The twin, which has no `do`.
fn twin(mode: &str) -> Case {
    let mut case = Case::new("").input("in", &[("message.txt", "gr\u{fc}\u{df}e")]);
    case.spec.job.configuration.clear();
    case.set("mode", mode).output("out")
}

#[test]
fn its_entry_is_told() {
    let shape = sandbox().inspect(component()).unwrap();
    assert_eq!(shape.entry, Entry::AsyncHandler);
    assert_eq!(shape.contract, "0.1.0");
}

#[tokio::test]
async fn it_reads_writes_and_answers_as_others_do() {
    let ran = twin("ok").run_on(host()).await;
    assert_eq!(ran.variable("characters"), "5");
    assert_eq!(ran.success().details.summary.as_deref(), Some("shouted"));
    let made = std::fs::read_to_string(ran.case.path("out-0/shout.txt")).unwrap();
    assert_eq!(made, "GR\u{dc}SSE");
    assert_eq!(ran.texts(), ["twin runs action"]);
    assert_eq!(ran.progress(), [(Some(50), "read".to_owned())]);
    assert!(ran.verdict.usage.memory_peak > 0);
}

#[tokio::test]
async fn it_fails_and_goes_on_as_others_do() {
    match twin("fail").run_on(host()).await.verdict.kind {
        VerdictKind::Answered(Err(failure)) => {
            assert_eq!(failure.kind, FailureKind::ConfigurationError);
        }
        other => panic!("{other:?}"),
    }
    match twin("continue").run_on(host()).await.verdict.kind {
        VerdictKind::Answered(Ok(Outcome::InProgress(next))) => assert_eq!(next.token, "2"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_it_still_does_after_its_answer_is_cut_off() {
    let ran = case("leave").run_on(host()).await;
    assert_eq!(ran.success().details.summary.as_deref(), Some("left"));
    assert!(ran.verdict.usage.wall < Duration::from_secs(30));
}

#[tokio::test]
async fn a_stop_request_is_heard_and_enforced() {
    let asked = case("until-stop");
    let (stop, events) = (asked.stop.clone(), asked.events.clone());
    let asks = async {
        events.said("waiting").await;
        stop.request(StopReason::HandOver, Duration::from_secs(50));
    };
    let (ran, ()) = tokio::join!(asked.run_on(host()), asks);
    match ran.verdict.kind {
        VerdictKind::Answered(Ok(Outcome::InProgress(next))) => {
            assert_eq!(next.token, "StopReason::HandOver");
        }
        other => panic!("{other:?}"),
    }
    for (action, line) in [("yield", "giving way"), ("spin", "spinning")] {
        let case = case(action);
        let (stop, events) = (case.stop.clone(), case.events.clone());
        let asks = async {
            events.said(line).await;
            stop.request(StopReason::Cancelled, Duration::from_millis(50));
        };
        let (ran, ()) = tokio::join!(case.run_on(host()), asks);
        assert_eq!(
            ran.fault(),
            &Fault::Interrupted(Some(StopReason::Cancelled))
        );
    }
}

#[tokio::test]
async fn a_kill_interrupts_one_that_waits_or_computes() {
    for (action, line) in [("yield", "giving way"), ("spin", "spinning")] {
        let case = case(action);
        let (stop, events) = (case.stop.clone(), case.events.clone());
        let kills = async {
            events.said(line).await;
            stop.kill();
        };
        let (ran, ()) = tokio::join!(case.run_on(host()), kills);
        assert_eq!(ran.fault(), &Fault::Interrupted(None), "{action}");
    }
}

#[tokio::test]
async fn its_limits_are_named_as_others_are() {
    for (action, limit, value, shown) in [
        ("yield", Limit::WallTime, 300, "300 ms"),
        ("spin", Limit::CpuTime, 100, "100 ms"),
        ("grow", Limit::Memory, 32 << 20, "32 MiB"),
    ] {
        let ran = case(action).limit(limit, value).run_on(host()).await;
        let value = shown.to_owned();
        assert_eq!(ran.fault(), &Fault::Limit { limit, value }, "{action}");
    }
}

#[tokio::test]
async fn a_trap_is_one() {
    // One that waits for nothing is ended by its own runtime.
    for action in ["trap", "wait"] {
        let ran = case(action).run_on(host()).await;
        let fault = ran.fault();
        assert!(matches!(fault, Fault::Trap { .. }), "{action}: {fault:?}");
    }
}

/// Side by side, in one process where it is shared.
#[tokio::test]
async fn jobs_are_apart() {
    let mut jobs = tokio::task::JoinSet::new();
    for _ in 0..20 {
        jobs.spawn(twin("ok").run_on(host()));
    }
    for ran in jobs.join_all().await {
        assert_eq!(ran.variable("characters"), "5");
    }
}
