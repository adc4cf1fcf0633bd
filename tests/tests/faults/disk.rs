//! A disk that takes nothing for a while.

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, RigOptions, ServiceOptions, deaf_to_file_limits};

#[tokio::test]
async fn a_worker_whose_disk_was_full_takes_jobs_again_once_it_is_not() {
    let plugin = Plugin::probe("Probe");
    let mut rig = Rig::start(RigOptions {
        plugins: vec![plugin.clone()],
        service: ServiceOptions {
            reoffer_after: "1s".to_owned(),
            ..ServiceOptions::default()
        },
    })
    .await;
    rig.setup.started_by = deaf_to_file_limits();
    let worker = rig.worker().await;
    let act = || Action::new("Act", &plugin).with("var.out", "fine");
    rig.pipeline("while", [act()]).await;
    worker.process.limit_files(Some(0));
    let execution = rig.service.begin("while").await;
    worker.process.line("the journal was not written").await;
    worker.process.limit_files(None);
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    worker.process.line("the journal was opened again").await;
    let log = worker.stop_cleanly().await;
    assert!(!log.contains("left in the journal"), "{log}");
    // What came of it all is what a start finds.
    let worker = rig.worker().await;
    let result = rig.outcome("after", act()).await;
    assert_eq!(result.variables["out"], "fine");
    assert_eq!(worker.stop_and_count().await["recovered"], 0);
}
