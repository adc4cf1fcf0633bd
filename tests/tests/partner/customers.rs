//! Customers who come, and one whose token is wrong.

use pipefitter_tests::partners::EVE;
use std::collections::BTreeMap;

use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::{Exchange, Rig, ServiceOptions, Supervisor, small_source, terminal_results};

use super::partner::{
    ADA, BOB, begin, nothing_leaked, offering_again, probe, rig, rig_with, tokens_file,
    write_tokens,
};

/// The requests that carried a token.
fn sent(rig: &Rig, token: &str) -> Vec<String> {
    let exchanges = rig.proxy.exchanges().into_iter();
    exchanges
        .filter(|exchange| exchange.request["clientToken"] == token)
        .map(|exchange| exchange.operation)
        .collect()
}

#[tokio::test]
async fn of_three_customers_the_one_with_a_wrong_token_is_told_of_and_the_others_are_served() {
    let plugin = probe();
    let mut rig = offering_again(&plugin, &[ADA, BOB, EVE], "{ file = \"tokens.json\" }").await;
    let supervisor = Supervisor::start();
    rig.setup.environment.push(supervisor.variable());
    let wrong = "token-sentinel-that-is-wrong";
    write_tokens(
        &rig,
        &[(ADA.id, ADA.token), (BOB.id, BOB.token), (EVE.id, wrong)],
    );
    let worker = rig.worker().await;
    supervisor
        .told("of its start", |said| {
            said.starts_with("READY=1\nSTATUS=ready;")
        })
        .await;
    let act = |text: &str| {
        Action::new("Act", &plugin)
            .with("var.out", text)
            .input("Source")
            .output("Out")
    };
    let eves = begin(&rig, EVE, act("eve")).await;
    let said = worker
        .process
        .line(&format!("jobs of client {} of main are not taken", EVE.id))
        .await;
    assert!(
        said.contains("CodePipeline refused its client token")
            && said.contains("another token is tried"),
        "{said}"
    );
    let without = format!("no jobs of client {} from main, since ", EVE.id);
    supervisor
        .told("of the client", |said| {
            said.starts_with("STATUS=ready; ") && said.contains(&without)
        })
        .await;
    for (customer, text) in [(ADA, "ada"), (BOB, "bob")] {
        let execution = begin(&rig, customer, act(text)).await;
        assert_eq!(rig.service.ended(&execution).await, "succeeded");
        let action = &rig.service.actions(customer.pipeline, &execution).await["Act"];
        // There is nowhere to put variables, which the job's log says; all else is as ever.
        assert!(action.variables.is_empty(), "{action:?}");
        let log = &rig.job_logs()[action.external_id.as_ref().unwrap()];
        let dropped = "output variables are dropped, since a partner's action has none: files, out";
        assert!(log.contains(dropped), "{log}");
        assert_eq!(action.outputs.len(), 1);
    }
    // Sent once, and never again, however often the job is offered.
    rig.proxy
        .until("the job offered again", |exchanges| {
            let offered = |exchange: &&Exchange| {
                exchange.operation == "PollForThirdPartyJobs"
                    && exchange.answer.to_string().contains(EVE.id)
            };
            exchanges.iter().filter(offered).count() > 2
        })
        .await;
    assert_eq!(sent(&rig, wrong), ["GetThirdPartyJobDetails"]);
    assert!(sent(&rig, EVE.token).is_empty());

    // Corrected while the worker runs.
    write_tokens(
        &rig,
        &[
            (ADA.id, ADA.token),
            (BOB.id, BOB.token),
            (EVE.id, EVE.token),
        ],
    );
    assert_eq!(rig.service.ended(&eves).await, "succeeded");
    supervisor
        .told("that the client is served", |said| !said.contains(&without))
        .await;
    let said = worker.stop_cleanly().await;
    supervisor
        .told("of the end", |said| said == "STOPPING=1\n")
        .await;
    let exchanges = rig.proxy.exchanges();
    let results = terminal_results(&exchanges);
    assert_eq!(
        results.values().copied().collect::<Vec<_>>(),
        [1, 1, 1],
        "{results:?}"
    );
    for exchange in &exchanges {
        let of_partners = exchange.operation.contains("ThirdParty");
        assert!(
            of_partners || exchange.operation.len() <= "DELETE".len(),
            "{exchange:?}"
        );
    }
    assert_eq!(said.matches("of main are not taken").count(), 1, "{said}");
    nothing_leaked(&rig, &said);
}

#[tokio::test]
async fn a_customer_who_connects_while_the_worker_runs_is_served() {
    let plugin = probe();
    let mut rig = offering_again(&plugin, &[ADA, BOB], "{ file = \"tokens.json\" }").await;
    let supervisor = Supervisor::start();
    rig.setup.environment.push(supervisor.variable());
    write_tokens(&rig, &[(ADA.id, ADA.token)]);
    let worker = rig.worker().await;
    let bobs = begin(&rig, BOB, Action::new("Act", &plugin).input("Source")).await;
    let said = worker
        .process
        .line(&format!("jobs of client {}", BOB.id))
        .await;
    assert!(
        said.contains("it has no client token") && said.contains("client-tokens"),
        "{said}"
    );
    let without = format!(
        "no jobs of client {} from main, since it has no client token",
        BOB.id
    );
    supervisor
        .told("of the client", |said| said.contains(&without))
        .await;
    assert!(
        rig.proxy.of("GetThirdPartyJobDetails").is_empty(),
        "asked for without a token"
    );
    write_tokens(&rig, &[(ADA.id, ADA.token), (BOB.id, BOB.token)]);
    assert_eq!(rig.service.ended(&bobs).await, "succeeded");
    // A file that is broken for a while cuts nobody off.
    std::fs::write(tokens_file(&rig), "{ \"token-sentinel").unwrap();
    let adas = begin(&rig, ADA, Action::new("Act", &plugin).input("Source")).await;
    assert_eq!(rig.service.ended(&adas).await, "succeeded");
    let said = worker.stop_cleanly().await;
    assert!(
        said.contains("the client tokens that were read last stay in force"),
        "{said}"
    );
    nothing_leaked(&rig, &said);
}

#[tokio::test]
async fn a_chain_of_continuations_and_a_failure_are_reported_as_ever() {
    let plugin = probe();
    let rig = rig(&plugin, &[ADA, BOB], "{ file = \"tokens.json\" }").await;
    write_tokens(&rig, &[(ADA.id, ADA.token), (BOB.id, BOB.token)]);
    let worker = rig.worker().await;
    let hops = Action::new("Act", &plugin)
        .doing("continue")
        .with("hops", "3")
        .input("Source")
        .output("Out");
    let adas = begin(&rig, ADA, hops).await;
    assert_eq!(rig.service.ended(&adas).await, "succeeded");
    let acknowledged = rig.proxy.of("AcknowledgeThirdPartyJob");
    assert_eq!(acknowledged.len(), 4, "{acknowledged:?}");
    let fails = Action::new("Act", &plugin)
        .doing("fail")
        .with("message", "not today")
        .with("kind", "revision-unavailable");
    let bobs = begin(&rig, BOB, fails).await;
    assert_eq!(rig.service.ended(&bobs).await, "failed");
    let action = &rig.service.actions(BOB.pipeline, &bobs).await["Act"];
    assert!(action.failure().1.starts_with("not today"), "{action:?}");
    let said = worker.stop_cleanly().await;
    nothing_leaked(&rig, &said);
}

/// A worker with one slot, which finds two jobs of a customer whose token is wrong before three of another's: those
/// three end well. Returns how often each job was offered until then, for as long as one of the three was not done.
async fn served_behind_a_wrong_token(poll_hides: &str) -> BTreeMap<String, usize> {
    let plugin = probe();
    let service = ServiceOptions {
        assume: vec![format!("poll-hides={poll_hides}")],
        reoffer_after: "60s".to_owned(),
        ..ServiceOptions::default()
    };
    let tokens = "{ file = \"tokens.json\" }";
    let mut rig = rig_with(&plugin, &[ADA, EVE], tokens, "uuid", service).await;
    rig.setup.slots = 1;
    let wrong = "token-sentinel-that-is-wrong";
    write_tokens(&rig, &[(ADA.id, ADA.token), (EVE.id, wrong)]);
    let mut executions = Vec::new();
    for (customer, count) in [(EVE, 2), (ADA, 3)] {
        let actions: Vec<Action> = (0..count)
            .map(|at| Action::new(&format!("Act{at}"), &plugin).third_party())
            .collect();
        let pipeline = Pipeline::new(customer.pipeline).stage(actions);
        rig.service.create(&pipeline, small_source()).await;
        let execution = rig.service.begin(customer.pipeline).await;
        for at in 0..count {
            let name = format!("Act{at}");
            rig.service
                .action_id(customer.pipeline, &execution, &name)
                .await;
        }
        executions.push(execution);
    }
    let worker = rig.worker().await;
    assert_eq!(rig.service.ended(&executions[1]).await, "succeeded");
    let said = worker.stop_cleanly().await;
    assert!(said.contains("of main are not taken"), "{said}");
    nothing_leaked(&rig, &said);
    let mut offers = BTreeMap::new();
    for poll in rig.proxy.of("PollForThirdPartyJobs") {
        for job in poll.answer["jobs"].as_array().into_iter().flatten() {
            let id = job["jobId"].as_str().unwrap().to_owned();
            *offers.entry(id).or_default() += 1;
        }
    }
    offers
}

#[tokio::test]
async fn a_wrong_token_keeps_no_job_of_others_waiting_where_polls_hide_jobs() {
    let offers = served_behind_a_wrong_token("yes").await;
    assert_eq!(offers.len(), 5, "{offers:?}");
    assert!(
        offers.values().all(|count| *count == 1),
        "nothing waited to be offered again: {offers:?}"
    );
}

#[tokio::test]
async fn a_wrong_token_keeps_no_job_of_others_waiting_where_polls_do_not_hide_jobs() {
    let offers = served_behind_a_wrong_token("no").await;
    assert_eq!(offers.len(), 5, "{offers:?}");
}
