//! A partner's job that CodePipeline ends while the plugin runs.
//!
//! There is no execution id to ask about and no event that names the job: that its details are refused when its
//! credentials are renewed is the first that a worker can hear.

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::{Exchange, Rig, ServiceOptions, Worker, appears, dropped};
use serde_json::json;

use super::partner::{ADA, begin, declared, nothing_leaked, probe, rig_of, write_tokens};

/// A worker that renews credentials every two seconds, in the middle of a job of Ada's.
async fn in_mid_job(job_timeout: &str, credential_lifetime: &str) -> (Rig, Worker, String) {
    let plugin = probe().granted();
    let version = "version = \"1\"\n";
    let text =
        declared(&plugin, &[ADA], "uuid").replacen(version, &format!("{version}{job_timeout}"), 1);
    let service = ServiceOptions {
        credential_lifetime: credential_lifetime.to_owned(),
        ..ServiceOptions::default()
    };
    let mut rig = rig_of(&plugin, &text, "{ file = \"tokens.json\" }", service).await;
    rig.setup.worker = format!("credential-lifetime = {credential_lifetime:?}");
    write_tokens(&rig, &[(ADA.id, ADA.token)]);
    let worker = rig.worker().await;
    let action = Action::new("Act", &plugin)
        .doing("wait-file")
        .input("Source");
    let execution = begin(&rig, ADA, action).await;
    appears(&rig.setup.granted, "started-", 1).await;
    (rig, worker, execution)
}

/// The credentials of the running job were renewed.
async fn renewed(rig: &Rig) {
    // The first call is the one that opens the job.
    rig.proxy.count("GetThirdPartyJobDetails", 2).await;
    let asked = rig.proxy.of("GetThirdPartyJobDetails");
    assert!(asked.iter().all(Exchange::is_ok), "{asked:?}");
}

/// What GetThirdPartyJobDetails says of a job that was abandoned or timed out is one of the open questions about AWS:
/// the refusal, or None where details come without credentials.
fn refusal() -> Option<&'static str> {
    let assumed = ServiceOptions::default().assume;
    let is = |answer: &str| assumed.iter().any(|other| other == answer);
    if is("late-result=job-not-found") || is("ended-third-party-details=job-not-found") {
        Some("JobNotFoundException")
    } else if is("ended-third-party-details=data") {
        None
    } else {
        Some("InvalidJobException")
    }
}

/// The service has said once that the job is over, and the worker has heeded it.
async fn interrupted(rig: Rig, worker: Worker) {
    let said = dropped(&rig, worker, "GetThirdPartyJobDetails").await;
    let asked = rig.proxy.of("GetThirdPartyJobDetails");
    let over = |asked: &&Exchange| {
        !asked.is_ok() || asked.answer["jobDetails"]["data"]["artifactCredentials"].is_null()
    };
    let told: Vec<&Exchange> = asked.iter().filter(over).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    match refusal() {
        Some(expected) => {
            let kind = told[0].answer["__type"].as_str().unwrap();
            assert!(kind.ends_with(expected), "{kind}");
        }
        None => assert!(told[0].is_ok(), "{told:?}"),
    }
    nothing_leaked(&rig, &said);
}

#[tokio::test]
async fn an_abandoned_execution_is_noticed_when_credentials_are_renewed() {
    let (rig, worker, execution) = in_mid_job("", "3s").await;
    renewed(&rig).await;
    rig.service
        .stop_execution(ADA.pipeline, &execution, true)
        .await;
    let actions = rig.service.actions(ADA.pipeline, &execution).await;
    assert_eq!(actions["Act"].status, "Abandoned");
    interrupted(rig, worker).await;
}

#[tokio::test]
async fn the_timeout_of_the_types_jobs_is_noticed_when_credentials_are_renewed() {
    let (rig, worker, execution) = in_mid_job("job-timeout = \"1h\"\n", "3s").await;
    renewed(&rig).await;
    // The service's clock alone goes on, by less than the action may take.
    rig.service
        .control(json!({ "do": "advance", "seconds": 3_700 }))
        .await;
    assert_eq!(rig.service.ended(&execution).await, "failed");
    let actions = rig.service.actions(ADA.pipeline, &execution).await;
    assert_eq!(actions["Act"].status, "Failed");
    interrupted(rig, worker).await;
}

#[tokio::test]
async fn a_job_that_is_done_before_anybody_notices_has_its_result_dropped_quietly() {
    let (rig, worker, execution) = in_mid_job("", "15m").await;
    rig.service
        .stop_execution(ADA.pipeline, &execution, true)
        .await;
    rig.go();
    let told = worker.process.line("the result is dropped").await;
    assert!(told.contains("\"INFO\""), "{told}");
    let said = worker.stop_cleanly().await;
    assert!(!said.contains("a result was not taken"), "{said}");
    assert!(!said.contains("left in the journal"), "{said}");
    let sent = rig.proxy.of("PutThirdParty*");
    assert_eq!(sent.len(), 1, "{sent:?}");
    nothing_leaked(&rig, &said);
}
