//! The control path, and what each of its commands does to a worker.

use pipefitter_tests::{CONTROL_TOKEN, ControlPath, Service, ServiceOptions};
use serde_json::json;

use crate::By;

#[tokio::test]
async fn only_its_token_opens_it_and_what_is_no_command_is_told() {
    let by = By::with(ServiceOptions::default()).await;
    let command = json!({ "do": "clear" });
    for token in ["", "a-token-of-the-test", "local"] {
        let (status, answer) = by.service.control_with(token, Some(&command)).await;
        assert_eq!(status, 401, "{answer}");
    }
    let (status, answer) = by.service.control_with(CONTROL_TOKEN, None).await;
    assert_eq!((status, &answer["faults"]), (200, &json!([])));
    for wrong in [
        json!({ "do": "explode" }),
        json!({ "do": "throttle", "operation": "PollForJobs", "often": 3 }),
        json!({ "do": "advance", "seconds": -1 }),
        json!({ "do": "throttle", "count": 0 }),
        json!({ "do": "reoffer", "job": "none" }),
    ] {
        let (status, answer) = by.service.control_with(CONTROL_TOKEN, Some(&wrong)).await;
        assert_eq!(status, 400, "{wrong}: {answer}");
        assert!(answer["error"].is_string(), "{answer}");
    }
}

#[tokio::test]
async fn a_service_that_was_not_told_to_open_it_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &opened(ControlPath::Closed)).await;
    let command = json!({ "do": "throttle", "operation": "ListPipelines" });
    for (token, command) in [
        ("", None),
        (CONTROL_TOKEN, None),
        (CONTROL_TOKEN, Some(&command)),
    ] {
        let (status, answer) = service.control_with(token, command).await;
        assert!(
            (400..500).contains(&status) && status != 401,
            "{status} {answer}"
        );
        assert!(
            answer.get("faults").is_none() && answer.get("done").is_none(),
            "{answer}"
        );
    }
    service.codepipeline.list_pipelines().send().await.unwrap();
    let said = service.process.output();
    assert!(!said.contains("control path"), "{said}");
}

#[tokio::test]
async fn control_makes_a_token_for_each_start_and_prints_it() {
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        let service = Service::start(folder.path(), &opened(ControlPath::Printed)).await;
        let said = service.process.line("The control path is ").await;
        let at = format!("{}/_pipefitter/control", service.endpoint);
        assert!(said.contains(&at), "{said}");
        let token = said.rsplit(' ').next().unwrap().to_owned();
        assert!(token.len() >= 22, "128 bits at least: {said}");
        for other in ["", CONTROL_TOKEN, &token[1..]] {
            assert_eq!(service.control_with(other, None).await.0, 401);
        }
        let (status, answer) = service.control_with(&token, None).await;
        assert_eq!((status, &answer["faults"]), (200, &json!([])));
        // Not of `List*`: `dev` itself may still ask for the action types that are there.
        let command = json!({ "do": "throttle", "operation": "ListPipelines" });
        assert_eq!(service.control_with(&token, Some(&command)).await.0, 200);
        let refused = service.codepipeline.list_pipelines().send().await;
        let refused = refused.unwrap_err().into_service_error();
        assert_eq!(refused.meta().code(), Some("ThrottlingException"));
        tokens.push(token);
    }
    assert_ne!(tokens[0], tokens[1]);
}

fn opened(control: ControlPath) -> ServiceOptions {
    ServiceOptions {
        control,
        ..ServiceOptions::default()
    }
}

#[tokio::test]
async fn faults_meet_the_requests_that_they_are_for() {
    let by = By::with(ServiceOptions::default()).await;
    let control = async |command| by.service.control(command).await;
    control(json!({ "do": "throttle", "operation": "PollForJobs", "count": 2 })).await;
    assert_eq!(by.poll(None).await.unwrap_err(), "ThrottlingException");
    assert_eq!(by.poll(None).await.unwrap_err(), "ThrottlingException");
    let job = by.next().await;
    control(json!({ "do": "fail", "operation": "AcknowledgeJob", "job": job.id })).await;
    assert_eq!(by.acknowledge(&job).await.unwrap_err(), "InternalFailure");
    // Carried out, though nobody heard of it.
    control(json!({ "do": "drop", "operation": "AcknowledgeJob" })).await;
    assert_eq!(by.acknowledge(&job).await.unwrap_err(), "no answer");
    let again = by.acknowledge(&job).await;
    assert_eq!(again.unwrap_err(), "InvalidNonceException");
    control(json!({ "do": "throttle", "operation": "GetObject" })).await;
    assert_eq!(by.read_input(&job).await.unwrap_err(), "SlowDown");
    control(json!({ "do": "fail", "operation": "GetObject" })).await;
    assert_eq!(by.read_input(&job).await.unwrap_err(), "InternalError");
    control(json!({ "do": "drop", "operation": "GetObject" })).await;
    assert_eq!(by.read_input(&job).await.unwrap_err(), "no answer");
    let start = tokio::time::Instant::now();
    control(json!({ "do": "slow", "operation": "GetObject", "seconds": 0.3 })).await;
    by.read_input(&job).await.unwrap();
    assert!(start.elapsed().as_secs_f64() >= 0.3);
    control(json!({ "do": "fail", "count": 100 })).await;
    control(json!({ "do": "clear" })).await;
    by.failed(&job).await.unwrap();
    assert_eq!(by.service.ended(&by.execution).await, "failed");
}

#[tokio::test]
async fn races_are_lost_credentials_expire_and_jobs_are_offered_again() {
    let by = By::with(ServiceOptions::default()).await;
    let control = async |command| by.service.control(command).await;
    let first = by.next().await;
    let done = control(json!({ "do": "reoffer", "job": first.id })).await;
    assert!(done.ends_with(": 1"), "{done}");
    let job = by.next().await;
    assert_eq!(job.id, first.id);
    control(json!({ "do": "expire-credentials", "job": job.id })).await;
    assert_eq!(by.read_input(&job).await.unwrap_err(), "ExpiredToken");
    control(json!({ "do": "lose-race" })).await;
    let lost = by.acknowledge(&job).await;
    assert_eq!(lost.unwrap_err(), "InvalidNonceException");
    let (_, state) = by.service.control_with(CONTROL_TOKEN, None).await;
    assert_eq!(state["jobs"][0]["id"], job.id.as_str());
    assert_eq!(
        state["jobs"][0]["status"], "InProgress",
        "it is the other's"
    );
    // A continuation is offered before its time.
    by.service.control(json!({ "do": "clear" })).await;
    by.continued(&job).await.unwrap();
    let done = control(json!({ "do": "reoffer" })).await;
    assert!(done.starts_with("jobs that are offered again"), "{done}");
    by.take().await;
}

#[tokio::test]
async fn an_execution_is_abandoned_under_its_worker() {
    let by = By::with(ServiceOptions::default()).await;
    let job = by.take().await;
    let done = by
        .service
        .control(json!({ "do": "abandon", "job": job.id }))
        .await;
    assert!(done.ends_with(": 1"), "{done}");
    assert_eq!(
        by.failed(&job).await.unwrap_err(),
        "InvalidJobStateException"
    );
    let action = by.service.actions("p", &by.execution).await.remove("Act");
    assert_eq!(action.unwrap().status, "Abandoned");
}
