//! Chains of continuations: across workers, and what they show meanwhile.

use std::collections::BTreeSet;

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, appears, terminal_results};

#[tokio::test]
async fn twenty_hops_go_to_and_fro_between_two_workers() {
    let plugin = Plugin::probe("Probe");
    let mut rig = Rig::with(&[&plugin]).await;
    // Both poll for the same action type, so that neither may take an ambiguous acknowledge for its own.
    rig.setup.worker = "exclusive = false".to_owned();
    rig.setup.poll_interval_max = "20ms".to_owned();
    let mut other = rig.setup.clone();
    other.config = rig.folder().join("other.toml");
    other.state_dir = rig.folder().join("other-state");
    let workers = [rig.worker().await, other.start().await];
    let hops = Action::new("Hops", &plugin)
        .doing("continue")
        .with("hops", "20");
    rig.pipeline("chain", [hops]).await;
    let execution = rig.service.begin("chain").await;
    assert_eq!(rig.service.ended(&execution).await, "succeeded");

    // The service tells of the end before the answer to the last result has passed the proxy.
    rig.proxy.count("PutJobSuccessResult", 21).await;
    // Each job has one result; twenty of them are continuations, and the last is the end.
    let exchanges = rig.proxy.exchanges();
    let results = terminal_results(&exchanges);
    assert_eq!(results.len(), 21);
    assert!(results.values().all(|&taken| taken == 1), "{results:?}");
    let tokens: Vec<String> = rig
        .proxy
        .of("PutJobSuccessResult")
        .iter()
        .filter(|sent| sent.is_ok())
        .filter_map(|sent| {
            sent.request["continuationToken"]
                .as_str()
                .map(str::to_owned)
        })
        .collect();
    let expected: Vec<String> = (1..=20).map(|hop| format!("hop-{hop}")).collect();
    assert_eq!(tokens, expected);

    let mut taken = BTreeSet::new();
    let mut by_worker = Vec::new();
    for worker in workers {
        let said = worker.stop_cleanly().await;
        let jobs: Vec<String> = said
            .lines()
            .filter(|line| line.contains("\"job taken\""))
            .map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                line["fields"]["job"].as_str().unwrap().to_owned()
            })
            .collect();
        by_worker.push(jobs.len());
        taken.extend(jobs);
    }
    assert_eq!(by_worker.iter().sum::<usize>(), 21, "{by_worker:?}");
    assert_eq!(taken.len(), 21);
    assert!(by_worker.iter().all(|&jobs| jobs > 0), "{by_worker:?}");
}

#[tokio::test]
async fn progress_is_seen_after_a_continuation_and_stays_until_something_else_is_said() {
    let plugin = Plugin::probe("Probe").granted();
    let rig = Rig::with(&[&plugin]).await;
    let worker = rig.worker().await;
    rig.pipeline("docs", [Action::new("Act", &plugin).doing("progress-hop")])
        .await;
    let execution = rig.service.begin("docs").await;
    // The second job runs: CodePipeline has the first one's word.
    appears(&rig.setup.granted, "started-", 1).await;
    let state = rig
        .service
        .codepipeline
        .get_pipeline_state()
        .name("docs")
        .send()
        .await
        .unwrap();
    let action = &state.stage_states()[1].action_states()[0];
    let shown = action.latest_execution().unwrap();
    assert_eq!(shown.percent_complete(), Some(40));
    assert_eq!(shown.summary(), Some("two of five pages"));

    rig.go();
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    let action = &rig.service.actions("docs", &execution).await["Act"];
    assert_eq!(action.summary.as_deref(), Some("two of five pages"));
    worker.stop_cleanly().await;
}
