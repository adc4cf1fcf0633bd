//! A service that is busy, refuses, or takes longer than anybody waits.

use pipefitter_tests::{Exchange, Fault, ServiceOptions};

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

/// Begins an execution of the pipeline that a probe has made, as CreatePipeline does on AWS, soon or late.
async fn begun_by_somebody_else(lab: &Lab) {
    let client = &lab.rig.service.codepipeline;
    let listed = client.list_pipelines().send().await.unwrap();
    let [pipeline] = listed.pipelines() else {
        panic!("one pipeline is there, not {:?}", listed.pipelines());
    };
    lab.rig.service.begin(pipeline.name().unwrap()).await;
}

#[tokio::test]
async fn an_execution_that_is_not_the_probes_is_given_back_and_changes_no_answer() {
    for is_first in [true, false] {
        let lab = Lab::usual().await;
        let mut held = match is_first {
            true => lab.rig.proxy.hold("StartPipelineExecution"),
            false => lab.rig.proxy.hold_answer("StartPipelineExecution"),
        };
        let probe = lab.probe(&["--only", "acknowledge"]);
        held.arrived().await;
        begun_by_somebody_else(&lab).await;
        held.release();
        assert_eq!(probe.ended().await.code(), Some(0), "{}", probe.output());
        let switches = lab.switches();
        assert_eq!(switches["acknowledge-again"], "no");
        assert_eq!(switches["ended-details"], "data");
        // One that comes second waits for the source, and goes with the pipeline.
        let given_back = lab.rig.proxy.of("PutJobFailureResult");
        assert_eq!(given_back.len(), usize::from(is_first), "{given_back:?}");
        assert!(given_back.iter().all(Exchange::is_ok), "{given_back:?}");
        assert_eq!(lab.left().await, Vec::<String>::new());
    }
}
