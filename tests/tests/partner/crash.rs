//! kill -9 in the life of a partner's job, and a restart with the same state folder.

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::{Rig, appears, terminal_results};

use super::partner::{ADA, begin, nothing_leaked, probe, rig, write_tokens};

const FILE: &str = "{ file = \"tokens.json\" }";

async fn one_result(rig: &Rig, execution: &str) {
    let worker = rig.worker().await;
    assert_eq!(rig.service.ended(execution).await, "succeeded");
    let said = worker.stop_cleanly().await;
    assert!(!said.contains("left in the journal"), "{said}");
    let results = terminal_results(&rig.proxy.exchanges());
    assert_eq!(
        results.values().copied().collect::<Vec<_>>(),
        [1],
        "{results:?}"
    );
    nothing_leaked(rig, &said);
}

#[tokio::test]
async fn before_and_after_each_request_that_matters() {
    let plugin = probe();
    for (operation, answered) in [
        ("AcknowledgeThirdPartyJob", false),
        ("AcknowledgeThirdPartyJob", true),
        ("PutThirdPartyJobSuccessResult", false),
        ("PutThirdPartyJobSuccessResult", true),
    ] {
        let rig = rig(&plugin, &[ADA], FILE).await;
        write_tokens(&rig, &[(ADA.id, ADA.token)]);
        let mut held = match answered {
            false => rig.proxy.hold(operation),
            true => rig.proxy.hold_answer(operation),
        };
        let worker = rig.worker().await;
        let action = Action::new("Act", &plugin).input("Source").output("Out");
        let execution = begin(&rig, ADA, action).await;
        held.arrived().await;
        worker.crash().await;
        one_result(&rig, &execution).await;
    }
}

#[tokio::test]
async fn while_the_plugin_runs_and_may_run_again() {
    let plugin = probe().granted().retry_safe();
    let rig = rig(&plugin, &[ADA], FILE).await;
    write_tokens(&rig, &[(ADA.id, ADA.token)]);
    let worker = rig.worker().await;
    let action = Action::new("Act", &plugin)
        .doing("wait-file")
        .input("Source");
    let execution = begin(&rig, ADA, action).await;
    let marker = appears(&rig.setup.granted, "started-", 1).await.remove(0);
    let marker = rig.setup.granted.join(marker);
    assert_eq!(std::fs::read_to_string(&marker).unwrap(), "1");
    worker.crash().await;
    std::fs::remove_file(&marker).unwrap();

    let worker = rig.worker().await;
    appears(&rig.setup.granted, "started-", 1).await;
    assert_eq!(std::fs::read_to_string(&marker).unwrap(), "2");
    worker.crash().await;
    rig.go();
    one_result(&rig, &execution).await;
}

#[tokio::test]
async fn a_result_waits_for_a_token_that_is_taken() {
    let plugin = probe().granted();
    let rig = rig(&plugin, &[ADA], FILE).await;
    write_tokens(&rig, &[(ADA.id, ADA.token)]);
    let worker = rig.worker().await;
    let action = Action::new("Act", &plugin)
        .doing("wait-file")
        .input("Source");
    let execution = begin(&rig, ADA, action).await;
    appears(&rig.setup.granted, "started-", 1).await;
    // Replaced by a slip while the job runs, and put right after a restart.
    let wrong = "token-sentinel-that-is-wrong";
    write_tokens(&rig, &[(ADA.id, wrong)]);
    rig.go();
    worker.process.line("a result was not taken").await;
    worker.crash().await;
    let worker = rig.worker().await;
    worker.process.line("a result was not taken").await;
    let with_wrong = || {
        let sent = rig.proxy.of("PutThirdPartyJobSuccessResult");
        let wrong = sent
            .iter()
            .filter(|sent| sent.request["clientToken"] == wrong);
        wrong.count()
    };
    // Once by each worker: what one learned the next one does not know.
    assert_eq!(with_wrong(), 2);
    write_tokens(&rig, &[(ADA.id, ADA.token)]);
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    assert_eq!(with_wrong(), 2);
    let said = worker.stop_cleanly().await;
    nothing_leaked(&rig, &said);
}
