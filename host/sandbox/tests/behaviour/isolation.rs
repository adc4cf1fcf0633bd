//! One job's fault is no other job's.

use std::sync::Arc;

use pipefitter_sandbox::{Fault, Isolation, JobControl, JobHost, Limit, LogLine, VerdictKind};
use tokio::task::JoinSet;

use crate::ISOLATION;
use crate::harness::{Case, Host, guest, open_below};

/// A sink with a bug.
struct Broken;

impl JobHost for Broken {
    fn log(&self, _line: LogLine) {
        panic!("the sink is broken");
    }

    fn progress(&self, _percent: Option<u8>, _summary: String) {}
}

#[tokio::test]
async fn a_panic_of_the_host_fails_its_own_job_only() {
    let host = Host::new();
    let other = Case::new("sleep").set("ms", "300");
    let events = other.events.clone();
    let panics = async {
        events.said("sleeping").await;
        for _ in 0..3 {
            let mut spec = Case::new("stdout").spec;
            spec.code = host.code.clone();
            let (_stop, control) = JobControl::new();
            let verdict = host.runner.run(spec, control, Arc::new(Broken)).await;
            match verdict.kind {
                VerdictKind::Fault(Fault::Host(why)) => {
                    assert!(why.contains("the sink is broken"), "{why}");
                }
                other => panic!("{other:?}"),
            }
        }
    };
    let (ran, ()) = tokio::join!(other.run_on(&host), panics);
    ran.success();
    Case::new("ok").run_on(&host).await.success();
}

#[tokio::test]
async fn a_panic_of_the_host_that_a_guest_brings_about_fails_its_own_job_only() {
    let host = Host::of(&guest("escape"));
    let other = Case::new("sleep").set("ms", "300");
    let events = other.events.clone();
    let panics = async {
        events.said("sleeping").await;
        for _ in 0..3 {
            let case = Case::new("escape").set("panic", "on purpose");
            let ran = case.run_on(&host).await;
            match (ISOLATION, ran.fault()) {
                (Isolation::Shared, Fault::Host(what))
                | (Isolation::Process, Fault::Crashed(what)) => {
                    assert!(what.contains("on purpose"), "{what}");
                }
                other => panic!("{other:?}"),
            }
        }
    };
    let (ran, ()) = tokio::join!(other.run(), panics);
    ran.success();
}

#[tokio::test]
async fn guests_that_compute_do_not_keep_a_short_job_waiting() {
    let host = Arc::new(Host::new());
    let mut spinners = JoinSet::new();
    let mut stops = Vec::new();
    for _ in 0..32 {
        let case = Case::new("spin");
        stops.push(case.stop.clone());
        let events = case.events.clone();
        let host = host.clone();
        spinners.spawn(async move { case.run_on(&host).await });
        events.said("spinning").await;
    }
    // Two guest threads, 32 guests that never rest: each of these jobs comes to its end all the same, while
    // every one of them goes on.
    for _ in 0..3 {
        let ran = Case::new("ok")
            .input("in", &[("a", "b")])
            .output("out")
            .run_on(&host)
            .await;
        ran.success();
        Case::new("sleep")
            .set("ms", "10")
            .run_on(&host)
            .await
            .success();
        assert_eq!(host.runner.running(), 32);
        assert!(spinners.try_join_next().is_none());
    }
    for stop in stops {
        stop.kill();
    }
    while let Some(ran) = spinners.join_next().await {
        assert_eq!(ran.unwrap().fault(), &Fault::Interrupted(None));
    }
    assert_eq!(host.sandbox.loaded(), 1);
}

#[tokio::test]
async fn the_store_is_gone_when_the_verdict_is_there() {
    for action in ["ok", "trap", "exit", "memory", "handles"] {
        let ran = Case::new(action)
            .input("in", &[("a", "b")])
            .output("out")
            .scratch()
            .limit(Limit::Memory, 16 << 20)
            .run()
            .await;
        // The store held the sink and the directories.
        assert_eq!(Arc::strong_count(&ran.case.events), 1, "{action}");
        assert_eq!(open_below(&ran.case.path("")), 0, "{action}");
    }
}

#[tokio::test]
async fn jobs_see_nothing_of_each_other() {
    let mut jobs = JoinSet::new();
    for n in 0..16 {
        jobs.spawn(async move {
            let text = n.to_string();
            let case = Case::new("ok").set("var.n", &text).output("out");
            let case = case.input("in", &[("n", &text)]);
            (n, case.run().await)
        });
    }
    while let Some(done) = jobs.join_next().await {
        let (n, ran) = done.unwrap();
        assert_eq!(ran.variable("n"), n.to_string());
        let out = std::fs::read_to_string(ran.case.path("out-0/in/n")).unwrap();
        assert_eq!(out, n.to_string());
    }
}

#[tokio::test]
async fn configuration_goes_to_the_log_as_the_plugin_wrote_it() {
    // Masking is the worker's: it knows what is secret, this crate does not.
    let ran = Case::new("secret-log")
        .set("key", "token")
        .set("token", "s3cr3t")
        .run()
        .await;
    assert_eq!(ran.texts().len(), 4);
    assert_eq!(ran.progress(), [(None, "progress s3cr3t".to_owned())]);
}
