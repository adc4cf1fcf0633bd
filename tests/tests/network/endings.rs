//! A job that ends takes its connections with it, and one that waits for a server ends.

use std::time::Duration;

use pipefitter_tests::results_of;

use crate::plugins::{Pair, both, expect, rig};
use crate::servers::Server;

#[tokio::test]
async fn a_plugin_that_waits_for_the_network_is_ended_by_its_time_limit() {
    // Long enough for a slow machine to have begun all four, whose requests the server counts.
    let server = Server::start("", 1).await;
    let net =
        Pair::new("brief", &format!("\"http://{}\"", server.address)).limited("wall = \"10s\"\n");
    let rig = rig(&[&net]).await;
    let worker = rig.worker().await;
    let actions = [
        net.actions(
            "stalled",
            &[("do", "stream"), ("url", &server.url("/stall"))],
        ),
        net.actions("unsent", &[("do", "unsent")]),
    ];
    let results = rig.outcomes("endings", actions.into_iter().flatten()).await;
    for what in ["stalled", "unsent"] {
        for result in both(&results, what) {
            let (_, message) = result.failure();
            assert!(message.contains("time limit of 10 s"), "{what}: {message}");
        }
    }
    server.cut_off(2, 2).await;
    // The worker goes on, and so does its way to the network.
    let again = net.actions("again", &[("url", &server.url("/hello"))]);
    let results = rig.outcomes("again", again).await;
    expect(&results, "again", &[("body", "hello")]);
    worker.stop_cleanly().await;
}

#[tokio::test]
async fn a_worker_that_is_told_to_end_cuts_its_plugins_off() {
    let server = Server::start("", 1).await;
    let net = Pair::new("net", &format!("\"http://{}\"", server.address));
    let rig = rig(&[&net]).await;
    let worker = rig.worker().await;
    let actions = net.actions(
        "stalled",
        &[("do", "stream"), ("url", &server.url("/stall"))],
    );
    rig.pipeline("cut", actions).await;
    let execution = rig.service.begin("cut").await;
    server.cut_off(2, 0).await;
    worker.process.terminate();
    worker.process.line("draining").await;
    // Too soon after the first it counts for nothing: as a hand would, again until it is heard.
    while !worker
        .process
        .says("cancelling", Duration::from_millis(50))
        .await
    {
        worker.process.terminate();
    }
    server.cut_off(2, 2).await;
    worker.process.ended().await;
    rig.service.ended(&execution).await;
}

#[tokio::test]
async fn an_action_that_is_abandoned_cuts_its_plugins_request_off() {
    let server = Server::start("", 1).await;
    let net = Pair::new("net", &format!("\"http://{}\"", server.address));
    let mut rig = rig(&[&net]).await;
    rig.setup.source = "check-executions = \"1s\"".to_owned();
    let worker = rig.worker().await;
    let actions = net.actions(
        "stalled",
        &[("do", "stream"), ("url", &server.url("/stall"))],
    );
    rig.pipeline("dropped", actions).await;
    let execution = rig.service.begin("dropped").await;
    server.cut_off(2, 0).await;
    rig.service
        .stop_execution("dropped", &execution, true)
        .await;
    server.cut_off(2, 2).await;
    let said = worker.stop_cleanly().await;
    assert_eq!(said.matches("its result is dropped").count(), 2, "{said}");
    assert!(!said.contains("left in the journal"), "{said}");
    assert_eq!(results_of(&rig.proxy.exchanges()).len(), 0);
}
