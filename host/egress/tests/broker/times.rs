//! Servers and guests that take their time. All in memory, with time that is moved.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use hyper::body::Frame;
use pipefitter_egress::{EgressEvent, EgressLimit, LimitHit, NetworkLimits};
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::support::{
    Endpoint, Guest, Net, PUBLIC, Reply, body_of, channel_body, describe, empty, http1_over,
    read_head,
};

const LIMITS: NetworkLimits = NetworkLimits {
    in_flight: 16,
    requests: 100,
    header_bytes: 64 * 1024,
    headers: 128,
    request_bytes: 1 << 30,
    response_bytes: 1 << 30,
    total_request_bytes: 1 << 30,
    total_response_bytes: 1 << 30,
    connect: Duration::from_secs(10),
    first_byte: Duration::from_secs(20),
    between_bytes: Duration::from_secs(30),
    whole: Duration::from_secs(100),
};

async fn guest(endpoint: Endpoint) -> Guest {
    Net::new()
        .name("a.example", &[PUBLIC])
        .hanging_name("hangs.example")
        .everywhere(endpoint)
        .start()
        .limited_guest(&["http://*.example", "https://*.example"], LIMITS)
        .await
}

/// What a request fails with, after how many seconds, and which limit it hit.
async fn failed(
    mut guest: Guest,
    request: Request<crate::support::Body>,
) -> (String, u64, Option<EgressLimit>) {
    let started = Instant::now();
    let reply: Reply = guest.fetch(request).await;
    let limit = guest.events().into_iter().find_map(|event| match event {
        EgressEvent::LimitHit(LimitHit { limit, .. }) => Some(limit),
        _ => None,
    });
    (
        reply.failed().to_owned(),
        (started.elapsed().as_millis() as u64 + 500) / 1000,
        limit,
    )
}

fn get(uri: &str, asked: &[(&str, &str)]) -> Request<crate::support::Body> {
    let mut request = Request::get(uri);
    for (name, value) in asked {
        request = request.header(format!("pipefitter-{name}-timeout-ms"), *value);
    }
    request.body(empty()).unwrap()
}

/// A server that says this much, and then nothing.
fn stalls_after(said: &'static [u8]) -> Endpoint {
    let tasks = TaskTracker::new();
    Endpoint::Memory(Arc::new(move |mut stream| {
        tasks.spawn(async move {
            // What is said before a request came would be no answer to it.
            read_head(&mut stream).await;
            stream.write_all(said).await.unwrap();
            std::future::pending::<()>().await;
            drop(stream);
        });
    }))
}

#[tokio::test(start_paused = true)]
async fn every_wait_has_an_end_and_a_name() {
    let silent = || stalls_after(b"");
    let head = || stalls_after(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel");
    for (endpoint, uri, asked, expected) in [
        (
            Endpoint::Hangs,
            "http://hangs.example/",
            None,
            ("dns-timeout", 10, Some(EgressLimit::Connect)),
        ),
        (
            Endpoint::Hangs,
            "http://hangs.example/",
            Some(("connect", "3000")),
            ("dns-timeout", 3, None),
        ),
        (
            Endpoint::Hangs,
            "http://a.example/",
            None,
            ("connection-timeout", 10, Some(EgressLimit::Connect)),
        ),
        (
            Endpoint::Hangs,
            "http://a.example/",
            Some(("connect", "3000")),
            ("connection-timeout", 3, None),
        ),
        (
            Endpoint::Hangs,
            "http://a.example/",
            Some(("connect", "600000")),
            ("connection-timeout", 10, Some(EgressLimit::Connect)),
        ),
        (
            silent(),
            "https://a.example/",
            None,
            ("connection-timeout", 10, Some(EgressLimit::Connect)),
        ),
        (
            silent(),
            "http://a.example/",
            None,
            ("http-response-timeout", 20, Some(EgressLimit::FirstByte)),
        ),
        (
            silent(),
            "http://a.example/",
            Some(("first-byte", "5000")),
            ("http-response-timeout", 5, None),
        ),
        (
            silent(),
            "http://a.example/",
            Some(("first-byte", "600000")),
            ("http-response-timeout", 20, Some(EgressLimit::FirstByte)),
        ),
        (
            stalls_after(b"HTTP/1.1 200"),
            "http://a.example/",
            None,
            ("http-response-timeout", 20, Some(EgressLimit::FirstByte)),
        ),
        (
            stalls_after(b"HTTP/1.1 100 Continue\r\n\r\n"),
            "http://a.example/",
            None,
            ("http-response-timeout", 20, Some(EgressLimit::FirstByte)),
        ),
        (
            head(),
            "http://a.example/",
            None,
            (
                "connection-read-timeout",
                30,
                Some(EgressLimit::BetweenBytes),
            ),
        ),
        (
            head(),
            "http://a.example/",
            Some(("between-bytes", "7000")),
            ("connection-read-timeout", 7, None),
        ),
    ] {
        let asked: Vec<_> = asked.into_iter().collect();
        let (code, after, limit) = failed(guest(endpoint).await, get(uri, &asked)).await;
        assert_eq!((code.as_str(), after, limit), expected, "{uri} {asked:?}");
    }
}

/// A server that sends a chunk now and then, for ever.
fn drips(every: Duration, size: usize) -> Endpoint {
    http1_over(Arc::new(move |_| {
        let chunk = Bytes::from(vec![b'x'; size]);
        let (frames, body) = channel_body();
        let tasks = TaskTracker::new();
        tasks.spawn(async move {
            while frames.send(Frame::data(chunk.clone())).await.is_ok() {
                tokio::time::sleep(every).await;
            }
        });
        Box::pin(async move { Response::new(body) }) as BoxFuture<'static, _>
    }))
}

#[tokio::test(start_paused = true)]
async fn a_server_that_drips_is_ended_by_the_time_of_the_whole() {
    let guest = guest(drips(Duration::from_secs(9), 1)).await;
    let (code, after, limit) = failed(guest, get("http://a.example/", &[])).await;
    assert_eq!(
        (code.as_str(), after, limit),
        ("http-response-timeout", 100, Some(EgressLimit::Whole))
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_goes_up_slowly_keeps_its_request_alive() {
    let guest = guest(http1_over(describe())).await;
    let (frames, body) = channel_body();
    let post = guest.post("http://a.example/", body);
    let feed = async {
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_secs(15)).await;
            frames
                .send(Frame::data(Bytes::from_static(b"x")))
                .await
                .unwrap();
        }
        drop(frames);
    };
    let (reply, ()) = tokio::join!(post, feed);
    assert!(reply.text().ends_with("\n\nxxxxx"), "{}", reply.text());
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_stops_sending_is_not_waited_for() {
    let guest = guest(http1_over(describe())).await;
    let (frames, body) = channel_body();
    let request = Request::post("http://a.example/").body(body).unwrap();
    frames
        .send(Frame::data(Bytes::from_static(b"x")))
        .await
        .unwrap();
    let (code, after, _) = failed(guest, request).await;
    assert_eq!((code.as_str(), after), ("http-response-timeout", 20));
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_reads_slowly_is_not_the_servers_fault() {
    let guest = guest(http1_over(Arc::new(|_| {
        let body = crate::support::full(vec![b'x'; 1 << 20]);
        Box::pin(async move { Response::new(body) }) as BoxFuture<'static, _>
    })))
    .await;
    let response = guest.send(get("http://a.example/", &[])).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(body_of(response).await.len(), 1 << 20);
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_never_reads_holds_a_server_no_longer_than_a_request_may_take() {
    let mut guest = guest(drips(Duration::ZERO, 16 * 1024)).await;
    let started = Instant::now();
    let response = guest.send(get("http://a.example/", &[])).await.unwrap();
    let event = guest.next_event().await;
    assert_eq!(
        event,
        EgressEvent::LimitHit(LimitHit {
            limit: EgressLimit::Whole,
            value: 100_000
        })
    );
    assert_eq!(started.elapsed().as_secs(), 101);
    drop(response);
    let usage = guest.finish().await;
    assert_eq!(usage.limit.map(|hit| hit.limit), Some(EgressLimit::Whole));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_waited_too_long_is_not_used_again() {
    let mut setup = Net::new()
        .name("a.example", &[PUBLIC])
        .everywhere(http1_over(describe()))
        .start();
    let guest = setup.guest(&["http://a.example"]).await;
    for (wait, dials) in [(0, 1), (29, 0), (31, 1), (1, 0)] {
        tokio::time::sleep(Duration::from_secs(wait)).await;
        guest.get("http://a.example/").await.text();
        assert_eq!(setup.dialled().len(), dials, "after {wait} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_that_is_none_is_refused() {
    for asked in ["soon", "-1", "1e3", "", "99999999999999999999"] {
        let guest = guest(Endpoint::Hangs).await;
        let reply = guest
            .fetch(get("http://a.example/", &[("connect", asked)]))
            .await;
        assert_eq!(reply.failed(), "http-protocol-error", "{asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn lookups_that_nobody_waits_for_count_until_they_end() {
    let mut setup = Net::new()
        .name("a.example", &[PUBLIC])
        .hanging_name("hangs.example")
        .everywhere(http1_over(describe()))
        .start();
    let mut begun = Vec::new();
    let mut guests = Vec::new();
    for _ in 0..9 {
        let guest = setup.limited_guest(&["http://*.example"], LIMITS).await;
        for _ in 0..20 {
            let reply = guest
                .fetch(get("http://hangs.example/", &[("connect", "1")]))
                .await;
            assert_eq!(reply.failed(), "dns-timeout");
        }
        begun.push(setup.resolved().len());
        if begun == [4] {
            let other = setup.guest(&["http://*.example"]).await;
            other.get("http://a.example/").await.text();
            assert_eq!(setup.resolved(), ["a.example"], "others have lookups left");
        }
        guests.push(guest);
    }
    assert_eq!(begun, [4, 4, 4, 4, 4, 4, 4, 4, 0]);
}
