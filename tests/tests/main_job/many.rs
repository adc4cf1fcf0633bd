//! Many jobs at once.

use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, appears, count_with_prefix, terminal_results};

const PIPELINES: usize = 4;
const ACTIONS: usize = 50;
const SLOTS: usize = 16;

#[tokio::test]
async fn two_hundred_jobs_at_sixteen() {
    let mut plugin = Plugin::probe("Probe").granted();
    plugin.limits = "wall = \"300s\"\ncpu = \"60s\"\nmemory = \"16MiB\"\n".to_owned();
    let mut rig = Rig::with(&[&plugin]).await;
    rig.setup.slots = SLOTS;
    let mut executions = Vec::new();
    for at in 0..PIPELINES {
        let name = format!("many-{at}");
        let actions =
            (0..ACTIONS).map(|at| Action::new(&format!("Wait{at}"), &plugin).doing("wait-file"));
        rig.create(&Pipeline::new(&name).stage(actions)).await;
        executions.push((rig.service.begin(&name).await, name));
    }
    let worker = rig.worker().await;

    // Every slot is taken, and nothing beyond them was acknowledged.
    appears(&rig.setup.granted, "started-", SLOTS).await;
    assert_eq!(count_with_prefix(&rig.setup.granted, "started-"), SLOTS);
    let acknowledged = rig.proxy.of("AcknowledgeJob");
    assert_eq!(
        acknowledged.len(),
        SLOTS,
        "acknowledged is what can start at once"
    );
    let asked: usize = rig
        .proxy
        .of("PollForJobs")
        .iter()
        .map(|poll| poll.answer["jobs"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(asked, SLOTS, "no job is asked for without a slot");
    rig.go();

    for (execution, name) in &executions {
        let ended = rig.service.ended(execution).await;
        let failed: Vec<_> = rig
            .service
            .actions(name, execution)
            .await
            .into_iter()
            .filter(|(_, action)| action.status != "Succeeded")
            .collect();
        assert_eq!((ended.as_str(), failed), ("succeeded", Vec::new()));
    }
    assert_eq!(worker.stop().await.code(), Some(0));
    let results = terminal_results(&rig.proxy.exchanges());
    assert_eq!(results.len(), PIPELINES * ACTIONS);
    assert!(results.values().all(|&taken| taken == 1), "{results:?}");
    assert_eq!(
        count_with_prefix(&rig.setup.granted, "started-"),
        PIPELINES * ACTIONS
    );
}
