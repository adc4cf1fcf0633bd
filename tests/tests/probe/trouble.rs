//! A service that is busy, refuses, or takes longer than anybody waits.

use pipefitter_tests::{Fault, ServiceOptions};

use crate::lab::Lab;

#[tokio::test]
async fn throttling_and_lost_answers_change_no_answer() {
    let lab = Lab::usual().await;
    for operation in [
        "CreateCustomActionType",
        "CreatePipeline",
        "StartPipelineExecution",
        "AcknowledgeJob",
        "AcknowledgeJob",
        "PutJobSuccessResult",
        "GetJobDetails",
        "DeletePipeline",
        "DeleteCustomActionType",
    ] {
        let busy = Fault::Answer(400, "ThrottlingException");
        lab.rig.proxy.next(operation, busy);
    }
    for fault in [
        Fault::Answer(400, "ThrottlingException"),
        Fault::Answer(400, "ThrottlingException"),
        Fault::Answer(503, "ServiceUnavailable"),
        Fault::DropRequest,
    ] {
        lab.rig.proxy.next("PollForJobs", fault);
    }
    lab.rig.proxy.next("PUT", Fault::Answer(503, "SlowDown"));
    let probe = lab.probe(&["--only", "acknowledge"]);
    assert_eq!(probe.ended().await.code(), Some(0), "{}", probe.output());
    let switches = lab.switches();
    assert_eq!(switches["acknowledge-again"], "no");
    assert_eq!(switches["ended-details"], "data");
    assert_eq!(lab.left().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_question_without_an_answer_says_why() {
    let service = ServiceOptions {
        reoffer_after: "60s".to_owned(),
        ..ServiceOptions::default()
    };
    let lab = Lab::with(service).await;
    let probe = lab.probe(&[
        "--patience",
        "1s",
        "--only",
        "hand-out",
        "--only",
        "timeout",
    ]);
    assert_eq!(probe.ended().await.code(), Some(1));
    let why = lab.unanswered("reoffer-after");
    assert!(why.contains("waited 1.0s in vain"), "{why}");
    assert!(lab.unanswered("action-timeout").contains("--long"));
    // What the same experiment did show is answered.
    let switches = lab.switches();
    assert_eq!(switches.len(), 1);
    assert_eq!(switches["poll-hides"], "yes");
    assert!(lab.markdown().contains("## Not answered"));
    assert_eq!(lab.left().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_refusal_ends_one_experiment_and_not_the_others() {
    let lab = Lab::usual().await;
    let refusal = Fault::Answer(400, "AccessDeniedException");
    lab.rig.proxy.next("StopPipelineExecution", refusal);
    let probe = lab.probe(&["--only", "abandon", "--only", "acknowledge"]);
    assert_eq!(probe.ended().await.code(), Some(1));
    let why = lab.unanswered("result-after-abandon");
    assert!(
        why.contains("StopPipelineExecution: AccessDeniedException"),
        "{why}"
    );
    assert_eq!(lab.switches()["acknowledge-again"], "no");
    assert_eq!(lab.left().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_refusal_at_the_start_is_the_reason_for_all() {
    let lab = Lab::usual().await;
    let refusal = Fault::Answer(400, "AccessDeniedException");
    lab.rig.proxy.next("CreateCustomActionType", refusal);
    let probe = lab.probe(&[]);
    assert_eq!(probe.ended().await.code(), Some(1));
    for question in ["poll-hides", "default-batch", "credential-lifetime"] {
        let why = lab.unanswered(question);
        assert!(
            why.contains("CreateCustomActionType: AccessDenied"),
            "{why}"
        );
    }
    assert_eq!(lab.left().await, Vec::<String>::new());
}
