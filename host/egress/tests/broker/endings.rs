//! However a job ends, nothing of it is left.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use hyper::body::Frame;
use pipefitter_egress::NetworkLimits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

use crate::support::wire::{END_HEADERS, HEADERS, PREFACE, frame, get, opened};
use crate::support::{Endpoint, Guest, Net, PUBLIC, Setup, channel_body, empty, read_head};

#[tokio::test]
async fn a_peer_that_says_nothing_more_goes_with_its_job() {
    for bytes in [
        vec![],
        PREFACE[..10].to_vec(),
        opened([frame(HEADERS, END_HEADERS, 1, &get())]),
    ] {
        let setup = Net::new()
            .name("a.example", &[PUBLIC])
            .everywhere(Endpoint::Hangs)
            .start();
        let (mut ours, theirs) = tokio::io::duplex(4096);
        let cancel = CancellationToken::new();
        let serving = setup
            .broker(&["http://a.example"], NetworkLimits::default(), vec![])
            .serve(theirs, cancel.clone());
        ours.write_all(&bytes).await.unwrap();
        let (usage, ()) = tokio::join!(serving, async { cancel.cancel() });
        assert_eq!(usage.broken, None);
        assert_closed(&mut ours).await;
    }
}

/// A guest, and the server's end of each connection that is made for it: what the server does is the test's.
async fn handed_over() -> (Setup, Guest, UnboundedReceiver<DuplexStream>) {
    let (tx, servers) = tokio::sync::mpsc::unbounded_channel();
    let endpoint = Endpoint::Memory(Arc::new(move |stream| tx.send(stream).unwrap()));
    let setup = Net::new()
        .name("a.example", &[PUBLIC])
        .everywhere(endpoint)
        .start();
    let guest = setup.guest(&["http://a.example"]).await;
    (setup, guest, servers)
}

async fn assert_closed(stream: &mut DuplexStream) {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
}

#[tokio::test]
async fn cancelling_and_dropping_end_the_servers_connections_too() {
    for cancelled in [true, false] {
        let (_setup, guest, mut servers) = handed_over().await;
        let request = guest.send(Request::get("http://a.example/").body(empty()).unwrap());
        let mut server = servers.recv().await.unwrap();
        if cancelled {
            let usage = guest.cancel().await;
            assert_eq!((usage.requests, usage.connections), (1, 1));
        } else {
            drop(guest);
        }
        assert_closed(&mut server).await;
        assert!(request.await.is_err());
    }
}

/// As servers do with a connection that nobody has used for a while, when a request is on its way already.
#[tokio::test]
async fn a_kept_connection_that_closes_under_a_request_costs_only_what_must_not_be_repeated() {
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    for (method, is_repeated) in [("GET", true), ("OPTIONS", true), ("POST", false)] {
        let (_setup, guest, mut servers) = handed_over().await;
        let ask = |method: &str| {
            let request = Request::builder().method(method);
            guest.fetch(request.uri("http://a.example/").body(empty()).unwrap())
        };
        let answered = async {
            let mut server = servers.recv().await.unwrap();
            read_head(&mut server).await;
            server.write_all(ANSWER).await.unwrap();
            server
        };
        let (first, mut server) = tokio::join!(ask("GET"), answered);
        assert_eq!(first.text(), "ok");
        let closed = async {
            let head = read_head(&mut server).await;
            drop(server);
            if is_repeated {
                let mut fresh = servers.recv().await.unwrap();
                assert_eq!(read_head(&mut fresh).await, head);
                fresh.write_all(ANSWER).await.unwrap();
            }
        };
        let (second, ()) = tokio::join!(ask(method), closed);
        if is_repeated {
            assert_eq!(second.text(), "ok", "{method}");
        } else {
            assert_eq!(second.failed(), "connection-terminated");
        }
        let usage = guest.finish().await;
        let connections = 1 + u64::from(is_repeated);
        assert_eq!((usage.requests, usage.connections), (2, connections));
        assert!(servers.try_recv().is_err(), "{method}");
    }
}

#[tokio::test]
async fn a_guest_that_gives_a_request_up_gives_its_connection_up() {
    let (_setup, guest, mut servers) = handed_over().await;
    // Before the response, and within it.
    for answer in ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel"] {
        let request = guest.send(Request::get("http://a.example/").body(empty()).unwrap());
        let mut request = Box::pin(request);
        let mut server = tokio::select! {
            server = servers.recv() => server.unwrap(),
            _ = &mut request => panic!("nobody answered"),
        };
        server.write_all(answer.as_bytes()).await.unwrap();
        if !answer.is_empty() {
            drop(request.await.unwrap());
        } else {
            drop(request);
        }
        assert_closed(&mut server).await;
    }
    let usage = guest.finish().await;
    assert_eq!((usage.connections, usage.limit), (2, None));
}

#[tokio::test]
async fn a_server_that_answers_early_still_gets_the_rest() {
    let (_setup, guest, mut servers) = handed_over().await;
    let (frames, body) = channel_body();
    let post = guest.post("http://a.example/", body);
    frames
        .send(Frame::data(Bytes::from_static(b"first")))
        .await
        .unwrap();
    let mut server = servers.recv().await.unwrap();
    read_head(&mut server).await;
    server
        .write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok")
        .await
        .unwrap();
    assert_eq!(post.await.text(), "ok");
    frames
        .send(Frame::data(Bytes::from_static(b"second")))
        .await
        .unwrap();
    drop(frames);
    let expected = b"5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n";
    let mut rest = vec![0; expected.len()];
    server.read_exact(&mut rest).await.unwrap();
    assert_eq!(rest, expected, "{:?}", String::from_utf8_lossy(&rest));
    assert_eq!(guest.finish().await.request_bytes, 11);
}
