//! Secrets that the worker adds to a plugin's requests: the granted server sees them, and nobody else does.

use crate::plugins::{Pair, both, expect, rig};
use crate::servers::Server;

const TOKEN: &str = "tok-4f9d1c77ab";

#[tokio::test]
async fn an_attached_secret_goes_to_its_server_and_to_nobody_else() {
    let other = Server::start("", 1).await;
    let server = Server::start(&other.url("/record"), 1).await;
    let grant = format!(
        "\"http://{0}\", \"http://{1}\"]\n\
         attach = [{{ secret = \"token\", header = \"Authorization\", prefix = \"Bearer \", to = \"http://{0}\" }}",
        server.address, other.address
    );
    let net = Pair::new("net", &grant);
    let mut rig = rig(&[&net]).await;
    rig.setup
        .tables
        .push_str("[secrets.token]\nenvironment = \"TEST_TOKEN\"\n");
    rig.setup.environment = vec![("TEST_TOKEN".to_owned(), TOKEN.to_owned())];
    let worker = rig.worker().await;
    let own = "authorization: Bearer my-own-one";
    let actions = [
        net.actions("there", &[("url", &server.url("/record"))]),
        // What the plugin says itself is replaced.
        net.actions(
            "forged",
            &[("url", &server.url("/record")), ("headers", own)],
        ),
        net.actions("elsewhere", &[("url", &other.url("/record"))]),
        // To where it leads, it would have to go itself.
        net.actions("redirect", &[("url", &server.url("/redirect"))]),
        // A server that repeats what it was sent tells it to the plugin, and the plugin to nobody.
        net.actions("repeated", &[("url", &server.url("/headers"))]),
        net.actions("own", &[("url", &other.url("/record")), ("headers", own)]),
    ];
    let results = rig
        .outcomes("attached", actions.into_iter().flatten())
        .await;
    for what in ["there", "forged", "elsewhere", "own"] {
        expect(&results, what, &[("body", "recorded")]);
    }
    expect(
        &results,
        "redirect",
        &[
            ("status", "302"),
            ("header-location", &other.url("/record")),
        ],
    );
    for result in both(&results, "repeated") {
        let (_, message) = result.failure();
        for said in ["output variable `body`", "the secret `token`"] {
            assert!(message.contains(said), "{message}");
        }
    }
    let sent = Some(format!("Bearer {TOKEN}"));
    assert_eq!(
        server.authorizations().await,
        [sent.clone(), sent.clone(), sent.clone(), sent]
    );
    let mut elsewhere = other.authorizations().await;
    elsewhere.sort();
    let own = Some("Bearer my-own-one".to_owned());
    assert_eq!(elsewhere, [None, None, own.clone(), own]);

    let told = format!("{results:?}");
    let logs: String = rig.job_logs().into_values().collect();
    let said = worker.stop_cleanly().await;
    for text in [&told, &logs, &said] {
        assert!(!text.contains(TOKEN), "{text}");
    }
}

#[tokio::test]
async fn a_secret_that_cannot_be_had_fails_the_job_before_the_plugin_runs() {
    let server = Server::start("", 1).await;
    let grant = format!(
        "\"http://{0}\"]\nattach = [{{ secret = \"gone\", header = \"x-token\", to = \"http://{0}\" }}",
        server.address
    );
    let net = Pair::new("net", &grant);
    let mut rig = rig(&[&net]).await;
    let gone = rig.folder().join("no-secret");
    let table = format!("[secrets.gone]\nfile = {gone:?}\n");
    rig.setup.tables.push_str(&table);
    let worker = rig.worker().await;
    let actions = net.actions("asks", &[("url", &server.url("/hello"))]);
    let results = rig.outcomes("gone", actions).await;
    for result in both(&results, "asks") {
        let (kind, message) = result.failure();
        assert_eq!(kind, "PermissionError", "{message}");
        assert!(message.contains("the secret `gone`"), "{message}");
    }
    assert_eq!(server.connections(), 0);
    worker.stop_cleanly().await;
}
