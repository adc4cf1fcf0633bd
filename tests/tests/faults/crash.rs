//! kill -9 at each of the three write-ahead points, and a restart with the same state folder.

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{ActionResult, Held, Rig, Worker, appears, results_of, terminal_results};

/// Wait for the end, stop the worker, and see that the one job has exactly one result that counts, and
/// that nothing is left in the journal.
async fn one_result(rig: &Rig, worker: Worker, pipeline: &str, execution: &str) -> ActionResult {
    rig.service.ended(execution).await;
    let action = rig
        .service
        .actions(pipeline, execution)
        .await
        .remove("Act")
        .expect("the action");
    let log = worker.stop_cleanly().await;
    assert!(!log.contains("left in the journal"), "{log}");
    let exchanges = rig.proxy.exchanges();
    let results = terminal_results(&exchanges);
    assert_eq!(
        results.values().copied().collect::<Vec<_>>(),
        [1],
        "{:?}",
        results_of(&exchanges)
    );
    action
}

/// A worker that is killed when a request is at the proxy.
async fn crash_at(rig: &Rig, mut held: Held, pipeline: &str, action: Action) -> String {
    let worker = rig.worker().await;
    rig.pipeline(pipeline, [action]).await;
    let execution = rig.service.begin(pipeline).await;
    held.arrived().await;
    worker.crash().await;
    execution
}

#[tokio::test]
async fn before_and_after_the_acknowledge_reached_the_service() {
    let plugin = Plugin::probe("Probe");
    let rigs = [Rig::with(&[&plugin]).await, Rig::with(&[&plugin]).await];
    let [before, after] = &rigs;
    let points = [
        ("before", before, before.proxy.hold("AcknowledgeJob")),
        ("after", after, after.proxy.hold_answer("AcknowledgeJob")),
    ];
    for (name, rig, held) in points {
        let action = Action::new("Act", &plugin)
            .with("var.out", name)
            .input("Source")
            .output("Out");
        let execution = crash_at(rig, held, name, action).await;
        let worker = rig.worker().await;
        assert_eq!(
            worker.served("compiled").await,
            0,
            "a second start compiles nothing"
        );
        let result = one_result(rig, worker, name, &execution).await;
        assert_eq!(result.status, "Succeeded", "{name}: {result:?}");
        assert_eq!(result.variables["out"], name);
        // The contents of the job came from GetJobDetails: the journal holds no configuration.
        assert!(!rig.proxy.of("GetJobDetails").is_empty(), "{name}");
    }
}

#[tokio::test]
async fn while_the_plugin_runs_and_may_run_again() {
    let plugin = Plugin::probe("Probe").granted().retry_safe();
    let rig = Rig::with(&[&plugin]).await;
    let worker = rig.worker().await;
    rig.pipeline(
        "again",
        [Action::new("Act", &plugin)
            .doing("wait-file")
            .input("Source")],
    )
    .await;
    let execution = rig.service.begin("again").await;
    let marker = appears(&rig.setup.granted, "started-", 1).await.remove(0);
    let marker = rig.setup.granted.join(marker);
    assert_eq!(std::fs::read_to_string(&marker).unwrap(), "1");
    worker.crash().await;
    std::fs::remove_file(&marker).unwrap();

    let worker = rig.worker().await;
    appears(&rig.setup.granted, "started-", 1).await;
    rig.go();
    let result = one_result(&rig, worker, "again", &execution).await;
    assert_eq!(result.status, "Succeeded", "{result:?}");
    assert_eq!(result.variables["attempt"], "2");
}

#[tokio::test]
async fn no_more_than_three_runs() {
    let plugin = Plugin::probe("Probe").granted().retry_safe();
    let rig = Rig::with(&[&plugin]).await;
    rig.pipeline("thrice", [Action::new("Act", &plugin).doing("wait-file")])
        .await;
    let execution = rig.service.begin("thrice").await;
    for _ in 0..3 {
        let worker = rig.worker().await;
        let marker = appears(&rig.setup.granted, "started-", 1).await.remove(0);
        worker.crash().await;
        std::fs::remove_file(rig.setup.granted.join(marker)).unwrap();
    }
    let worker = rig.worker().await;
    let result = one_result(&rig, worker, "thrice", &execution).await;
    let (kind, message) = result.failure();
    assert_eq!(kind, "SystemUnavailable");
    assert!(message.contains('3'), "{message}");
}

#[tokio::test]
async fn while_the_plugin_runs_and_may_not_run_again() {
    let plugin = Plugin::probe("Probe").granted();
    let rig = Rig::with(&[&plugin]).await;
    let worker = rig.worker().await;
    rig.pipeline("once", [Action::new("Act", &plugin).doing("wait-file")])
        .await;
    let execution = rig.service.begin("once").await;
    let marker = appears(&rig.setup.granted, "started-", 1).await.remove(0);
    worker.crash().await;

    let worker = rig.worker().await;
    let result = one_result(&rig, worker, "once", &execution).await;
    let (kind, message) = result.failure();
    assert_eq!(kind, "SystemUnavailable");
    assert!(message.contains("retry-safe"), "{message}");
    assert_eq!(
        std::fs::read_to_string(rig.setup.granted.join(marker)).unwrap(),
        "1"
    );
}

#[tokio::test]
async fn before_and_after_a_result_reached_the_service() {
    let plugin = Plugin::probe("Probe");
    for (name, operation, reached) in [
        ("success-before", "PutJobSuccessResult", false),
        ("success-after", "PutJobSuccessResult", true),
        ("failure-before", "PutJobFailureResult", false),
        ("failure-after", "PutJobFailureResult", true),
    ] {
        let rig = Rig::with(&[&plugin]).await;
        let held = match reached {
            false => rig.proxy.hold(operation),
            true => rig.proxy.hold_answer(operation),
        };
        let does = if operation.contains("Failure") {
            "fail"
        } else {
            "ok"
        };
        let action = Action::new("Act", &plugin)
            .doing(does)
            .with("message", name)
            .with("var.out", name);
        let execution = crash_at(&rig, held, name, action).await;
        let worker = rig.worker().await;
        rig.proxy
            .count("PutJob*", if reached { 2 } else { 1 })
            .await;
        let result = one_result(&rig, worker, name, &execution).await;
        if does == "ok" {
            assert_eq!(result.variables["out"], name);
        } else {
            assert!(result.failure().1.starts_with(name), "{result:?}");
        }
        // Sent from the journal: the job was neither read again nor run again.
        assert!(rig.proxy.of("GetJobDetails").is_empty(), "{name}");
        if reached {
            let again = &rig.proxy.of("PutJob*")[1].answer;
            let code = again["__type"].as_str().unwrap_or_default();
            assert!(code.contains("InvalidJobState"), "{name}: {again}");
        }
    }
}
