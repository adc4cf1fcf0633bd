//! What one caller signed, passed on to an embedded service as the only one that it knows.

use std::net::SocketAddr;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::body::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::client::{KEY, REGION};

/// Ask CodePipeline at `upstream` with the embedded service's own pair and Region: status and answer.
pub(crate) async fn pass_on(
    upstream: SocketAddr,
    target: &str,
    body: Bytes,
) -> (StatusCode, Bytes) {
    let host = upstream.to_string();
    let content_type = "application/x-amz-json-1.1";
    let headers = [
        ("host", host.as_str()),
        ("content-type", content_type),
        ("x-amz-target", target),
    ];
    let identity = Credentials::from_keys(KEY, KEY, None).into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name("codepipeline")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .expect("all is given")
        .into();
    let signable = SignableRequest::new(
        "POST",
        format!("http://{host}/"),
        headers.into_iter(),
        SignableBody::Bytes(&body),
    );
    let signed = sign(signable.expect("a request"), &parameters).expect("it is signed");
    let (signed, _) = signed.into_parts();
    let mut request = Request::builder().method("POST").uri("/");
    for (name, value) in headers.into_iter().chain(signed.headers()) {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(body)).expect("a request");
    let stream = TcpStream::connect(upstream).await.expect("it listens");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .expect("it speaks HTTP");
    let asked = async {
        let answer = sender.send_request(request).await.expect("it answers");
        let status = answer.status();
        let body = answer.into_body().collect().await.expect("an answer");
        (status, body.to_bytes())
    };
    tokio::select! {
        answer = asked => answer,
        ended = connection => panic!("no answer of the service: {ended:?}"),
    }
}
