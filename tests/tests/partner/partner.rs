//! A partner with customers, each with pipelines of their own.

use std::path::PathBuf;

pub(crate) use pipefitter_tests::partners::{ADA, BOB, Customer, declared, probe};

use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, RigOptions, ServiceOptions, small_source};

/// A rig whose worker serves a partner's type, with its tokens as `client-tokens` says.
pub(crate) async fn rig(plugin: &Plugin, customers: &[Customer], client_tokens: &str) -> Rig {
    let service = ServiceOptions::default();
    rig_with(plugin, customers, client_tokens, "uuid", service).await
}

/// One whose service offers a job again soon that nobody acknowledges.
pub(crate) async fn offering_again(
    plugin: &Plugin,
    customers: &[Customer],
    client_tokens: &str,
) -> Rig {
    let service = ServiceOptions {
        reoffer_after: "4s".to_owned(),
        ..ServiceOptions::default()
    };
    rig_with(plugin, customers, client_tokens, "uuid", service).await
}

pub(crate) async fn rig_with(
    plugin: &Plugin,
    customers: &[Customer],
    client_tokens: &str,
    job_ids: &str,
    service: ServiceOptions,
) -> Rig {
    let declared = declared(plugin, customers, job_ids);
    rig_of(plugin, &declared, client_tokens, service).await
}

/// One whose service knows partners' types and customers from this text.
pub(crate) async fn rig_of(
    plugin: &Plugin,
    declared: &str,
    client_tokens: &str,
    service: ServiceOptions,
) -> Rig {
    // Read when the service starts, and not again.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), declared).unwrap();
    let mut rig = Rig::start(RigOptions {
        plugins: vec![plugin.clone()],
        service: ServiceOptions {
            third_party: Some(file.path().to_owned()),
            ..service
        },
    })
    .await;
    rig.setup.source = format!("owner = \"ThirdParty\"\nclient-tokens = {client_tokens}\n");
    rig
}

/// In the rig's folder, for `{ file = "tokens.json" }`.
pub(crate) fn tokens_file(rig: &Rig) -> PathBuf {
    rig.folder().join("tokens.json")
}

/// Who has which token, as a partner's sign-up page writes it: a new file over the old one.
pub(crate) fn write_tokens(rig: &Rig, pairs: &[(&str, &str)]) {
    let file = tokens_file(rig);
    let part = file.with_extension("part");
    std::fs::write(&part, json(pairs)).unwrap();
    std::fs::rename(part, file).unwrap();
}

pub(crate) fn json(pairs: &[(&str, &str)]) -> String {
    let pairs: std::collections::BTreeMap<&str, &str> = pairs.iter().copied().collect();
    serde_json::to_string(&pairs).unwrap()
}

/// A customer's pipeline, with one action of the partner's; returns the execution that was begun.
pub(crate) async fn begin(rig: &Rig, customer: Customer, action: Action) -> String {
    let pipeline = Pipeline::new(customer.pipeline).stage([action.third_party()]);
    rig.service.create(&pipeline, small_source()).await;
    rig.service.begin(customer.pipeline).await
}

/// Nothing that the worker wrote has a token in it: its log, job logs, the journal.
pub(crate) fn nothing_leaked(rig: &Rig, said: &str) {
    const SENTINEL: &str = "token-sentinel";
    assert!(!said.contains(SENTINEL), "{said}");
    for (name, log) in rig.job_logs() {
        assert!(!log.contains(SENTINEL), "{name}: {log}");
    }
    let journal = std::fs::read(rig.journal()).unwrap();
    let found = journal
        .windows(SENTINEL.len())
        .any(|window| window == SENTINEL.as_bytes());
    assert!(!found, "the journal holds a token");
}
