//! Every fault of Secrets Manager and Parameter Store at the one operation of each that a worker sends: for a plugin that
//! asks for the secret, and for one whose requests have it attached, which is known before it runs.

use std::collections::BTreeMap;

use pipefitter_tests::fault_table::{FaultTable, Row, Trouble};
use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{
    ActionResult, Exchange, MotoServer, Proxy, Rig, Worker, binary, terminal_results,
};

/// Each store: the secret's name in the configuration, its place, and the operation that reads it.
const STORES: [(&str, &str, &str); 2] = [
    ("stored", "secrets-manager = \"ci/npm\"", "GetSecretValue"),
    ("parameter", "ssm-parameter = \"/ci/plain\"", "GetParameter"),
];

/// The times that the SDK sends a request: `ATTEMPTS` of host/secrets/src/aws.rs.
const ATTEMPTS: usize = 3;

struct Lab {
    rig: Rig,
    /// Between worker and stores.
    stores: Proxy,
    _moto: MotoServer,
}

impl Lab {
    /// A pipeline with an action of either kind for each store.
    async fn new() -> Lab {
        let moto = MotoServer::start(0, None).await;
        moto.python("fill_moto.py", &[], &[]).await;
        let stores = Proxy::start(moto.address()).await;
        let mut reader = Plugin::probe("Reader").named("reader");
        reader.wasm = binary::guest("secret");
        reader.properties = ["do", "name"].map(str::to_owned).to_vec();
        reader.more_properties = String::new();
        let mut plugins = vec![reader.clone()];
        let mut actions = Vec::new();
        let mut tables =
            "[plugins.reader.grant]\nsecrets = [\"stored\", \"parameter\"]\n".to_owned();
        for (name, place, _) in STORES {
            let url = stores.url();
            tables.push_str(&format!(
                "[secrets.{name}]\n{place}\nendpoint-url = {url:?}\n\
                 [plugins.net-{name}.grant]\nnetwork = [\"http://127.0.0.1:9\"]\n\
                 attach = [{{ secret = {name:?}, header = \"x-token\", to = \"http://127.0.0.1:9\" }}]\n"
            ));
            let net = Plugin::net(&format!("net-{name}"));
            let asks = Action::new(&format!("asks-{name}"), &reader).doing("keep");
            actions.push(asks.with("name", name));
            // It makes no request: what is attached is asked for all the same.
            let has = Action::new(&format!("has-{name}"), &net).doing("fields");
            actions.push(has.with("size", "1"));
            plugins.push(net);
        }
        let plugins: Vec<&Plugin> = plugins.iter().collect();
        let mut rig = Rig::with(&plugins).await;
        rig.setup.tables = tables;
        rig.pipeline("docs", actions).await;
        Lab {
            rig,
            stores,
            _moto: moto,
        }
    }

    async fn run(&self) -> BTreeMap<String, ActionResult> {
        self.rig.service.run("docs").await
    }

    /// A store that gave nothing is not asked again for a moment.
    async fn run_until_it_succeeds(&self) {
        for _ in 0..100 {
            let results = self.run().await;
            if results.values().all(|result| result.status == "Succeeded") {
                return;
            }
        }
        panic!("the stores work, and no secret comes");
    }

    fn asked(&self, operation: &str) -> Vec<Exchange> {
        self.stores.of(operation)
    }

    /// What must hold of every worker.
    async fn judged(&self, worker: Worker) {
        let results = terminal_results(&self.rig.proxy.exchanges());
        assert!(results.values().all(|&taken| taken == 1), "{results:?}");
        let said = worker.stop_cleanly().await;
        assert!(!said.contains("left in the journal"), "{said}");
        for value in ["npm_first-value", "plain-parameter"] {
            assert!(!said.contains(value), "{said}");
        }
    }
}

#[tokio::test]
async fn a_job_without_its_secret_fails_and_says_why_and_the_next_one_has_it() {
    let lab = Lab::new().await;
    let mut table = FaultTable::default();
    for trouble in Trouble::REFUSALS.into_iter().chain([Trouble::Unanswered]) {
        for (_, _, operation) in STORES {
            trouble.begin(&lab.stores, operation);
        }
        let before = STORES.map(|(_, _, operation)| lab.asked(operation).len());
        let worker = lab.rig.worker().await;
        let results = lab.run().await;
        let kind = match trouble.passes() {
            true => "SystemUnavailable",
            false => "PermissionError",
        };
        for ((name, _, operation), before) in STORES.into_iter().zip(before) {
            let (found, message) = results[&format!("has-{name}")].failure();
            assert_eq!(found, kind, "{trouble:?}: {message}");
            assert!(
                message.contains(&format!("the secret `{name}`")),
                "{message}"
            );
            let (found, message) = results[&format!("asks-{name}")].failure();
            assert_eq!(found, "JobFailed", "the plugin's own: {message}");
            assert!(message.contains("navailable"), "{message}");
            let why = worker
                .process
                .lines_with("a secret was not told to a plugin");
            assert!(
                why.iter().any(|line| line.contains(&format!("`{name}`"))),
                "{why:?}"
            );
            let asked = lab.asked(operation).split_off(before);
            assert!(!asked.is_empty(), "{operation} was not sent");
            table.add(&Row {
                operation: operation.to_owned(),
                fault: format!("{trouble:?}"),
                sent: asked.iter().take(ATTEMPTS).collect(),
                did: format!("told the plugin `unavailable`; before a plugin, {kind}"),
                end: "failed".to_owned(),
                counted: 1,
            });
        }
        lab.stores.calm();
        lab.run_until_it_succeeds().await;
        lab.judged(worker).await;
    }
    table.show();
}

#[tokio::test]
async fn a_store_in_trouble_for_a_moment_is_asked_again_and_what_it_gave_serves_on() {
    let lab = Lab::new().await;
    let mut table = FaultTable::default();
    let mut add = |operation: &str, fault: &str, sent: &[Exchange], did: &str| {
        table.add(&Row {
            operation: operation.to_owned(),
            fault: fault.to_owned(),
            sent: sent.iter().collect(),
            did: did.to_owned(),
            end: "succeeded".to_owned(),
            counted: 1,
        });
    };
    for trouble in [Trouble::Throttled, Trouble::Failed, Trouble::Unanswered] {
        for (_, _, operation) in STORES {
            lab.stores.next(operation, trouble.fault(operation));
        }
        let what = format!("{trouble:?}, once");
        let before = STORES.map(|(_, _, operation)| lab.asked(operation).len());
        let worker = lab.rig.worker().await;
        let results = lab.run().await;
        for ((_, _, operation), before) in STORES.into_iter().zip(before) {
            let asked = lab.asked(operation).split_off(before);
            assert_eq!(asked.len(), 2, "{asked:#?}");
            add(operation, &what, &asked, "sent it again");
        }
        let good = |result: &ActionResult| result.status == "Succeeded";
        assert!(results.values().all(good), "{what}: {results:?}");
        lab.judged(worker).await;
    }

    let mut held = STORES.map(|(_, _, operation)| lab.stores.hold_answer(operation));
    let before = STORES.map(|(_, _, operation)| lab.asked(operation).len());
    let worker = lab.rig.worker().await;
    let execution = lab.rig.service.begin("docs").await;
    for held in &mut held {
        held.arrived().await;
    }
    for held in held {
        held.release();
    }
    assert_eq!(lab.rig.service.ended(&execution).await, "succeeded");
    for ((_, _, operation), before) in STORES.into_iter().zip(before) {
        let asked = lab.asked(operation).split_off(before);
        assert_eq!(asked.len(), 1, "{asked:#?}");
        add(operation, "Late", &asked, "waited for it");
    }

    // The same worker knows both values now.
    for trouble in Trouble::REFUSALS {
        for (_, _, operation) in STORES {
            trouble.begin(&lab.stores, operation);
        }
        let before = STORES.map(|(_, _, operation)| lab.asked(operation).len());
        let results = lab.run().await;
        let good = |result: &ActionResult| result.status == "Succeeded";
        assert!(results.values().all(good), "{trouble:?}: {results:?}");
        let after = STORES.map(|(_, _, operation)| lab.asked(operation).len());
        assert_eq!(before, after, "a value that is kept is asked for");
    }
    for (_, _, operation) in STORES {
        add(operation, "any, later", &[], "used the value that it had");
    }
    lab.judged(worker).await;
    table.show();
}
