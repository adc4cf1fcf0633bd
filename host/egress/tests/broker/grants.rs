//! What is not granted gets nowhere: no name is resolved, no address dialled, and the operator hears of it.

use http::{Method, Request};
use pipefitter_egress::EgressEvent;

use crate::support::{Net, PUBLIC, describe, empty, http1_over};

#[tokio::test]
async fn an_empty_grant_grants_nothing() {
    let mut setup = Net::new().name("a.example", &[PUBLIC]).start();
    let guest = setup.guest(&[]).await;
    for uri in [
        "http://a.example/",
        "https://a.example/",
        "http://127.0.0.1/",
        "http://localhost/",
    ] {
        assert_eq!(
            guest.get(uri).await.failed(),
            "http-request-denied",
            "{uri}"
        );
    }
    let usage = guest.finish().await;
    assert_eq!((usage.requests, usage.denied, usage.connections), (4, 4, 0));
    assert_eq!((setup.resolved(), setup.dialled()), (vec![], vec![]));
}

#[tokio::test]
async fn what_no_grant_covers_is_not_even_resolved() {
    let mut setup = Net::new().name("a.example", &[PUBLIC]).start();
    let guest = setup
        .guest(&["https://a.example", "https://*.b.example:8443"])
        .await;
    for uri in [
        "http://a.example/",
        "https://a.example:8443/",
        "https://x.a.example/",
        "https://a.example.evil.test/",
        "https://b.example:8443/",
        "https://x.b.example/",
        "https://xb.example:8443/",
        "https://93.184.216.34/",
        // A query could carry anything to whoever answers for the name.
        "https://stolen-secret.evil.test/",
    ] {
        assert_eq!(
            guest.get(uri).await.failed(),
            "http-request-denied",
            "{uri}"
        );
    }
    assert_eq!((setup.resolved(), setup.dialled()), (vec![], vec![]));
}

#[tokio::test]
async fn a_denial_tells_the_operator_what_to_add_and_nothing_of_the_query() {
    let setup = Net::new().start();
    let mut guest = setup.guest(&["https://a.example"]).await;
    guest
        .get("https://api.example:8443/v1/secret?token=hunter22")
        .await;
    assert_eq!(
        guest.events(),
        [EgressEvent::Denied {
            target: "https://api.example:8443".to_owned(),
            why:
                "no grant covers it: to allow it, add \"https://api.example:8443\" to `network` of \
              [plugins.fetcher.grant]"
                    .to_owned(),
        }]
    );
}

#[tokio::test]
async fn case_dots_and_ports_of_one_host_are_one() {
    let setup = Net::new()
        .name("xn--bcher-kva.example", &[PUBLIC])
        .at(&format!("{PUBLIC}:80"), http1_over(describe()))
        .start();
    let guest = setup.guest(&["http://Bücher.example"]).await;
    for uri in [
        "http://xn--bcher-kva.example/",
        "http://XN--Bcher-KVA.Example/",
        "http://xn--bcher-kva.example./",
        "http://xn--bcher-kva.example:80/",
    ] {
        let reply = guest.get(uri).await;
        assert!(
            reply.text().contains("host: xn--bcher-kva.example\n"),
            "{uri}: {}",
            reply.text()
        );
    }
}

#[tokio::test]
async fn methods_that_are_no_requests_are_refused() {
    let mut setup = Net::new().name("a.example", &[PUBLIC]).start();
    let guest = setup.guest(&["http://a.example"]).await;
    for method in ["TRACE", "trace", "connect", "Connect"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = Request::builder()
            .method(method)
            .uri("http://a.example/")
            .body(empty())
            .unwrap();
        assert_eq!(
            guest.fetch(request).await.failed(),
            "http-request-method-invalid"
        );
    }
    let connect = Request::connect("a.example:80").body(empty()).unwrap();
    assert_eq!(
        guest.fetch(connect).await.failed(),
        "http-request-method-invalid"
    );
    assert_eq!((setup.resolved(), setup.dialled()), (vec![], vec![]));
}

#[tokio::test]
async fn uris_that_could_be_read_twice_are_refused() {
    let mut setup = Net::new().name("a.example", &[PUBLIC]).start();
    let guest = setup.guest(&["http://*.example", "http://127.0.0.1"]).await;
    for uri in [
        "http://user@a.example/",
        "http://user:pw@a.example/",
        "http://b.test@a.example/",
        "http://127.1/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://a.example:0/",
        "http://a..example/",
        "ftp://a.example/",
        "ws://a.example/",
    ] {
        assert_eq!(
            guest.get(uri).await.failed(),
            "http-request-uri-invalid",
            "{uri}"
        );
    }
    let asterisk = Request::options("http://a.example/").body(empty()).unwrap();
    let (mut parts, body) = asterisk.into_parts();
    parts.uri = http::Uri::builder()
        .scheme("http")
        .authority("a.example")
        .path_and_query("*")
        .build()
        .unwrap();
    let reply = guest.fetch(Request::from_parts(parts, body)).await;
    assert_eq!(reply.failed(), "http-request-uri-invalid");
    assert_eq!((setup.resolved(), setup.dialled()), (vec![], vec![]));
}
