//! HTTPS, over loopback: whom a server is believed to be, and in which HTTP it is spoken to.

use std::path::PathBuf;
use std::sync::Arc;

use pipefitter_egress::{Egress, EgressConfig, EgressError};

use crate::support::{Authority, Endpoint, Net, OTHER, PUBLIC, Setup, describe, empty, tls_server};

async fn https(
    alpn: &[&str],
    names: &[&str],
) -> (Setup, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let authority = Authority::new();
    let (server, asked) = tls_server(authority.server(names, alpn), describe()).await;
    let setup = Net::new()
        .name("a.example", &[PUBLIC])
        .name("b.example", &[PUBLIC])
        .at(&format!("{PUBLIC}:443"), Endpoint::Tcp(server))
        .trusting(authority.file.clone())
        .start();
    (setup, asked)
}

#[tokio::test]
async fn a_server_is_spoken_to_in_the_http_that_it_offers() {
    for (alpn, line) in [
        (
            &["h2", "http/1.1"][..],
            "GET https://a.example/path?q=1 HTTP/2.0",
        ),
        (&["http/1.1"], "GET /path?q=1 HTTP/1.1"),
        (&[], "GET /path?q=1 HTTP/1.1"),
    ] {
        let (mut setup, mut asked) = https(alpn, &["a.example"]).await;
        let guest = setup.guest(&["https://a.example"]).await;
        let reply = guest.get("https://a.example/path?q=1").await;
        assert!(reply.text().starts_with(line), "{}", reply.text());
        assert_eq!(
            asked.recv().await.unwrap(),
            "a.example",
            "the name, not the address"
        );
        assert_eq!(setup.dialled(), [format!("{PUBLIC}:443")]);
    }
}

#[tokio::test]
async fn a_connection_serves_a_job_again_and_never_another() {
    for alpn in ["h2", "http/1.1"] {
        let (mut setup, _asked) = https(&[alpn], &["a.example"]).await;
        let guest = setup.guest(&["https://a.example"]).await;
        for path in ["one", "two", "three"] {
            let reply = guest.get(&format!("https://a.example/{path}")).await;
            assert!(reply.text().contains(path), "{}", reply.text());
        }
        assert_eq!(guest.finish().await.connections, 1, "{alpn}");
        let other = setup.guest(&["https://a.example"]).await;
        other.get("https://a.example/").await.text();
        assert_eq!(setup.dialled().len(), 2, "{alpn}");
    }
}

#[tokio::test]
async fn the_length_of_what_a_head_request_leaves_out_is_no_limits_business() {
    let authority = Authority::new();
    for alpn in ["h2", "http/1.1"] {
        let terabyte = Arc::new(|_| {
            let response = http::Response::builder().header("content-length", 1_u64 << 40);
            let response = response.body(empty()).unwrap();
            Box::pin(async move { response }) as futures::future::BoxFuture<'static, _>
        });
        let (server, _asked) =
            tls_server(authority.server(&["a.example"], &[alpn]), terabyte).await;
        let setup = Net::new()
            .name("a.example", &[PUBLIC])
            .at(&format!("{PUBLIC}:443"), Endpoint::Tcp(server))
            .trusting(authority.file.clone())
            .start();
        let guest = setup.guest(&["https://a.example"]).await;
        let request = http::Request::head("https://a.example/")
            .body(empty())
            .unwrap();
        let reply = guest.fetch(request).await;
        assert_eq!(
            (reply.error, reply.header("content-length")),
            (None, Some("1099511627776")),
            "{alpn}"
        );
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_believed() {
    let (setup, _asked) = https(&["h2"], &["b.example"]).await;
    let guest = setup
        .guest(&["https://a.example", "https://b.example"])
        .await;
    assert_eq!(
        guest.get("https://a.example/").await.failed(),
        "tls-certificate-error"
    );
    guest.get("https://b.example/").await.text();
}

#[tokio::test]
async fn an_unknown_authority_is_not_believed() {
    let (known, unknown) = (Authority::new(), Authority::new());
    let (server, _asked) = tls_server(unknown.server(&["a.example"], &["h2"]), describe()).await;
    let setup = Net::new()
        .name("a.example", &[PUBLIC])
        .at(&format!("{PUBLIC}:443"), Endpoint::Tcp(server))
        .trusting(known.file.clone())
        .start();
    let guest = setup.guest(&["https://a.example"]).await;
    assert_eq!(
        guest.get("https://a.example/").await.failed(),
        "tls-certificate-error"
    );
}

#[tokio::test]
async fn what_is_not_tls_and_what_refuses_it_are_told_apart() {
    let authority = Authority::new();
    let picky = authority.server(&["a.example"], &["spdy/3"]);
    let (server, _asked) = tls_server(picky, describe()).await;
    let setup = Net::new()
        .name("picky.example", &[PUBLIC])
        .name("plain.example", &[OTHER])
        .at(&format!("{PUBLIC}:443"), Endpoint::Tcp(server))
        .at(&format!("{OTHER}:443"), plain_answer())
        .trusting(authority.file.clone())
        .start();
    let guest = setup.guest(&["https://*.example"]).await;
    assert_eq!(
        guest.get("https://picky.example/").await.failed(),
        "tls-alert-received"
    );
    assert_eq!(
        guest.get("https://plain.example/").await.failed(),
        "tls-protocol-error"
    );
}

/// A server that answers before it is asked.
fn plain_answer() -> Endpoint {
    use tokio::io::AsyncWriteExt as _;
    let tasks = tokio_util::task::TaskTracker::new();
    Endpoint::Memory(Arc::new(move |mut stream| {
        tasks.spawn(async move {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            std::future::pending::<()>().await;
        });
    }))
}

#[test]
fn faults_of_the_authorities_file_say_which_file_and_what() {
    let dir = tempfile::tempdir().unwrap();
    let with = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        fault(path)
    };
    let missing = fault(dir.path().join("missing.pem"));
    assert!(
        matches!(missing, EgressError::ReadAuthorities { .. }),
        "{missing:?}"
    );
    let none = with("none.pem", "no certificate here\n");
    assert!(
        none.to_string().contains("none.pem, holds no certificate"),
        "{none}"
    );
    let key = with(
        "key.pem",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    );
    assert!(matches!(key, EgressError::NoAuthorities { .. }), "{key:?}");
    let torn = with("torn.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    assert!(
        matches!(torn, EgressError::ParseAuthorities { .. }),
        "{torn:?}"
    );
    let authority = Authority::new();
    let good = std::fs::read_to_string(&authority.file).unwrap();
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let second = with("second.pem", &format!("{good}{bad}"));
    assert!(second.to_string().contains("certificate 2 of"), "{second}");
}

fn fault(authorities: PathBuf) -> EgressError {
    let config = EgressConfig {
        authorities: Some(authorities),
        ..EgressConfig::default()
    };
    match Egress::new(config) {
        Ok(_) => panic!("it was read"),
        Err(fault) => fault,
    }
}
