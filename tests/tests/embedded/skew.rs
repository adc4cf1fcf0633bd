//! A worker whose machine's clock is not the service's.

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, RigOptions, ServiceOptions};

#[tokio::test]
async fn a_worker_takes_the_service_s_time_for_its_own_and_complains_of_nothing() {
    for skew in ["10m", "-10m"] {
        let plugin = Plugin::probe("Probe");
        let rig = Rig::start(RigOptions {
            plugins: vec![plugin.clone()],
            service: ServiceOptions {
                clock_skew: skew.to_owned(),
                ..ServiceOptions::default()
            },
        })
        .await;
        let worker = rig.worker().await;
        let action = Action::new("Act", &plugin).input("Source").output("Out");
        let result = rig.outcome("p", action).await;
        assert_eq!(result.status, "Succeeded", "{skew}: {result:?}");
        let refused = rig.proxy.exchanges().into_iter().filter(|e| !e.is_ok());
        let refused: Vec<String> = refused.map(|e| e.answer.to_string()).collect();
        assert!(!refused.is_empty(), "{skew}: nothing was off");
        for answer in &refused {
            assert!(answer.contains("InvalidSignatureException"), "{refused:?}");
        }
        let said = worker.stop_cleanly().await;
        for line in said.lines() {
            assert!(!line.contains("\"ERROR\""), "{skew}: {line}");
            assert!(!line.contains("polling main"), "{skew}: {line}");
        }
    }
}
