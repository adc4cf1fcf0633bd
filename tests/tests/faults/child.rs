//! The process of a job beside the worker's: what the kernel says of it, what reaches it, and that it never outlives
//! the worker.

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Child, Rig, Worker, appears, limits_of, skipped, status_of};
use rustix::process::{Signal, geteuid, getpgid};

/// A worker whose only job waits for the file `go`, the job's process, and the execution.
async fn waiting(rig: &Rig, plugin: &Plugin) -> (Worker, Child, String) {
    let worker = rig.worker().await;
    rig.pipeline("watched", [Action::new("Waits", plugin).doing("wait-file")])
        .await;
    let execution = rig.service.begin("watched").await;
    appears(&rig.setup.granted, "started-", 1).await;
    let child = Child::only_one_of(worker.process.id());
    (worker, child, execution)
}

#[tokio::test]
async fn the_kernel_says_that_it_is_locked() {
    let plugin = Plugin::probe("Probe").granted();
    let rig = Rig::with(&[&plugin]).await;
    let (worker, child, execution) = waiting(&rig, &plugin).await;
    for (key, value) in [
        ("NoNewPrivs", "1"),
        // A filter, and not the strict mode.
        ("Seccomp", "2"),
        ("CapEff", "0000000000000000"),
        ("CapPrm", "0000000000000000"),
        ("CapInh", "0000000000000000"),
    ] {
        assert_eq!(child.status(key), value, "{key}");
    }
    // A container may have put a filter around the worker, which its children inherit.
    let filters = |text: String| text.parse::<u32>().unwrap();
    let of_the_worker = filters(status_of(worker.process.id(), "Seccomp_filters"));
    assert!(filters(child.status("Seccomp_filters")) > of_the_worker);
    // A job's process cannot be dumped at all. The worker's can, and with a limit of 0 the kernel would still give its memory
    // to a program that `core_pattern` names.
    for (process, limit) in [(child.id(), "0"), (worker.process.id(), "1")] {
        let none = (limit.to_owned(), limit.to_owned());
        assert_eq!(limits_of(process, "Max core file size"), none, "{process}");
    }
    let first_to_go = std::fs::read_to_string(format!("/proc/{}/oom_score_adj", child.id()));
    assert_eq!(first_to_go.unwrap().trim(), "1000", "where memory is short");
    // Neither dumped nor read by others: what is in /proc of such a process is root's.
    if geteuid().is_root() {
        skipped("whose /proc of a job's process is, which only another user than root can tell");
    } else {
        let memory = std::fs::File::open(format!("/proc/{}/mem", child.id()));
        assert!(memory.is_err(), "a job's memory can be read");
    }
    assert_eq!(child.group(), child.id(), "a group of its own");
    let own = getpgid(None).unwrap().as_raw_nonzero().get();
    assert_ne!(child.group(), own, "the worker is in the test's group");

    rig.go();
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    worker.stop_cleanly().await;
}

#[tokio::test]
async fn a_stopped_one_does_not_outlive_its_worker() {
    let plugin = Plugin::probe("Probe").granted();
    let rig = Rig::with(&[&plugin]).await;
    let (worker, child, _) = waiting(&rig, &plugin).await;
    // It cannot see that its pipe has ended: only the kernel can end it.
    child.inherit();
    child.stop().await;
    worker.crash().await;
    assert_eq!(child.ended_by().await, Some(Signal::KILL.as_raw()));
}

#[tokio::test]
async fn signals_that_ask_a_worker_to_end_do_not_end_a_job() {
    let plugin = Plugin::probe("Probe").granted();
    let rig = Rig::with(&[&plugin]).await;
    let (worker, child, execution) = waiting(&rig, &plugin).await;
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        child.signal(signal);
    }
    rig.go();
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    worker.stop_cleanly().await;
}

#[tokio::test]
async fn root_is_warned() {
    let plugin = Plugin::probe("Probe");
    let rig = Rig::with(&[&plugin]).await;
    let worker = rig.worker().await;
    let warned = worker.process.lines_with("running as root");
    if geteuid().is_root() {
        assert_eq!(warned.len(), 1, "{warned:?}");
        assert!(warned[0].contains("\"level\":\"WARN\""), "{warned:?}");
    } else {
        assert!(warned.is_empty(), "{warned:?}");
        println!("SKIPPED: the warning itself, which only root is given");
    }
    worker.stop_cleanly().await;
}
