//! What a manifest asks for, and what the operator lets it have.

use pipefitter_tests::Rig;
use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;

#[tokio::test]
async fn a_manifest_that_asks_for_more_than_the_maximum_has_the_maximum() {
    let asks = "wall = \"2m\"\n";
    let held = Plugin::probe("Held").named("held").limited(asks);
    let trusted = Plugin::probe("Trusted").named("trusted").limited(asks);
    let mut rig = Rig::with(&[&held, &trusted]).await;
    rig.setup.tables = "[limits.default]\nwall = \"3m\"\n[limits.max]\nwall = \"700ms\"\n\
                        [plugins.trusted.limits]\nwall = \"90s\"\n"
        .to_owned();
    let worker = rig.worker().await;
    let sleeps = |name: &str, plugin: &Plugin, ms: &str| {
        Action::new(name, plugin).doing("sleep").with("ms", ms)
    };
    let actions = [
        sleeps("Held", &held, "60000"),
        // Longer than the maximum: the operator's word for one plugin is the last.
        sleeps("Trusted", &trusted, "1500"),
    ];
    let ended = rig.outcomes("bounds", actions).await;
    let (kind, message) = ended["Held"].failure();
    assert_eq!(kind, "JobFailed");
    assert!(message.contains("700 ms"), "{message}");
    assert!(message.contains("wall"), "{message}");
    assert_eq!(ended["Trusted"].status, "Succeeded", "{ended:?}");

    let logs = rig.job_logs();
    assert_eq!(logs.len(), 2);
    for log in logs.values() {
        assert!(log.contains("run ended after"), "{log}");
    }
    let counted = worker.stop_and_count().await;
    for (field, count) in [
        ("taken", 2),
        ("recovered", 0),
        ("succeeded", 1),
        ("failed", 1),
        ("continued", 0),
        ("limits_hit", 1),
        ("requests", 0),
        ("requests_refused", 0),
    ] {
        assert_eq!(counted[field], count, "{field}: {counted}");
    }
    for field in ["cpu_ms", "memory_peak"] {
        assert!(counted[field].as_u64() > Some(0), "{field}: {counted}");
    }
}
