//! Headers that the host attaches, and what is told of requests.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, Response};
use hyper::body::Frame;
use pipefitter_egress::{AttachedHeader, NetworkGrant, NetworkLimits};
use secrecy::SecretString;
use tokio::sync::mpsc;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{
    Authority, Endpoint, Guest, Net, OTHER, PUBLIC, channel_body, describe, empty, full,
    http1_over, tls_server,
};

fn attach(target: &str, name: &str, value: &str) -> AttachedHeader {
    let target = NetworkGrant::parse(target).unwrap();
    AttachedHeader::new(target, name, &SecretString::from(value)).unwrap()
}

#[tokio::test]
async fn a_secret_goes_to_its_host_in_place_of_the_guests_own_and_nowhere_else() {
    let setup = Net::new()
        .name("a.example", &[PUBLIC])
        .name("b.example", &[OTHER])
        .everywhere(http1_over(describe()))
        .start();
    let grants = [
        "http://a.example",
        "http://a.example:8080",
        "http://b.example",
    ];
    let secret = attach("http://a.example", "Authorization", "Bearer hunter22");
    let guest = Guest::of(setup.broker(&grants, NetworkLimits::default(), vec![secret])).await;
    let fetch = async |uri: &str| {
        let request = Request::get(uri)
            .header("authorization", "Bearer guest")
            .header("authorization", "Bearer again")
            .body(empty())
            .unwrap();
        guest.fetch(request).await.text().to_owned()
    };
    let there = fetch("http://a.example/").await;
    assert_eq!(there.matches("authorization").count(), 1, "{there}");
    assert!(
        there.contains("authorization: Bearer hunter22\n"),
        "{there}"
    );
    for uri in ["http://a.example:8080/", "http://b.example/"] {
        let elsewhere = fetch(uri).await;
        assert!(
            !elsewhere.contains("hunter22") && elsewhere.contains("Bearer guest"),
            "{elsewhere}"
        );
    }
}

#[tokio::test]
async fn a_redirect_goes_to_the_guest_and_the_secret_does_not_follow() {
    let redirect = |_| {
        let response = Response::builder()
            .status(307)
            .header("location", "http://b.example/taken")
            .body(empty())
            .unwrap();
        Box::pin(async move { response }) as BoxFuture<'static, _>
    };
    let mut setup = Net::new()
        .name("a.example", &[PUBLIC])
        .name("b.example", &[OTHER])
        .at(&format!("{PUBLIC}:80"), http1_over(Arc::new(redirect)))
        .at(&format!("{OTHER}:80"), http1_over(describe()))
        .start();
    let secret = attach("http://a.example", "x-api-key", "hunter22");
    let broker = setup.broker(
        &["http://a.example", "http://b.example"],
        NetworkLimits::default(),
        vec![secret],
    );
    let guest = Guest::of(broker).await;
    let reply = guest.get("http://a.example/").await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("location")),
        (307, Some("http://b.example/taken"))
    );
    assert_eq!(setup.dialled(), [format!("{PUBLIC}:80")]);
    let followed = guest.get("http://b.example/taken").await;
    assert_eq!(followed.text(), "GET /taken HTTP/1.1\nhost: b.example\n\n");
}

#[tokio::test]
async fn a_trailer_cannot_stand_in_for_an_attached_header() {
    let authority = Authority::new();
    let (server, _asked) = tls_server(authority.server(&["a.example"], &["h2"]), describe()).await;
    let setup = Net::new()
        .name("a.example", &[PUBLIC])
        .at(&format!("{PUBLIC}:443"), Endpoint::Tcp(server))
        .trusting(authority.file.clone())
        .start();
    let secret = attach("https://a.example", "x-api-key", "hunter22");
    let guest = Guest::of(setup.broker(
        &["https://a.example"],
        NetworkLimits::default(),
        vec![secret],
    ))
    .await;
    let (frames, body) = channel_body();
    let post = guest.post("https://a.example/", body);
    frames
        .send(Frame::data(Bytes::from_static(b"hello")))
        .await
        .unwrap();
    let mut trailers = HeaderMap::new();
    trailers.insert("x-api-key", HeaderValue::from_static("the guest's"));
    frames.send(Frame::trailers(trailers)).await.unwrap();
    drop(frames);
    let reply = post.await;
    assert!(
        reply.text().contains("x-api-key: hunter22\n"),
        "{}",
        reply.text()
    );
    assert!(!reply.text().contains("the guest's"), "{}", reply.text());
}

/// Everything that is traced, at every level.
#[derive(Clone)]
struct Lines(mpsc::UnboundedSender<Vec<u8>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn logs_name_plugin_and_target_and_tell_no_secret() {
    let (tx, mut lines) = mpsc::unbounded_channel();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_env_filter("pipefitter_egress=trace")
        .with_writer(Lines(tx))
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let setup = Net::new()
        .name("a.example", &[PUBLIC])
        .name("in.example", &["10.0.0.1"])
        .name("hunter77.example", &["10.0.0.1", PUBLIC])
        .everywhere(http1_over(describe()))
        .start();
    let secret = attach("http://a.example", "x-api-key", "hunter22");
    let limits = NetworkLimits {
        request_bytes: 10,
        ..Default::default()
    };
    let guest = Guest::of(setup.broker(
        &[
            "http://a.example",
            "http://in.example",
            "http://hunter77.example",
        ],
        limits,
        vec![secret],
    ))
    .await;
    for uri in [
        "http://a.example/path-of-mine?q=hunter33",
        "http://b.example/?q=hunter33",
        "http://in.example/?q=hunter33",
        "http://hunter66.example/",
        "http://hunter77.example/",
        "http://a.example:hunter66/",
    ] {
        let request = Request::post(uri)
            .header("authorization", "hunter44")
            .body(full("hunter55"))
            .unwrap();
        guest.fetch(request).await;
    }
    guest
        .post("http://a.example/?q=hunter33", full("hunter55, and more"))
        .await;
    guest.finish().await;
    let mut log = String::new();
    while let Ok(line) = lines.try_recv() {
        log.push_str(&String::from_utf8(line).unwrap());
    }
    for told in [
        "WARN pipefitter_egress::job: a plugin's request was refused plugin=fetcher target=http://b.example code=http-request-denied",
        "target=http://in.example code=destination-ip-prohibited",
        "WARN pipefitter_egress::job: a plugin's request hit a limit plugin=fetcher target=http://a.example limit=network-request-bytes value=10",
        "DEBUG pipefitter_egress::connect: addresses that may not be dialled were left out target=http://",
    ] {
        assert!(log.contains(told), "{told}\nis not in\n{log}");
    }
    assert!(
        !log.contains("hunter") && !log.contains("path-of-mine"),
        "{log}"
    );
}
