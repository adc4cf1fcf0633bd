//! Executions that are stopped, both ways, or time out while a worker has their job.

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{
    Rig, RigOptions, ServiceOptions, Worker, appears, count_with_prefix, dropped, results_of,
};
use serde_json::json;

/// A worker with a job of the pipeline `docs` that waits in the middle of its work.
async fn in_mid_job(rig: &Rig, plugin: &Plugin) -> (Worker, String) {
    let worker = rig.worker().await;
    let action = Action::new("Act", plugin)
        .doing("wait-file")
        .input("Source");
    rig.pipeline("docs", [action]).await;
    let execution = rig.service.begin("docs").await;
    appears(&rig.setup.granted, "started-", 1).await;
    (worker, execution)
}

#[tokio::test]
async fn an_abandoned_execution_is_noticed_by_list_action_executions() {
    let plugin = Plugin::probe("Probe").granted();
    let mut rig = Rig::with(&[&plugin]).await;
    rig.setup.source = "check-executions = \"1s\"".to_owned();
    let (worker, execution) = in_mid_job(&rig, &plugin).await;
    rig.proxy.count("ListActionExecutions", 2).await;
    rig.service.stop_execution("docs", &execution, true).await;
    dropped(&rig, worker, "ListActionExecutions").await;
    assert_eq!(
        rig.service.actions("docs", &execution).await["Act"].status,
        "Abandoned"
    );
}

#[tokio::test]
async fn an_abandoned_execution_is_noticed_when_credentials_are_renewed() {
    let plugin = Plugin::probe("Probe").granted();
    let mut rig = Rig::start(RigOptions {
        plugins: vec![plugin.clone()],
        service: ServiceOptions {
            credential_lifetime: "3s".to_owned(),
            ..ServiceOptions::default()
        },
    })
    .await;
    rig.setup.worker = "credential-lifetime = \"3s\"".to_owned();
    let (worker, execution) = in_mid_job(&rig, &plugin).await;
    rig.proxy.count("GetJobDetails", 2).await;
    rig.service.stop_execution("docs", &execution, true).await;
    dropped(&rig, worker, "GetJobDetails").await;
}

#[tokio::test]
async fn a_job_that_is_done_before_anybody_notices_has_its_result_dropped_quietly() {
    let plugin = Plugin::probe("Probe").granted();
    let rig = Rig::with(&[&plugin]).await;
    let (worker, execution) = in_mid_job(&rig, &plugin).await;
    rig.service.stop_execution("docs", &execution, true).await;
    rig.go();
    let told = worker.process.line("the result is dropped").await;
    assert!(told.contains("\"INFO\""), "{told}");
    let said = worker.stop_cleanly().await;
    assert!(!said.contains("a result was not taken"), "{said}");
    assert!(!said.contains("left in the journal"), "{said}");
}

#[tokio::test]
async fn an_execution_that_is_stopped_and_waited_for_gets_its_result() {
    let plugin = Plugin::probe("Probe").granted();
    let mut rig = Rig::with(&[&plugin]).await;
    rig.setup.source = "check-executions = \"1s\"".to_owned();
    let (worker, execution) = in_mid_job(&rig, &plugin).await;
    rig.service.stop_execution("docs", &execution, false).await;
    let asked = rig.proxy.of("ListActionExecutions").len();
    rig.proxy.count("ListActionExecutions", asked + 2).await;
    assert_eq!(results_of(&rig.proxy.exchanges()).len(), 0, "it goes on");
    rig.go();
    let said = format!("execution {execution} was stopped");
    rig.service.process.line(&said).await;
    let action = &rig.service.actions("docs", &execution).await["Act"];
    assert_eq!(action.status, "Succeeded", "{action:?}");
    let said = worker.stop_cleanly().await;
    assert!(said.contains("job reported"), "{said}");
}

#[tokio::test]
async fn an_action_that_timed_out_is_noticed_and_its_result_dropped() {
    let plugin = Plugin::probe("Probe").granted();
    let mut rig = Rig::start(RigOptions {
        plugins: vec![plugin.clone()],
        service: ServiceOptions {
            action_timeout: "1h".to_owned(),
            ..ServiceOptions::default()
        },
    })
    .await;
    rig.setup.source = "check-executions = \"1s\"".to_owned();
    let (worker, execution) = in_mid_job(&rig, &plugin).await;
    rig.proxy.count("ListActionExecutions", 2).await;
    // The service's clock alone goes on: the job's own limits are the worker's business.
    rig.service
        .control(json!({ "do": "advance", "seconds": 3_700 }))
        .await;
    assert_eq!(rig.service.ended(&execution).await, "failed");
    dropped(&rig, worker, "ListActionExecutions").await;
    let action = &rig.service.actions("docs", &execution).await["Act"];
    assert_eq!(action.status, "Failed", "{action:?}");
}

/// Abandoned while no worker is there: the next start runs nothing and reports nothing.
async fn abandoned_between_two_lives(rig: Rig, action: Action) {
    let worker = rig.worker().await;
    rig.pipeline("docs", [action]).await;
    let execution = rig.service.begin("docs").await;
    let marker = appears(&rig.setup.granted, "started-", 1).await.remove(0);
    worker.crash().await;
    std::fs::remove_file(rig.setup.granted.join(marker)).unwrap();
    rig.service.stop_execution("docs", &execution, true).await;
    // Whatever would begin after all would also end.
    rig.go();

    let worker = rig.worker().await;
    let told = worker.process.line("the service had ended the job").await;
    assert!(told.contains("\"INFO\""), "{told}");
    let counted = worker.stop_and_count().await;
    assert_eq!(counted["recovered"], 1, "{counted}");
    assert_eq!(counted["failed"], 0, "{counted}");
    assert_eq!(count_with_prefix(&rig.setup.granted, "started-"), 0);
    assert_eq!(results_of(&rig.proxy.exchanges()).len(), 0);
}

#[tokio::test]
async fn what_was_abandoned_while_the_worker_was_down_is_not_run_again() {
    let plugin = Plugin::probe("Probe").granted().retry_safe();
    let rig = Rig::with(&[&plugin]).await;
    let action = Action::new("Act", &plugin).doing("wait-file").output("Out");
    abandoned_between_two_lives(rig, action).await;
}

#[tokio::test]
async fn without_artifacts_list_action_executions_says_that_it_was_abandoned() {
    let plugin = Plugin::probe("Probe").granted().retry_safe();
    let mut rig = Rig::with(&[&plugin]).await;
    rig.setup.source = "check-executions = \"1h\"".to_owned();
    let action = Action::new("Act", &plugin).doing("wait-file");
    abandoned_between_two_lives(rig, action).await;
}
