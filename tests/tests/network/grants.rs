//! What is granted is reached; what is not is refused by name and never dialled.

use pipefitter_tests::plugins::Plugin;

use crate::plugins::{BOTH, Pair, both, expect, rig};
use crate::servers::Server;

#[tokio::test]
async fn a_grant_reaches_its_server_and_no_other() {
    let other = Server::start("", 1).await;
    let server = Server::start(&other.url("/hello"), 1).await;
    let grant = format!(
        "{{ to = \"http://{}\", ranges = [\"127.0.0.1/32\"] }}",
        server.address
    );
    let net = Pair::new("net", &grant);
    let rig = rig(&[&net]).await;
    let worker = rig.worker().await;

    let port = server.address.port();
    let secure = format!("https://127.0.0.1:{port}/hello");
    let by_name = format!("http://localhost:{port}/hello");
    let spoofed = "pipefitter-connect-timeout-ms: 1\npipefitter-own: 1\nx-own: mine";
    let actions = [
        net.actions("hello", &[("url", &server.url("/hello"))]),
        net.actions(
            "crumbs",
            &[
                ("url", &server.url("/length")),
                ("method", "POST"),
                ("size", "100000"),
                ("piece", "10"),
            ],
        ),
        net.actions(
            "upload",
            &[
                ("url", &server.url("/length")),
                ("method", "POST"),
                ("size", "3000000"),
            ],
        ),
        net.actions("download", &[("url", &server.url("/bytes/20000000"))]),
        net.actions("wide", &[("url", &server.url("/wide"))]),
        net.actions(
            "headers",
            &[("url", &server.url("/headers")), ("headers", spoofed)],
        ),
        net.actions("redirect", &[("url", &server.url("/redirect"))]),
        net.actions(
            "dropped",
            &[
                ("do", "drop"),
                ("url", &server.url("/hello")),
                ("count", "10"),
            ],
        ),
        net.actions(
            "slow-head",
            &[("url", &server.url("/never")), ("timeouts", "-,300,-")],
        ),
        net.actions(
            "slow-body",
            &[("url", &server.url("/stall")), ("timeouts", "-,-,300")],
        ),
        net.actions("other", &[("url", &other.url("/hello"))]),
        net.actions(
            "stubborn",
            &[
                ("do", "repeat"),
                ("url", &other.url("/hello")),
                ("count", "200"),
            ],
        ),
        net.actions("scheme", &[("url", &secure)]),
        net.actions("name", &[("url", &by_name)]),
        net.actions(
            "trace",
            &[("url", &server.url("/hello")), ("method", "TRACE")],
        ),
    ];
    let results = rig.outcomes("grants", actions.into_iter().flatten()).await;

    let hello = [
        ("status", "200"),
        ("body", "hello"),
        ("header-x-server", "yes"),
    ];
    expect(&results, "hello", &hello);
    expect(&results, "crumbs", &[("status", "200"), ("body", "100000")]);
    expect(
        &results,
        "upload",
        &[("status", "200"), ("body", "3000000")],
    );
    expect(
        &results,
        "download",
        &[("status", "200"), ("length", "20000000")],
    );
    expect(&results, "wide", &[("status", "200"), ("body", "wide")]);
    expect(&results, "headers", &[("status", "200")]);
    for result in both(&results, "headers") {
        let sent = &result.variables["body"];
        assert!(
            sent.contains(&format!("host: 127.0.0.1:{port}\n")),
            "{sent}"
        );
        assert!(
            sent.contains("x-own: mine") && !sent.contains("pipefitter"),
            "{sent}"
        );
    }
    expect(
        &results,
        "redirect",
        &[("status", "302"), ("header-location", &other.url("/hello"))],
    );
    expect(&results, "dropped", &hello);
    expect(&results, "slow-head", &[("error", "http-response-timeout")]);
    expect(
        &results,
        "slow-body",
        &[("length", "1"), ("error", "connection-read-timeout")],
    );
    for refused in ["other", "scheme", "name"] {
        expect(&results, refused, &[("error", "http-request-denied")]);
    }
    expect(
        &results,
        "trace",
        &[("error", "http-request-method-invalid")],
    );
    let none = [("answered", "0"), ("error", "http-request-denied")];
    expect(&results, "stubborn", &none);
    assert_eq!(other.connections(), 0, "what is not granted was dialled");

    // Told to the pipeline's owner and to the operator: who, what, and what would allow it.
    let logs = rig.job_logs();
    for (result, kind) in both(&results, "other").into_iter().zip(BOTH) {
        let log = &logs[result.external_id.as_ref().unwrap()];
        let target = format!("http://{}", other.address);
        for said in [
            &target,
            &format!("net-{kind}"),
            "no grant covers it",
            "[plugins.net-",
        ] {
            assert!(log.contains(said), "{said} is not told:\n{log}");
        }
        let told = worker.process.lines_with("a plugin's request was refused");
        let told = told
            .iter()
            .any(|line| line.contains(&target) && line.contains(kind));
        assert!(told, "{}", worker.process.output());
    }
    for result in both(&results, "stubborn") {
        let log = &logs[result.external_id.as_ref().unwrap()];
        let told = log.matches("was refused a request").count();
        assert_eq!(told, 50, "{log}");
        assert!(
            log.contains("told no more") && log.contains("200 refused"),
            "{log}"
        );
    }
    let counted = worker.stop_and_count().await;
    let count = |field: &str| counted[field].as_u64().unwrap_or_default();
    let refused = BOTH.len() as u64 * (200 + 3);
    assert!(count("requests_refused") >= refused, "{counted}");
    assert!(count("requests") > count("requests_refused"), "{counted}");
}

#[tokio::test]
async fn a_name_that_leads_to_an_address_which_no_range_names_is_never_dialled() {
    let server = Server::start("", 1).await;
    let elsewhere = Server::start("", 1).await;
    let port = server.address.port();
    let ranged = format!("{{ to = \"http://localhost:{port}\", ranges = [\"127.0.0.1/32\"] }}");
    let with = Pair::new("with", &ranged);
    let without = Pair::new("without", &format!("\"http://localhost:{port}\""));
    let other = Pair::new("other", &format!("\"http://{}\"", elsewhere.address));
    let rig = rig(&[&with, &without, &other]).await;
    let worker = rig.worker().await;
    let url = format!("http://localhost:{port}/hello");

    let refused = [
        without.actions("without", &[("url", &url)]),
        other.actions("other", &[("url", &url)]),
    ];
    let results = rig.outcomes("refused", refused.into_iter().flatten()).await;
    expect(
        &results,
        "without",
        &[("error", "destination-ip-prohibited")],
    );
    expect(&results, "other", &[("error", "http-request-denied")]);
    assert_eq!(server.connections(), 0, "a refused address was dialled");
    let logs = rig.job_logs();
    for result in both(&results, "without") {
        let log = &logs[result.external_id.as_ref().unwrap()];
        assert!(log.contains("loopback") && log.contains("ranges"), "{log}");
    }

    // Each has its own: what one is granted does not widen the other's.
    let granted = [
        with.actions("with", &[("url", &url)]),
        other.actions("its-own", &[("url", &elsewhere.url("/hello"))]),
    ];
    let results = rig.outcomes("granted", granted.into_iter().flatten()).await;
    expect(&results, "with", &[("body", "hello")]);
    expect(&results, "its-own", &[("body", "hello")]);
    worker.stop_cleanly().await;
}

#[tokio::test]
async fn what_is_asked_for_and_not_granted_is_named_at_load() {
    let mut plugin = Plugin::net("asks");
    plugin.capabilities =
        "network = [{ to = \"https://api.example.com\", reason = \"to tell it\" }]\n".to_owned();
    let mut rig = pipefitter_tests::Rig::with(&[&plugin, &Plugin::probe("Probe")]).await;
    let grant = "[plugins.asks.grant]\nnetwork = [\"https://*.example.org\"]\n";
    rig.setup.tables.push_str(grant);
    let worker = rig.worker().await;
    let said = worker.process.output();
    for named in [
        "asks",
        "the network at https://api.example.com (to tell it)",
        "[plugins.asks.grant]",
    ] {
        assert!(said.contains(named), "{named} is not told:\n{said}");
    }
    worker.stop_cleanly().await;
}
