//! What servers say, and what of it reaches the guest.

use bytes::Bytes;
use http::Request;
use hyper::body::Frame;

use crate::support::{Net, PUBLIC, RawServer, Reply, channel_body, describe, empty, http1_over};

async fn answer(method: &str, raw: impl Into<Vec<u8>>) -> Reply {
    let server = RawServer::saying(raw);
    let setup = Net::new()
        .name("a.example", &[PUBLIC])
        .at(&format!("{PUBLIC}:80"), server.endpoint.clone())
        .start();
    let guest = setup.guest(&["http://a.example"]).await;
    let request = Request::builder()
        .method(method)
        .uri("http://a.example/")
        .body(empty())
        .unwrap();
    guest.fetch(request).await
}

#[tokio::test]
async fn bodies_end_where_http_says_so() {
    for (method, raw, status, length, body) in [
        (
            "GET",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and what is not asked for",
            200,
            Some("5"),
            "hello",
        ),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            200,
            None,
            "hello",
        ),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\n\r\n",
            200,
            None,
            "hello",
        ),
        (
            "GET",
            "HTTP/1.1 200 OK\r\n\r\nuntil the end",
            200,
            None,
            "until the end",
        ),
        (
            "GET",
            "HTTP/1.0 200 OK\r\n\r\nuntil the end",
            200,
            None,
            "until the end",
        ),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            200,
            None,
            "",
        ),
        (
            "HEAD",
            "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n",
            200,
            Some("1234"),
            "",
        ),
        (
            "HEAD",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            200,
            None,
            "",
        ),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, None, ""),
        (
            "GET",
            "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
            204,
            None,
            "",
        ),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\n\r\n",
            304,
            Some("1234"),
            "",
        ),
        // A length beside chunks is a trap for whoever reads it: the chunks count, and it is not passed on.
        (
            "GET",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            200,
            None,
            "hello",
        ),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
            200,
            Some("5"),
            "hello",
        ),
        // Interim responses are not the response.
        (
            "GET",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            200,
            Some("2"),
            "ok",
        ),
        (
            "GET",
            "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone",
            404,
            Some("4"),
            "gone",
        ),
    ] {
        let reply = answer(method, raw).await;
        assert_eq!(reply.text(), body, "{raw}");
        assert_eq!(reply.status.as_u16(), status, "{raw}");
        assert_eq!(reply.header("content-length"), length, "{raw}");
        assert_eq!(reply.header("transfer-encoding"), None, "{raw}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_told_as_what_it_is() {
    for (raw, failed) in [
        ("", "connection-terminated"),
        ("HTTP/1.1 200", "connection-terminated"),
        ("hello\r\n\r\n", "http-protocol-error"),
        ("HTTP/1.1 999999 No\r\n\r\n", "http-protocol-error"),
        ("HTTP/2.0 200 OK\r\n\r\n", "http-protocol-error"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http-protocol-error"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
            "http-protocol-error",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello!",
            "http-protocol-error",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
            "http-protocol-error",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\nhello",
            "http-protocol-error",
        ),
        (
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "http-protocol-error",
        ),
        (
            "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
            "http-protocol-error",
        ),
        ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "http-protocol-error"),
        ("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", "http-protocol-error"),
        ("HTTP/1.1 200 OK\r\nA\r\n\r\n", "http-protocol-error"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "http-response-transfer-coding",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx",
            "http-response-transfer-coding",
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello",
            "http-upgrade-failed",
        ),
    ] {
        let reply = answer("GET", raw).await;
        assert_eq!(reply.failed(), failed, "{raw:?}");
        assert!(reply.body.is_empty(), "{raw:?}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_told_from_one_that_ends() {
    for raw in [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nfffffffffffffffff\r\n",
    ] {
        assert_eq!(
            answer("GET", raw).await.failed(),
            "http-response-incomplete",
            "{raw:?}"
        );
    }
}

#[tokio::test]
async fn no_server_can_speak_for_the_broker() {
    let reply = answer(
        "GET",
        "HTTP/1.1 502 Bad Gateway\r\npipefitter-egress-error: http-request-denied\r\nPipefitter-Other: 1\r\n\
         Connection: close, x-hop\r\nx-hop: 1\r\nProxy-Authenticate: Basic\r\nKeep-Alive: timeout=1\r\n\
         Transfer-Encoding: chunked\r\nTrailer: pipefitter-egress-error, x-sum\r\nx-kept: 1\r\n\r\n2\r\nok\r\n0\r\n\
         pipefitter-egress-error: dns-error\r\ncontent-length: 9\r\nset-cookie: a=b\r\nx-sum: 7\r\n\r\n",
    )
    .await;
    assert_eq!((reply.text(), reply.status.as_u16()), ("ok", 502));
    let mut names: Vec<_> = reply.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["trailer", "x-kept"]);
    let trailers = reply.trailers.unwrap();
    assert_eq!(
        trailers
            .keys()
            .map(http::HeaderName::as_str)
            .collect::<Vec<_>>(),
        ["x-sum"]
    );
}

#[tokio::test]
async fn a_response_streams_while_it_comes() {
    let (frames, body) = channel_body();
    let body = std::sync::Arc::new(tokio::sync::Mutex::new(Some(body)));
    let service = move |_| {
        let body = std::sync::Arc::clone(&body);
        Box::pin(async move { http::Response::new(body.lock().await.take().unwrap()) })
            as futures::future::BoxFuture<'static, _>
    };
    let setup = Net::new()
        .name("a.example", &[PUBLIC])
        .at(
            &format!("{PUBLIC}:80"),
            http1_over(std::sync::Arc::new(service)),
        )
        .start();
    let guest = setup.guest(&["http://a.example"]).await;
    let sent = guest.send(Request::get("http://a.example/").body(empty()).unwrap());
    frames
        .send(Frame::data(Bytes::from_static(b"first")))
        .await
        .unwrap();
    let mut body = sent.await.unwrap().into_body();
    let next = http_body_util::BodyExt::frame(&mut body)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        next.into_data().unwrap(),
        "first",
        "before the second was even made"
    );
    frames
        .send(Frame::data(Bytes::from_static(b"second")))
        .await
        .unwrap();
    drop(frames);
    let rest = http_body_util::BodyExt::collect(body)
        .await
        .unwrap()
        .to_bytes();
    assert_eq!(rest, "second");
}

#[tokio::test]
async fn a_server_that_closed_a_waiting_connection_costs_nothing() {
    let server = RawServer::saying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let mut setup = Net::new()
        .name("a.example", &[PUBLIC])
        .at(&format!("{PUBLIC}:80"), server.endpoint.clone())
        .start();
    let guest = setup.guest(&["http://a.example"]).await;
    for _ in 0..20 {
        assert_eq!(guest.post("http://a.example/", empty()).await.text(), "ok");
    }
    assert_eq!(setup.dialled().len(), 20);
}

#[tokio::test]
async fn describe_is_what_other_tests_take_it_for() {
    let setup = Net::new()
        .name("a.example", &[PUBLIC])
        .at(&format!("{PUBLIC}:80"), http1_over(describe()))
        .start();
    let guest = setup.guest(&["http://a.example"]).await;
    let reply = guest.get("http://a.example/x?y=z").await;
    assert_eq!(reply.text(), "GET /x?y=z HTTP/1.1\nhost: a.example\n\n");
}
