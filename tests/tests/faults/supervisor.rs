//! A supervisor that does not read what it is told.

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, Supervisor, terminal_results};

#[tokio::test]
async fn one_that_stops_reading_hinders_no_job_and_no_end() {
    let plugin = Plugin::probe("Probe");
    let mut rig = Rig::with(&[&plugin]).await;
    let supervisor = Supervisor::start();
    rig.setup.environment.push(supervisor.variable());
    supervisor.fill();
    let worker = rig.worker().await;
    let act = || Action::new("Act", &plugin).with("var.out", "done");
    let early = rig.outcome("early", act()).await;
    assert_eq!(early.variables["out"], "done");

    // It reads again, and is told what could not be told before.
    let told = |said: &str| said.starts_with("READY=1\nSTATUS=ready; jobs: ");
    supervisor.told("of its start", told).await;
    supervisor.fill();
    let late = rig.outcome("late", act()).await;
    assert_eq!(late.variables["out"], "done");
    worker.stop_cleanly().await;
    let results = terminal_results(&rig.proxy.exchanges());
    assert_eq!(results.len(), 2, "{results:?}");
}
