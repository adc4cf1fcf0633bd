//! Through a proxy: a real one, on loopback, that is told addresses and connects to a server of the test's.

use std::collections::HashMap;
use std::net::SocketAddr;

use pipefitter_egress::Proxy;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::support::{
    Authority, Endpoint, Net, OTHER, PUBLIC, Setup, describe, tcp_server, tls_server,
};

const PROXY: &str = "10.9.9.9:3128";

/// A proxy that tells the heads of what it was asked, and connects by this map or answers with this.
async fn proxy(
    routes: &[(&str, SocketAddr)],
    otherwise: &'static str,
) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes: HashMap<String, SocketAddr> = routes
        .iter()
        .map(|(name, server)| ((*name).to_owned(), *server))
        .collect();
    let (tx, heads) = mpsc::unbounded_channel();
    let tasks = TaskTracker::new();
    tasks.clone().spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (routes, tx) = (routes.clone(), tx.clone());
            tasks.spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = client.read_u8().await else {
                        return;
                    };
                    head.push(byte);
                }
                let head = String::from_utf8(head).unwrap();
                let asked = head.split(' ').nth(1).unwrap().to_owned();
                let _ = tx.send(head);
                let Some(server) = routes.get(&asked) else {
                    let _ = client.write_all(otherwise.as_bytes()).await;
                    return;
                };
                let mut server = TcpStream::connect(server).await.unwrap();
                client
                    .write_all(b"HTTP/1.1 200 Connection established\r\nx: y\r\n\r\n")
                    .await
                    .unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (address, heads)
}

fn through(proxy: Proxy, at: SocketAddr, net: Net) -> Setup {
    let mut net = net
        .name("proxy.corp.example", &["10.9.9.9"])
        .at(PROXY, Endpoint::Tcp(at));
    net.proxy = Some(proxy);
    net.start()
}

fn corporate() -> Proxy {
    Proxy::parse("http://proxy.corp.example:3128").unwrap()
}

#[tokio::test]
async fn a_proxy_is_told_the_address_that_was_judged() {
    let authority = Authority::new();
    for alpn in ["h2", "http/1.1"] {
        let (server, mut names) =
            tls_server(authority.server(&["a.example"], &[alpn]), describe()).await;
        let (at, mut heads) = proxy(&[(&format!("{PUBLIC}:443"), server)], "").await;
        let net = Net::new()
            .name("a.example", &["10.0.0.1", PUBLIC])
            .trusting(authority.file.clone());
        let mut setup = through(corporate(), at, net);
        let guest = setup.guest(&["https://a.example"]).await;
        let reply = guest.get("https://a.example/path").await;
        assert!(reply.text().contains("/path"), "{}", reply.text());
        let head = heads.recv().await.unwrap();
        assert_eq!(
            head,
            format!("CONNECT {PUBLIC}:443 HTTP/1.1\r\nhost: {PUBLIC}:443\r\n\r\n")
        );
        assert_eq!(
            names.recv().await.unwrap(),
            "a.example",
            "the server is still known by its name"
        );
        assert_eq!(
            setup.dialled(),
            [PROXY],
            "and nothing but the proxy is dialled"
        );
        guest.get("https://a.example/again").await.text();
        assert_eq!(setup.dialled(), [""; 0], "a tunnel serves again");
    }
}

#[tokio::test]
async fn plain_http_goes_through_connect_as_well() {
    let server = tcp_server(describe()).await;
    let (at, mut heads) = proxy(
        &[
            (&format!("{PUBLIC}:80"), server),
            ("[2606:4700::1]:80", server),
        ],
        "",
    )
    .await;
    let net = Net::new()
        .name("a.example", &[PUBLIC])
        .name("six.example", &["2606:4700::1"]);
    let setup = through(corporate(), at, net);
    let guest = setup
        .guest(&["http://a.example", "http://six.example"])
        .await;
    assert_eq!(
        guest.get("http://a.example/p").await.text(),
        "GET /p HTTP/1.1\nhost: a.example\n\n"
    );
    assert!(
        heads
            .recv()
            .await
            .unwrap()
            .starts_with(&format!("CONNECT {PUBLIC}:80 "))
    );
    guest.get("http://six.example/").await.text();
    assert!(
        heads
            .recv()
            .await
            .unwrap()
            .starts_with("CONNECT [2606:4700::1]:80 ")
    );
}

#[tokio::test]
async fn what_may_not_be_dialled_never_reaches_the_proxy() {
    let (at, mut heads) = proxy(&[], "").await;
    let net = Net::new().name("a.example", &["10.0.0.1", "::ffff:127.0.0.1"]);
    let mut setup = through(corporate(), at, net);
    let guest = setup
        .guest(&["https://a.example", "http://a.example"])
        .await;
    for uri in ["https://a.example/", "http://a.example/"] {
        assert_eq!(guest.get(uri).await.failed(), "destination-ip-prohibited");
    }
    assert_eq!(setup.dialled(), [""; 0]);
    assert!(heads.try_recv().is_err());
}

#[tokio::test]
async fn a_proxy_that_may_resolve_is_told_the_name_and_an_address_is_still_judged() {
    let server = tcp_server(describe()).await;
    let (at, mut heads) = proxy(&[("a.example:80", server)], "").await;
    let mut setup = through(corporate().resolving_names(true), at, Net::new());
    let guest = setup
        .guest(&["http://a.example", "http://127.0.0.1", "http://*.example"])
        .await;
    guest.get("http://a.example/").await.text();
    assert!(
        heads
            .recv()
            .await
            .unwrap()
            .starts_with("CONNECT a.example:80 HTTP/1.1\r\n")
    );
    assert_eq!(
        setup.resolved(),
        ["proxy.corp.example"],
        "the name is left to the proxy"
    );
    assert_eq!(
        guest.get("http://10.0.0.1/").await.failed(),
        "http-request-denied"
    );
}

#[tokio::test]
async fn credentials_are_shown_to_the_proxy_and_to_nobody_else() {
    let server = tcp_server(describe()).await;
    let (at, mut heads) = proxy(&[(&format!("{PUBLIC}:80"), server)], "").await;
    let proxy = corporate()
        .with_credentials("builder", &SecretString::from("hunter22"))
        .unwrap();
    let setup = through(proxy, at, Net::new().name("a.example", &[PUBLIC]));
    let guest = setup.guest(&["http://a.example"]).await;
    let reply = guest.get("http://a.example/").await;
    assert_eq!(reply.text(), "GET / HTTP/1.1\nhost: a.example\n\n");
    let head = heads.recv().await.unwrap();
    assert!(
        head.contains("proxy-authorization: Basic YnVpbGRlcjpodW50ZXIyMg==\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn a_proxy_that_does_not_connect_is_told_from_a_server() {
    for (answer, failed) in [
        (
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
            "destination-unavailable",
        ),
        (
            "HTTP/1.1 502 Bad Gateway\r\n\r\n",
            "destination-unavailable",
        ),
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n",
            "configuration-error",
        ),
        (
            "HTTP/1.1 301 Moved\r\nLocation: http://b.example/\r\n\r\n",
            "destination-unavailable",
        ),
        ("nonsense\r\n\r\n", "destination-unavailable"),
        ("", "destination-unavailable"),
    ] {
        let (at, _heads) = proxy(&[], answer).await;
        let setup = through(corporate(), at, Net::new().name("a.example", &[PUBLIC]));
        let guest = setup.guest(&["http://a.example"]).await;
        let reply = guest.get("http://a.example/").await;
        assert_eq!(reply.failed(), failed, "{answer:?}");
        assert!(reply.body.is_empty());
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_a_failure() {
    let mut net = Net::new()
        .name("a.example", &[PUBLIC])
        .at("10.9.9.9:3128", Endpoint::Refuses);
    net.proxy = Some(Proxy::parse("http://10.9.9.9:3128").unwrap());
    let setup = net.start();
    let guest = setup.guest(&["http://a.example"]).await;
    assert_eq!(
        guest.get("http://a.example/").await.failed(),
        "destination-unavailable"
    );

    let mut net = Net::new().name("a.example", &[OTHER]);
    net.proxy = Some(Proxy::parse("http://gone.example").unwrap());
    let setup = net.start();
    let guest = setup.guest(&["http://a.example"]).await;
    assert_eq!(
        guest.get("http://a.example/").await.failed(),
        "destination-unavailable"
    );
}
