//! Plugins that trap, spin, take memory or flood their log: each fails alone, and says why.

use pipefitter_tests::Rig;
use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;

#[tokio::test]
async fn a_fault_is_a_failure_that_says_what_and_where() {
    let usual = Plugin::probe("Probe");
    let quick = Plugin::probe("Quick")
        .named("quick")
        .limited("wall = \"700ms\"\ncpu = \"20s\"\nmemory = \"64MiB\"\n");
    let thrifty = Plugin::probe("Thrifty")
        .named("thrifty")
        .limited("wall = \"60s\"\ncpu = \"300ms\"\nmemory = \"64MiB\"\n");
    let rig = Rig::with(&[&usual, &quick, &thrifty]).await;
    let worker = rig.worker().await;
    let cases = [
        ("trap", &usual, "the probe was told to panic"),
        ("stack", &usual, "stack"),
        ("hostcall", &usual, "16 MiB"),
        ("memory", &usual, "64 MiB"),
        ("exit", &usual, "exit"),
        ("deaf", &quick, "700 ms"),
        ("spin", &thrifty, "300 ms"),
    ];
    let mut actions: Vec<Action> = cases
        .iter()
        .map(|(what, plugin, _)| Action::new(what, plugin).doing(what))
        .collect();
    actions.push(Action::new("good", &usual).input("Source").output("Out"));
    let results = rig.outcomes("hostile", actions).await;
    for (what, plugin, named) in cases {
        let (kind, message) = results[what].failure();
        assert_eq!(kind, "JobFailed", "{what}: {message}");
        assert!(
            message.contains(named),
            "{what}: {named:?} is not named: {message}"
        );
        assert!(
            message.contains(&plugin.name),
            "{what}: the plugin is not named: {message}"
        );
    }
    assert_eq!(results["good"].status, "Succeeded", "{:?}", results["good"]);
    assert_eq!(worker.stop().await.code(), Some(0));
}

#[tokio::test]
async fn a_flood_of_log_is_cut_and_the_job_goes_on() {
    let plugin =
        Plugin::probe("Probe").limited("wall = \"60s\"\nlog = \"64KiB\"\nmemory = \"64MiB\"\n");
    let mut plugin = plugin;
    plugin.properties = ["do", "lines", "width"].map(str::to_owned).to_vec();
    let rig = Rig::with(&[&plugin]).await;
    let _worker = rig.worker().await;
    let flood = Action::new("Flood", &plugin)
        .doing("flood")
        .with("lines", "200000")
        .with("width", "100");
    let result = rig.outcome("flood", flood).await;
    assert_eq!(result.status, "Succeeded", "{result:?}");
    let logs = rig.job_logs();
    let log = &logs[result.external_id.as_ref().expect("there is always an id")];
    assert!(log.len() < 600_000, "the log has {} bytes", log.len());
    assert!(
        log.contains("dropped"),
        "no line says what was dropped: {}",
        &log[log.len() - 500..]
    );
}
