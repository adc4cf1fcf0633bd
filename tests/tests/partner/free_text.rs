//! Job ids that are any text.

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::{ServiceOptions, small_source, terminal_results};

use super::partner::{ADA, begin, nothing_leaked, probe, rig_with, write_tokens};

#[tokio::test]
async fn ids_that_would_lead_anywhere_as_paths_lead_nowhere() {
    let plugin = probe();
    let rig = rig_with(
        &plugin,
        &[ADA],
        "{ file = \"tokens.json\" }",
        "free-text",
        ServiceOptions::default(),
    )
    .await;
    write_tokens(&rig, &[(ADA.id, ADA.token)]);
    let worker = rig.worker().await;
    let act = |name: &str| Action::new(name, &plugin).input("Source").third_party();
    let names = ["A", "B", "C", "D", "E", "F", "G", "H"];
    let pipeline = pipefitter_tests::pipelines::Pipeline::new(ADA.pipeline).stage(names.map(act));
    rig.service.create(&pipeline, small_source()).await;
    let execution = rig.service.begin(ADA.pipeline).await;
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    let said = worker.stop_cleanly().await;
    let results = terminal_results(&rig.proxy.exchanges());
    assert_eq!(results.len(), names.len());
    assert!(results.values().all(|&taken| taken == 1), "{results:?}");
    let uuid =
        |id: &String| id.len() == 36 && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    assert!(!results.keys().any(uuid), "not free text: {results:?}");
    nothing_leaked(&rig, &said);
    for name in rig.job_logs().keys() {
        let stem = name.strip_suffix(".log").unwrap_or_default();
        assert!(
            stem.len() == 32 && stem.bytes().all(|b| b.is_ascii_hexdigit()),
            "{name}"
        );
    }
    assert_eq!(rig.job_logs().len(), names.len());
    let mut state: Vec<String> = std::fs::read_dir(&rig.setup.state_dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    state.sort();
    assert_eq!(
        state,
        ["code", "journal.redb", "key", "logs", "staging", "work"]
    );
    let left = std::fs::read_dir(rig.setup.state_dir.join("work"))
        .unwrap()
        .count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn such_a_job_is_taken_up_again_after_a_crash() {
    let plugin = probe();
    let rig = rig_with(
        &plugin,
        &[ADA],
        "{ file = \"tokens.json\" }",
        "free-text",
        ServiceOptions::default(),
    )
    .await;
    write_tokens(&rig, &[(ADA.id, ADA.token)]);
    let mut held = rig.proxy.hold_answer("AcknowledgeThirdPartyJob");
    let worker = rig.worker().await;
    let execution = begin(&rig, ADA, Action::new("Act", &plugin).input("Source")).await;
    held.arrived().await;
    worker.crash().await;
    let worker = rig.worker().await;
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    let said = worker.stop_cleanly().await;
    nothing_leaked(&rig, &said);
}
