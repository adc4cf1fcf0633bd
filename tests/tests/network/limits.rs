//! Limits of requests, bytes and headers: the job fails and names the first that was hit, whatever the plugin made
//! of it.

use crate::plugins::{BOTH, Pair, both, expect, rig};
use crate::servers::Server;

#[tokio::test]
async fn a_limit_that_is_hit_fails_the_job_by_its_name() {
    let server = Server::start("", 1).await;
    let grant = format!("\"http://{}\"", server.address);
    let net = Pair::new("small", &grant).limited(
        "wall = \"60s\"\nrequests = 3\nrequest-bytes = \"64KiB\"\nresponse-bytes = \"64KiB\"\n\
         header-bytes = \"8KiB\"\n",
    );
    let usual = Pair::new("usual", &grant);
    let rig = rig(&[&net, &usual]).await;
    let worker = rig.worker().await;
    let hello = server.url("/hello");
    let length = server.url("/length");
    let actions = [
        net.actions(
            "requests",
            &[("do", "repeat"), ("count", "4"), ("url", &hello)],
        ),
        net.actions(
            "sent",
            &[("method", "POST"), ("size", "100000"), ("url", &length)],
        ),
        net.actions("received", &[("url", &server.url("/bytes/100000"))]),
        net.actions("head", &[("url", &hello), ("headers", "x-wide: *9000")]),
        net.actions("its-head", &[("url", &server.url("/wide"))]),
        net.actions("fields", &[("do", "fields"), ("size", "200000")]),
        net.actions(
            "within",
            &[("do", "repeat"), ("count", "3"), ("url", &hello)],
        ),
        usual.actions(
            "hoard",
            &[("do", "hoard"), ("count", "300"), ("size", "1000000")],
        ),
    ];
    let results = rig.outcomes("limits", actions.into_iter().flatten()).await;
    for (what, named, value) in [
        ("requests", "limit on requests", "3"),
        ("sent", "limit on bytes sent", "64 KiB"),
        ("received", "limit on bytes received", "64 KiB"),
        ("head", "limit on the size of headers", "8 KiB"),
        ("its-head", "limit on the size of headers", "8 KiB"),
        ("fields", "limit on the size of headers", "8 KiB"),
    ] {
        for result in both(&results, what) {
            let (kind, message) = result.failure();
            assert_eq!(kind, "JobFailed", "{what}: {message}");
            assert!(
                message.contains(named) && message.contains(value),
                "{what}: {message}"
            );
            assert!(message.contains("small-"), "{what}: {message}");
        }
    }
    expect(&results, "within", &[("answered", "3")]);
    // Bodies that are not sent take what two small writes hold, not what is written.
    for result in both(&results, "hoard") {
        let kept: u64 = result.variables["kept"].parse().unwrap();
        assert!(kept <= 300 * 3 * 16 * 1024, "{kept}");
    }
    worker.stop_cleanly().await;
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_the_plugins_to_deal_with() {
    let server = Server::start("", 1).await;
    let net = Pair::new("hasty", &format!("\"http://{}\"", server.address))
        .limited("wall = \"60s\"\nrequest-time = \"3s\"\n");
    let rig = rig(&[&net]).await;
    let worker = rig.worker().await;
    let actions = [
        net.actions("silent", &[("url", &server.url("/never"))]),
        net.actions("stalled", &[("url", &server.url("/stall"))]),
        net.actions("quick", &[("url", &server.url("/hello"))]),
    ];
    let results = rig.outcomes("hasty", actions.into_iter().flatten()).await;
    expect(&results, "silent", &[("error", "http-response-timeout")]);
    expect(
        &results,
        "stalled",
        &[("length", "1"), ("error", "http-response-timeout")],
    );
    expect(&results, "quick", &[("body", "hello")]);
    server.cut_off(2, 2).await;
    let logs = rig.job_logs();
    for what in ["silent", "stalled"] {
        for result in both(&results, what) {
            let log = &logs[result.external_id.as_ref().unwrap()];
            assert!(log.contains("has hit the time limit of a request"), "{log}");
        }
    }
    worker.stop_cleanly().await;
}

#[tokio::test]
async fn requests_over_those_in_flight_wait_for_their_turn() {
    let server = Server::start("", 3).await;
    let net = Pair::new("few", &format!("\"http://{}\"", server.address))
        .limited("wall = \"60s\"\nrequests-in-flight = 3\n");
    let rig = rig(&[&net]).await;
    let worker = rig.worker().await;
    let url = server.url("/together");
    let actions = net.actions(
        "together",
        &[("do", "parallel"), ("count", "12"), ("url", &url)],
    );
    for (action, kind) in actions.into_iter().zip(BOTH) {
        let result = rig.outcome(kind, action).await;
        assert_eq!(result.variables["answered"], "12", "{result:?}");
    }
    assert_eq!(server.most(), 3);
    worker.stop_cleanly().await;
}
