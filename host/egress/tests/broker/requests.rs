//! What guests say, and what of it reaches a server.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};
use hyper::body::Frame;

use crate::support::{
    Authority, Body, Endpoint, Guest, Net, PUBLIC, RawServer, Reply, Setup, channel_body, describe,
    empty, full, http1_over, tls_server,
};

async fn plain() -> (Setup, Guest) {
    let setup = Net::new()
        .name("a.example", &[PUBLIC])
        .at(&format!("{PUBLIC}:80"), http1_over(describe()))
        .start();
    let guest = setup.guest(&["http://a.example"]).await;
    (setup, guest)
}

async fn secure() -> (Setup, Guest) {
    let authority = Authority::new();
    let (server, _asked) = tls_server(authority.server(&["a.example"], &["h2"]), describe()).await;
    let setup = Net::new()
        .name("a.example", &[PUBLIC])
        .at(&format!("{PUBLIC}:443"), Endpoint::Tcp(server))
        .trusting(authority.file.clone())
        .start();
    let guest = setup.guest(&["https://a.example"]).await;
    (setup, guest)
}

fn request(method: &str, uri: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).unwrap()
}

const OFFERED: &[(&str, &str)] = &[
    ("host", "metadata.internal"),
    ("expect", "100-continue"),
    ("proxy-authorization", "Basic eDp5"),
    ("proxy-connection", "keep-alive"),
    ("http2-settings", "AAMAAABk"),
    ("pipefitter-egress-error", "dns-error"),
    ("pipefitter-connect-timeout-ms", "5000"),
    ("te", "trailers"),
    ("cookie", "a=1"),
    ("cookie", "b=2"),
    ("authorization", "Bearer guest"),
    ("x-odd", "tab\tand \u{e9}"),
];

#[tokio::test]
async fn the_broker_writes_the_framing_and_the_host_itself() {
    let sorted = |reply: &Reply| {
        let mut lines: Vec<String> = reply.text().lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines.join("\n")
    };
    let (_setup, guest) = plain().await;
    let reply = guest
        .fetch(request(
            "POST",
            "http://a.example/p",
            OFFERED,
            full("hello"),
        ))
        .await;
    assert_eq!(
        sorted(&reply),
        "\nPOST /p HTTP/1.1\nauthorization: Bearer guest\ncontent-length: 5\ncookie: a=1; b=2\nhello\n\
         host: a.example\nx-odd: tab\tand \u{e9}"
    );
    let (_setup, guest) = secure().await;
    let reply = guest
        .fetch(request(
            "POST",
            "https://a.example/p",
            OFFERED,
            full("hello"),
        ))
        .await;
    assert_eq!(
        sorted(&reply),
        "\nPOST https://a.example/p HTTP/2.0\nauthorization: Bearer guest\ncontent-length: 5\n\
         cookie: a=1; b=2\nhello\nte: trailers\nx-odd: tab\tand \u{e9}"
    );
}

#[tokio::test]
async fn what_hops_do_not_share_is_refused_by_the_stream_itself() {
    // hyper would take these out before they are sent, so a guest that means it speaks for itself.
    let (setup, guest) = plain().await;
    for (name, value) in [
        ("connection", "x-hop"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("te", "gzip"),
    ] {
        let reply = guest
            .fetch(request(
                "GET",
                "http://a.example/",
                &[(name, value)],
                empty(),
            ))
            .await;
        assert_eq!(
            reply.text(),
            "GET / HTTP/1.1\nhost: a.example\n\n",
            "{name}"
        );
    }
    drop(setup);
}

#[tokio::test]
async fn every_body_has_an_honest_length_or_chunks() {
    let (_setup, guest) = plain().await;
    let text = |reply: Reply| reply.text().to_owned();
    for method in ["POST", "PUT", "PATCH"] {
        let sent = text(
            guest
                .fetch(request(method, "http://a.example/", &[], empty()))
                .await,
        );
        assert!(sent.contains("content-length: 0\n"), "{sent}");
    }
    let sent = text(
        guest
            .fetch(request("DELETE", "http://a.example/", &[], empty()))
            .await,
    );
    assert!(
        !sent.contains("content-length") && !sent.contains("chunked"),
        "{sent}"
    );
    let sent = text(
        guest
            .fetch(request("GET", "http://a.example/", &[], full("query")))
            .await,
    );
    assert!(
        sent.contains("content-length: 5\n") && sent.ends_with("\n\nquery"),
        "{sent}"
    );

    let (frames, body) = channel_body();
    let post = guest.post("http://a.example/", body);
    frames
        .send(Frame::data(Bytes::from_static(b"one ")))
        .await
        .unwrap();
    frames
        .send(Frame::data(Bytes::from_static(b"two")))
        .await
        .unwrap();
    drop(frames);
    let sent = text(post.await);
    assert!(
        sent.contains("transfer-encoding: chunked\n") && sent.ends_with("\n\none two"),
        "{sent}"
    );
}

#[tokio::test]
async fn a_connection_that_took_a_body_serves_again() {
    let (setup, _) = plain().await;
    for length in [Some("5"), None] {
        let guest = setup.guest(&["http://a.example"]).await;
        for _ in 0..3 {
            let (frames, body) = channel_body();
            let headers: Vec<_> = length
                .map(|length| ("content-length", length))
                .into_iter()
                .collect();
            let post = guest.fetch(request("POST", "http://a.example/", &headers, body));
            frames
                .send(Frame::data(Bytes::from_static(b"hello")))
                .await
                .unwrap();
            drop(frames);
            assert!(post.await.text().ends_with("\n\nhello"));
        }
        assert_eq!(guest.finish().await.connections, 1, "{length:?}");
    }
}

#[tokio::test]
async fn a_get_that_is_left_open_has_a_body_only_if_one_comes() {
    let (_setup, guest) = plain().await;
    let (frames, body) = channel_body();
    let get = guest.fetch(request("GET", "http://a.example/", &[], body));
    drop(frames);
    assert_eq!(get.await.text(), "GET / HTTP/1.1\nhost: a.example\n\n");

    let (frames, body) = channel_body();
    let get = guest.fetch(request("GET", "http://a.example/", &[], body));
    frames
        .send(Frame::data(Bytes::from_static(b"query")))
        .await
        .unwrap();
    drop(frames);
    let reply = get.await;
    let sent = reply.text();
    assert!(
        sent.contains("transfer-encoding: chunked\n") && sent.ends_with("\n\nquery"),
        "{sent}"
    );

    let (_setup, guest) = secure().await;
    let (frames, body) = channel_body();
    let get = guest.fetch(request("GET", "https://a.example/", &[], body));
    frames
        .send(Frame::data(Bytes::from_static(b"query")))
        .await
        .unwrap();
    drop(frames);
    assert_eq!(get.await.text(), "GET https://a.example/ HTTP/2.0\n\nquery");
}

#[tokio::test]
async fn trailers_pass_filtered() {
    let (_setup, guest) = secure().await;
    let (frames, body) = channel_body();
    let post = guest.post("https://a.example/", body);
    frames
        .send(Frame::data(Bytes::from_static(b"hello")))
        .await
        .unwrap();
    let mut trailers = HeaderMap::new();
    for name in [
        "x-sum",
        "content-length",
        "host",
        "authorization",
        "proxy-authorization",
        "pipefitter-x",
    ] {
        trailers.insert(name, HeaderValue::from_static("7"));
    }
    frames.send(Frame::trailers(trailers)).await.unwrap();
    drop(frames);
    let reply = post.await;
    assert!(
        reply
            .text()
            .ends_with("\n\nhello\ntrailer Some(\"x-sum\"): \"7\"")
            || reply
                .text()
                .ends_with("\n\nhello\ntrailer \"x-sum\": \"7\""),
        "{}",
        reply.text()
    );
}

#[tokio::test]
async fn a_request_cannot_be_split_into_two() {
    let mut server = RawServer::saying("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let setup = Net::new()
        .name("a.example", &[PUBLIC])
        .at(&format!("{PUBLIC}:80"), server.endpoint.clone())
        .start();
    let guest = setup.guest(&["http://a.example"]).await;
    for path in [
        "/%0d%0aX:%20y",
        "//other.example/x",
        "/a;b=c",
        "/?a=http://other.example/",
        "/\u{e9}",
    ] {
        let uri: Result<http::Uri, _> = format!("http://a.example{path}").parse();
        let Ok(uri) = uri else { continue };
        guest
            .fetch(Request::get(uri).body(empty()).unwrap())
            .await
            .text();
        let heads = server.heads();
        assert_eq!(heads.len(), 1);
        assert_eq!(
            heads[0],
            format!("GET {path} HTTP/1.1\r\nhost: a.example\r\n\r\n")
        );
    }
}
