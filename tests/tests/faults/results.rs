//! Results that do not get through, and results that the service does not take.

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Fault, Rig, terminal_results};

#[tokio::test]
async fn a_result_is_sent_until_the_service_has_it() {
    let plugin = Plugin::probe("Probe");
    let rig = Rig::with(&[&plugin]).await;
    let worker = rig.worker().await;
    for fault in [
        Fault::Answer(400, "ThrottlingException"),
        Fault::Answer(500, "InternalFailure"),
        Fault::DropRequest,
        Fault::Answer(503, "ServiceUnavailableException"),
        Fault::Answer(400, "AccessDeniedException"),
    ] {
        rig.proxy.next("PutJobSuccessResult", fault);
    }
    let action = Action::new("Act", &plugin).with("var.out", "through");
    let result = rig.outcome("persistent", action).await;
    assert_eq!(result.variables["out"], "through");
    assert_eq!(rig.proxy.of("PutJobSuccessResult").len(), 6);
    assert_eq!(worker.stop().await.code(), Some(0));
}

#[tokio::test]
async fn a_result_whose_answer_is_lost_counts_once() {
    let plugin = Plugin::probe("Probe");
    let rig = Rig::with(&[&plugin]).await;
    let worker = rig.worker().await;
    rig.proxy.next("PutJobSuccessResult", Fault::DropAnswer);
    let result = rig
        .outcome("lost", Action::new("Act", &plugin).with("var.out", "once"))
        .await;
    assert_eq!(result.variables["out"], "once");
    let log = worker.stop_cleanly().await;
    assert!(!log.contains("left in the journal"), "{log}");
    let results = terminal_results(&rig.proxy.exchanges());
    assert_eq!(results.into_values().collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn an_invalid_result_is_replaced_once_and_then_parked() {
    let plugin = Plugin::probe("Probe");
    let rig = Rig::with(&[&plugin]).await;
    let worker = rig.worker().await;
    rig.proxy.next(
        "PutJobSuccessResult",
        Fault::Answer(400, "ValidationException"),
    );
    let result = rig.outcome("replaced", Action::new("Act", &plugin)).await;
    let (kind, message) = result.failure();
    assert_eq!(kind, "JobFailed");
    assert!(message.contains("refused the result"), "{message}");

    rig.proxy.next(
        "PutJobSuccessResult",
        Fault::Answer(400, "ValidationException"),
    );
    rig.proxy.next(
        "PutJobFailureResult",
        Fault::Answer(400, "ValidationException"),
    );
    rig.pipeline("parked", [Action::new("Act", &plugin)]).await;
    let execution = rig.service.begin("parked").await;
    worker.process.line("parked in the journal").await;
    let log = worker.stop_cleanly().await;
    assert!(log.contains("kept in the journal"), "{log}");
    // Kept for the operator, and never sent again.
    let sent = rig.proxy.of("PutJob*").len();
    let log = rig.worker().await.stop_cleanly().await;
    assert!(log.contains("kept in the journal"), "{log}");
    assert_eq!(rig.proxy.of("PutJob*").len(), sent);
    assert_eq!(
        rig.service.actions("parked", &execution).await["Act"].status,
        "InProgress"
    );
}
