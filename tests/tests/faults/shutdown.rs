//! SIGTERM: running jobs finish, or fail with what the pipeline's owner can do.

use std::time::Duration;

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Child, Process, Rig, appears, binary, terminal_results};
use rustix::process::Signal;
use tokio::process::Command;

fn one_each(rig: &Rig) {
    let results = terminal_results(&rig.proxy.exchanges());
    assert!(
        !results.is_empty() && results.values().all(|&taken| taken == 1),
        "{results:?}"
    );
}

#[tokio::test]
async fn a_running_job_finishes() {
    let plugin = Plugin::probe("Probe").granted();
    let rig = Rig::with(&[&plugin]).await;
    let worker = rig.worker().await;
    rig.pipeline(
        "drain",
        [Action::new("Runs", &plugin)
            .doing("wait-file")
            .input("Source")],
    )
    .await;
    let execution = rig.service.begin("drain").await;
    appears(&rig.setup.granted, "started-", 1).await;
    worker.process.terminate();
    worker.process.line("draining").await;
    // Started while the worker drains: for another one.
    rig.pipeline("later", [Action::new("Waits", &plugin)]).await;
    let later = rig.service.begin("later").await;
    rig.go();
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    assert_eq!(worker.process.ended().await.code(), Some(0));
    assert_eq!(
        rig.service.actions("later", &later).await["Waits"].status,
        "InProgress"
    );
    one_each(&rig);
}

#[tokio::test]
async fn a_job_that_outlasts_the_drain_fails_as_system_unavailable() {
    let plugin = Plugin::probe("Probe");
    let mut rig = Rig::with(&[&plugin]).await;
    rig.setup.worker = "drain-timeout = \"200ms\"\nstop-grace = \"200ms\"".to_owned();
    let worker = rig.worker().await;
    rig.pipeline("late", [Action::new("Deaf", &plugin).doing("deaf")])
        .await;
    let execution = rig.service.begin("late").await;
    rig.proxy.count("AcknowledgeJob", 1).await;
    worker.process.terminate();
    rig.service.ended(&execution).await;
    let actions = rig.service.actions("late", &execution).await;
    let (kind, message) = actions["Deaf"].failure();
    assert_eq!(kind, "SystemUnavailable", "{message}");
    assert!(message.contains("Retry the stage"), "{message}");
    assert_eq!(worker.process.ended().await.code(), Some(0));
    one_each(&rig);
}

#[tokio::test]
async fn a_second_signal_cancels_at_once() {
    let plugin = Plugin::probe("Probe").granted();
    let rig = Rig::with(&[&plugin]).await;
    let worker = rig.worker().await;
    rig.pipeline("cancel", [Action::new("Waits", &plugin).doing("wait-file")])
        .await;
    let execution = rig.service.begin("cancel").await;
    appears(&rig.setup.granted, "started-", 1).await;
    worker.process.terminate();
    worker.process.line("draining").await;
    // Too soon after the first it counts for nothing: as a hand would, again until it is heard.
    while !worker
        .process
        .says("cancelling", Duration::from_millis(50))
        .await
    {
        worker.process.terminate();
    }
    rig.service.ended(&execution).await;
    let actions = rig.service.actions("cancel", &execution).await;
    let (kind, message) = actions["Waits"].failure();
    assert_eq!(kind, "SystemUnavailable", "{message}");
    assert_eq!(worker.process.ended().await.code(), Some(0));
    one_each(&rig);
}

#[tokio::test]
async fn two_signals_at_once_are_one() {
    let plugin = Plugin::probe("Probe").granted();
    let rig = Rig::with(&[&plugin]).await;
    let worker = rig.worker().await;
    rig.pipeline("once", [Action::new("Runs", &plugin).doing("wait-file")])
        .await;
    let execution = rig.service.begin("once").await;
    appears(&rig.setup.granted, "started-", 1).await;
    worker.process.terminate();
    worker.process.signal(Signal::INT);
    worker.process.line("taken for the same").await;
    rig.go();
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    assert_eq!(worker.process.ended().await.code(), Some(0));
    assert_eq!(worker.process.lines_with("cancelling"), [""; 0]);
    one_each(&rig);
}

#[tokio::test]
async fn a_resumable_plugin_hands_over_and_another_start_goes_on() {
    let mut plugin = Plugin::probe("Probe");
    plugin.action = "resumable = true\n".to_owned();
    let mut rig = Rig::with(&[&plugin]).await;
    rig.setup.worker = "drain-timeout = \"100ms\"\nstop-grace = \"20s\"".to_owned();
    let worker = rig.worker().await;
    // Longer than the drain, and shorter than the test.
    let action = Action::new("Sleeps", &plugin)
        .doing("sleep")
        .with("ms", "15000")
        .input("Source");
    rig.pipeline("hand-over", [action]).await;
    let execution = rig.service.begin("hand-over").await;
    // One that has not begun is passed on, which is another story.
    rig.said("sleeping").await;
    assert_eq!(worker.stop().await.code(), Some(0));
    let handed = &rig.proxy.of("PutJobSuccessResult")[0].request;
    assert_eq!(handed["continuationToken"], "handed-over");

    let worker = rig.worker().await;
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    assert_eq!(worker.stop().await.code(), Some(0));
    assert_eq!(rig.proxy.of("AcknowledgeJob").len(), 2);
    one_each(&rig);
}

/// One whose compilation takes long enough to be met under way.
fn slow() -> Plugin {
    let mut plugin = Plugin::probe("Slow").named("slow");
    plugin.wasm = binary::guest("hostile/take_long_to_compile");
    plugin
}

/// The process that compiles for another, stopped: it is never done.
async fn stopped_compiler(process: &Process) -> Child {
    let compiler = Child::compiler_of(process.id()).await;
    compiler.inherit();
    compiler.stop().await;
    compiler
}

async fn goes_too(compiler: &Child) {
    // Where it was stopped before it had asked the kernel to end it, it sees for itself that the other is gone.
    compiler.signal(Signal::CONT);
    compiler.ended_by().await;
}

#[tokio::test]
async fn a_signal_while_plugins_are_compiled_at_the_start_ends_it_before_a_poll() {
    let rig = Rig::with(&[&slow()]).await;
    let worker = rig.setup.launch();
    let compiler = stopped_compiler(&worker.process).await;
    let said = worker.stop_cleanly().await;
    assert!(said.contains("ended while it started"), "{said}");
    assert!(!said.contains("serving jobs"), "{said}");
    assert!(rig.proxy.of("PollForJobs").is_empty());
    goes_too(&compiler).await;
}

#[tokio::test]
async fn a_plugin_that_is_still_compiled_is_not_waited_for() {
    let probe = Plugin::probe("Probe");
    let rig = Rig::with(&[&probe]).await;
    let worker = rig.worker().await;
    let result = rig.outcome("before", Action::new("Act", &probe)).await;
    assert_eq!(result.status, "Succeeded", "{result:?}");
    slow().install(&rig.setup.plugins_dir);
    let compiler = stopped_compiler(&worker.process).await;
    let said = worker.stop_cleanly().await;
    assert!(said.contains("draining"), "{said}");
    goes_too(&compiler).await;
    one_each(&rig);
}

#[tokio::test]
async fn invoke_leaves_nothing_behind_when_its_plugin_is_still_compiled() {
    let folder = tempfile::tempdir().unwrap();
    let temporary = folder.path().join("temporary");
    std::fs::create_dir(&temporary).unwrap();
    slow().install(folder.path());
    let mut command = Command::new(binary::pipefitter());
    command
        .arg("invoke")
        .arg(folder.path().join("slow.wasm"))
        .env("TMPDIR", &temporary)
        .env_remove("PIPEFITTER_CONFIG");
    let invoke = Process::start("pipefitter invoke", command);
    let compiler = stopped_compiler(&invoke).await;
    invoke.terminate();
    assert_eq!(invoke.ended().await.code(), Some(4), "{}", invoke.output());
    invoke
        .line("interrupted before the plugin was loaded")
        .await;
    goes_too(&compiler).await;
    let left: Vec<_> = std::fs::read_dir(&temporary).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
