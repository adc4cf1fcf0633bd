//! The plugins folder of a running worker.

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, RigOptions, appears, binary};

#[tokio::test]
async fn a_plugin_that_is_dropped_in_is_served() {
    let plugin = Plugin::probe("Probe");
    let rig = Rig::start(RigOptions::default()).await;
    rig.service.register(&plugin).await;
    let worker = rig.worker().await;
    rig.pipeline(
        "dropped-in",
        [Action::new("Act", &plugin).with("var.out", "served")],
    )
    .await;
    let execution = rig.service.begin("dropped-in").await;
    assert!(
        rig.proxy.of("PollForJobs").is_empty(),
        "polled for a type that nobody serves"
    );
    plugin.install(&rig.setup.plugins_dir);
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    assert_eq!(worker.stop().await.code(), Some(0));
}

#[tokio::test]
async fn a_replaced_plugin_takes_new_jobs_and_the_old_one_finishes_its_own() {
    let old = Plugin::probe("Probe").granted();
    let rig = Rig::with(&[&old]).await;
    let worker = rig.worker().await;
    rig.pipeline("old", [Action::new("Old", &old).doing("wait-file")])
        .await;
    let running = rig.service.begin("old").await;
    appears(&rig.setup.granted, "started-", 1).await;

    // The same file and type with another program inside: it fails over an input that it misses.
    let mut new = old.clone();
    new.wasm = binary::guest("twin-rust");
    let mark = worker.process.mark();
    new.install(&rig.setup.plugins_dir);
    worker
        .process
        .line_after(mark, "new version of plugin is served")
        .await;
    rig.pipeline("new", [Action::new("New", &old).with("text", "x")])
        .await;
    let new = rig.service.run("new").await;
    let (_, message) = new["New"].failure();
    assert!(
        message.contains("input"),
        "the old program took the job: {message}"
    );

    rig.go();
    assert_eq!(rig.service.ended(&running).await, "succeeded");
    let old = rig.service.actions("old", &running).await;
    assert_eq!(old["Old"].variables["attempt"], "1");
    assert_eq!(worker.stop().await.code(), Some(0));
}

#[tokio::test]
async fn a_half_copied_or_bad_version_leaves_the_old_one_serving() {
    let plugin = Plugin::probe("Probe");
    let rig = Rig::with(&[&plugin]).await;
    let worker = rig.worker().await;
    let file = rig.setup.plugins_dir.join("probe.wasm");
    let whole = std::fs::read(&file).unwrap();

    // Half of it, as a slow copy leaves it for a while.
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let result = rig
        .outcome("half", Action::new("Act", &plugin).with("var.out", "old"))
        .await;
    assert_eq!(result.variables["out"], "old");
    // Whole, and no component at all: said, with the file's name.
    let mark = worker.process.mark();
    std::fs::write(&file, b"not a component").unwrap();
    let said = worker.process.line_after(mark, "probe.wasm").await;
    assert!(said.contains("WARN") || said.contains("ERROR"), "{said}");
    let result = rig
        .outcome("bad", Action::new("Act", &plugin).with("var.out", "still"))
        .await;
    assert_eq!(result.variables["out"], "still");
    assert_eq!(worker.stop().await.code(), Some(0));
}

#[tokio::test]
async fn two_plugins_for_one_type_are_an_error_that_names_both() {
    let plugin = Plugin::probe("Probe");
    let rig = Rig::with(&[&plugin]).await;
    let worker = rig.worker().await;
    plugin
        .clone()
        .named("second")
        .install(&rig.setup.plugins_dir);
    let said = worker.process.line("second.wasm").await;
    assert!(said.contains("probe.wasm"), "{said}");
    let result = rig
        .outcome(
            "first",
            Action::new("Act", &plugin).with("var.out", "served"),
        )
        .await;
    assert_eq!(
        result.variables["out"], "served",
        "the one that was served stays served"
    );
    assert_eq!(worker.stop().await.code(), Some(0));
}

#[tokio::test]
async fn compiled_code_that_is_damaged_is_made_again_without_a_restart() {
    let plugin = Plugin::probe("Probe");
    let rig = Rig::with(&[&plugin]).await;
    let worker = rig.worker().await;
    let code = std::fs::read_dir(rig.setup.state_dir.join("code")).unwrap();
    for file in code.map(|entry| entry.unwrap().path()) {
        let mut sealed = std::fs::read(&file).unwrap();
        *sealed.last_mut().unwrap() ^= 1;
        std::fs::write(&file, sealed).unwrap();
    }
    let mark = worker.process.mark();
    let act = || Action::new("Act", &plugin).with("var.out", "fine");
    let met = rig.outcome("met", act()).await;
    let (kind, message) = met.failure();
    assert_eq!(kind, "SystemUnavailable");
    assert!(message.contains("has to compile it again"), "{message}");
    worker.process.line_after(mark, "plugin was compiled").await;
    let again = rig.outcome("again", act()).await;
    assert_eq!(again.variables["out"], "fine");
    assert_eq!(worker.stop().await.code(), Some(0));
}
