//! Every limit, to the byte, and by its name.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Frame;
use pipefitter_egress::{EgressEvent, EgressLimit, EgressUsage, LimitHit, NetworkLimits};
use tokio::sync::mpsc;

use crate::support::{
    Guest, Net, PUBLIC, RawServer, Reply, Setup, TextService, channel_body, describe, empty, full,
    http1_over,
};

fn setup(service: TextService) -> Setup {
    Net::new()
        .name("a.example", &[PUBLIC])
        .at(&format!("{PUBLIC}:80"), http1_over(service))
        .start()
}

async fn guest(setup: &Setup, limits: NetworkLimits) -> Guest {
    limits.check().unwrap();
    setup.limited_guest(&["http://a.example"], limits).await
}

/// A service that answers with as many bytes as the path says, of known length or not.
fn bytes() -> TextService {
    Arc::new(|request| {
        Box::pin(async move {
            let (way, count) = request.uri().path()[1..].split_once('/').unwrap();
            let data = Bytes::from(vec![b'x'; count.parse().unwrap()]);
            match way {
                "known" => Response::new(Full::from(data).boxed()),
                _ => {
                    let (frames, body) = channel_body();
                    frames.send(Frame::data(data)).await.unwrap();
                    Response::new(body)
                }
            }
        }) as BoxFuture<'static, _>
    })
}

fn hit(limit: EgressLimit, value: u64) -> Option<LimitHit> {
    Some(LimitHit { limit, value })
}

async fn hits(guest: Guest) -> (Vec<EgressEvent>, EgressUsage) {
    let mut guest = guest;
    let events = guest.events();
    (events, guest.finish().await)
}

#[tokio::test]
async fn responses_are_limited_to_the_byte() {
    let setup = setup(bytes());
    for way in ["known", "chunked"] {
        let limits = NetworkLimits {
            response_bytes: 1000,
            ..Default::default()
        };
        let guest = guest(&setup, limits).await;
        let whole = guest.get(&format!("http://a.example/{way}/1000")).await;
        assert_eq!(whole.text().len(), 1000);
        let over = guest.get(&format!("http://a.example/{way}/1001")).await;
        assert_eq!(over.failed(), "http-response-body-size", "{way}");
        assert!(over.body.len() <= 1000, "{way}");
        let (events, usage) = hits(guest).await;
        assert_eq!(usage.limit, hit(EgressLimit::ResponseBytes, 1000));
        assert_eq!(events, [EgressEvent::LimitHit(usage.limit.unwrap())]);
    }
}

#[tokio::test]
async fn a_jobs_responses_are_limited_together() {
    let setup = setup(bytes());
    let limits = NetworkLimits {
        total_response_bytes: 2500,
        ..Default::default()
    };
    let guest = guest(&setup, limits).await;
    for _ in 0..2 {
        guest.get("http://a.example/known/1000").await.text();
    }
    assert_eq!(
        guest.get("http://a.example/known/501").await.failed(),
        "http-response-body-size"
    );
    guest.get("http://a.example/chunked/500").await.text();
    assert_eq!(
        guest.get("http://a.example/chunked/1").await.failed(),
        "http-response-body-size"
    );
    let usage = guest.finish().await;
    assert_eq!(usage.limit, hit(EgressLimit::TotalResponseBytes, 2500));
    assert_eq!(usage.response_bytes, 2500);
}

async fn upload(guest: &Guest, known: bool, count: usize) -> Reply {
    let data = Bytes::from(vec![b'x'; count]);
    if known {
        return guest.post("http://a.example/", full(data)).await;
    }
    let (frames, body) = channel_body();
    let post = guest.post("http://a.example/", body);
    frames.send(Frame::data(data)).await.unwrap();
    drop(frames);
    post.await
}

#[tokio::test]
async fn requests_are_limited_to_the_byte() {
    for known in [true, false] {
        let mut setup = setup(describe());
        let limits = NetworkLimits {
            request_bytes: 1000,
            ..Default::default()
        };
        let guest = guest(&setup, limits).await;
        assert!(
            upload(&guest, known, 1000)
                .await
                .text()
                .ends_with(&"x".repeat(1000))
        );
        setup.dialled();
        assert_eq!(
            upload(&guest, known, 1001).await.failed(),
            "http-request-body-size"
        );
        let usage = guest.finish().await;
        assert_eq!(usage.limit, hit(EgressLimit::RequestBytes, 1000));
        assert_eq!(usage.request_bytes, 1000, "what was over is not passed on");
    }
}

#[tokio::test]
async fn a_jobs_requests_are_limited_together() {
    let setup = setup(describe());
    let limits = NetworkLimits {
        total_request_bytes: 2500,
        ..Default::default()
    };
    let guest = guest(&setup, limits).await;
    for known in [true, false] {
        upload(&guest, known, 1000).await.text();
    }
    assert_eq!(
        upload(&guest, true, 501).await.failed(),
        "http-request-body-size"
    );
    upload(&guest, false, 500).await.text();
    let usage = guest.finish().await;
    assert_eq!(usage.limit, hit(EgressLimit::TotalRequestBytes, 2500));
    assert_eq!(usage.request_bytes, 2500);
}

#[tokio::test]
async fn requests_are_counted_those_that_were_refused_included() {
    let mut setup = setup(describe());
    let limits = NetworkLimits {
        requests: 3,
        ..Default::default()
    };
    let guest = guest(&setup, limits).await;
    guest.get("http://a.example/").await.text();
    guest.get("http://b.example/").await.failed();
    guest.get("http://a.example/").await.text();
    assert_eq!(
        guest.get("http://a.example/").await.failed(),
        "http-request-denied"
    );
    let usage = guest.finish().await;
    assert_eq!(
        (usage.limit, usage.requests),
        (hit(EgressLimit::Requests, 3), 4)
    );
    assert_eq!(setup.dialled().len(), 1);
}

#[tokio::test]
async fn heads_of_requests_are_limited_to_the_byte_and_to_the_header() {
    let setup = setup(describe());
    let limits = NetworkLimits {
        header_bytes: 8192,
        headers: 5,
        ..Default::default()
    };
    // Method, host and path are told to a server too.
    let fixed = "GET".len() + "a.example".len() + "/".len() + "x-long".len();
    let send = async |value: usize, more: usize| {
        let guest = guest(&setup, limits).await;
        let mut request = Request::get("http://a.example/").header("x-long", "v".repeat(value));
        for n in 0..more {
            request = request.header(format!("x-{n}"), "");
        }
        let reply = guest.fetch(request.body(empty()).unwrap()).await;
        (reply, guest.finish().await.limit)
    };
    let (whole, none) = send(8192 - fixed, 0).await;
    assert!(whole.text().contains("x-long") && none.is_none());
    let (over, limit) = send(8193 - fixed, 0).await;
    assert_eq!(over.failed(), "http-request-header-section-size");
    assert_eq!(limit, hit(EgressLimit::RequestHeaderBytes, 8192));
    let (whole, none) = send(1, 4).await;
    assert!(whole.text().contains("x-3") && none.is_none());
    let (over, limit) = send(1, 5).await;
    assert_eq!(over.failed(), "http-request-header-section-size");
    assert_eq!(limit, hit(EgressLimit::RequestHeaders, 5));
}

#[tokio::test]
async fn heads_of_responses_are_limited_to_the_byte_and_to_the_header() {
    let fetch = async |head: &str| {
        let server = RawServer::saying(format!("HTTP/1.1 204 No Content\r\n{head}\r\n"));
        let setup = Net::new()
            .name("a.example", &[PUBLIC])
            .at(&format!("{PUBLIC}:80"), server.endpoint.clone())
            .start();
        let guest = guest(
            &setup,
            NetworkLimits {
                header_bytes: 8192,
                headers: 5,
                ..Default::default()
            },
        )
        .await;
        let reply = guest.get("http://a.example/").await;
        (
            reply.error.map(|code| code.name()),
            guest.finish().await.limit,
        )
    };
    let section = Some("http-response-header-section-size");
    let bytes = hit(EgressLimit::ResponseHeaderBytes, 8192);
    let count = hit(EgressLimit::ResponseHeaders, 5);
    let long = |value: usize| format!("x-long: {}\r\n", "v".repeat(value - "x-long".len()));
    assert_eq!(fetch(&long(8192)).await, (None, None));
    assert_eq!(fetch(&long(8193)).await, (section, bytes));
    assert_eq!(
        fetch(&long(100_000)).await,
        (section, bytes),
        "what is not read to its end as well"
    );
    assert_eq!(fetch(&"x: y\r\n".repeat(5)).await, (None, None));
    assert_eq!(fetch(&"x: y\r\n".repeat(6)).await, (section, count));
    assert_eq!(fetch(&"x: y\r\n".repeat(1000)).await.0, section);
}

/// A service whose answers wait to be let go; tells how many wait.
fn gated() -> (
    TextService,
    mpsc::UnboundedReceiver<tokio::sync::oneshot::Sender<()>>,
) {
    let (tx, rx) = mpsc::unbounded_channel();
    let service = move |_| {
        let (go, gone) = tokio::sync::oneshot::channel();
        tx.send(go).unwrap();
        Box::pin(async move {
            let _ = gone.await;
            Response::new(full("ok"))
        }) as BoxFuture<'static, _>
    };
    (Arc::new(service), rx)
}

#[tokio::test]
async fn requests_over_those_in_flight_wait_and_none_is_lost() {
    let (service, mut waiting) = gated();
    let mut setup = setup(service);
    let guest = guest(
        &setup,
        NetworkLimits {
            in_flight: 3,
            ..Default::default()
        },
    )
    .await;
    let requests: Vec<_> = (0..10).map(|_| guest.get("http://a.example/")).collect();
    let all = futures::future::join_all(requests);
    let serve = async {
        for served in 0..10 {
            let mut held = vec![waiting.recv().await.unwrap()];
            if served == 0 {
                held.push(waiting.recv().await.unwrap());
                held.push(waiting.recv().await.unwrap());
                assert!(waiting.is_empty());
                assert_eq!(setup.dialled().len(), 3, "and not one connection more");
            }
            held.into_iter().for_each(|go| go.send(()).unwrap());
            if served == 7 {
                break;
            }
        }
    };
    let (replies, ()) = tokio::join!(all, serve);
    assert!(replies.iter().all(|reply| reply.text() == "ok"));
    let usage = guest.finish().await;
    assert_eq!((usage.requests, usage.limit), (10, None));
    assert!(usage.connections <= 3, "{usage:?}");
}

#[tokio::test]
async fn a_guest_that_does_not_read_holds_its_server_back() {
    // 64 MiB are offered; the stream's windows and buffers hold far less.
    let (sent_tx, mut sent) = mpsc::unbounded_channel();
    let service = move |_| {
        let sent_tx = sent_tx.clone();
        let (frames, body) = channel_body();
        let tasks = tokio_util::task::TaskTracker::new();
        tasks.spawn(async move {
            for _ in 0..4096 {
                if frames
                    .send(Frame::data(Bytes::from(vec![0; 16 * 1024])))
                    .await
                    .is_err()
                {
                    return;
                }
                let _ = sent_tx.send(());
            }
        });
        Box::pin(async move { Response::new(body) }) as BoxFuture<'static, _>
    };
    let setup = setup(Arc::new(service));
    let guest = guest(&setup, NetworkLimits::default()).await;
    let response = guest
        .send(Request::get("http://a.example/").body(empty()).unwrap())
        .await
        .unwrap();
    // Every task has nothing left to do once the time moves by itself.
    tokio::time::pause();
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    tokio::time::resume();
    let held = std::iter::from_fn(|| sent.try_recv().ok()).count() * 16 * 1024;
    assert!((16 * 1024..8 * 1024 * 1024).contains(&held), "{held} bytes");
    drop(response);
    let usage = guest.finish().await;
    assert!(usage.response_bytes as usize <= held);
}
