//! What a worker shows of a job that CodePipeline has ended.

use serde_json::Value;

use crate::{Rig, Worker, results_of};

/// The one job of a worker was interrupted: one line, nothing sent, nothing kept. The worker is stopped;
/// returns all that it said.
pub async fn dropped(rig: &Rig, worker: Worker, noticed: &str) -> String {
    let told = worker.process.line("its result is dropped").await;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["level"], "INFO", "{told}");
    assert_eq!(told["fields"]["noticed"], noticed, "{told}");
    assert_eq!(results_of(&rig.proxy.exchanges()).len(), 0);
    let said = worker.stop_cleanly().await;
    let logs = rig.job_logs();
    let log = logs.values().next().unwrap();
    assert!(
        log.contains("cancelled: CodePipeline has ended this action"),
        "{log}"
    );
    for line in said
        .lines()
        .filter(|line| line.contains("\"level\":\"WARN\""))
    {
        assert!(line.contains("root"), "nothing is warned of: {line}");
    }
    assert!(!said.contains("left in the journal"), "{said}");
    said
}
