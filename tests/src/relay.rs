//! How the proxy passes requests on; see [`crate::Proxy`].

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::proxy::{Exchange, Fault, Gate, State};

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Body = BoxBody<Bytes, Failure>;

/// How a service is spoken to.
#[derive(Clone, Copy)]
enum Protocol {
    /// CodePipeline, SQS, Secrets Manager, Parameter Store.
    Json,
    /// STS: a form, and XML.
    Query,
    /// Bodies that stream, and XML.
    S3,
}

pub(crate) async fn accept(
    listener: TcpListener,
    upstream: SocketAddr,
    state: Arc<watch::Sender<State>>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let state = Arc::clone(&state);
                connections.spawn(async move {
                    let handler = service_fn(|request| pass(request, upstream, Arc::clone(&state)));
                    let builder = hyper::server::conn::http1::Builder::new();
                    // An error is a dropped connection: a fault that was asked for, or a killed worker.
                    let _ = builder.serve_connection(TokioIo::new(stream), handler).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn pass(
    request: Request<Incoming>,
    upstream: SocketAddr,
    state: Arc<watch::Sender<State>>,
) -> Result<Response<Body>, Failure> {
    let (parts, body) = request.into_parts();
    let target = parts
        .headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok());
    let is_form = parts
        .headers
        .get("content-type")
        .is_some_and(|kind| kind.as_bytes() == b"application/x-www-form-urlencoded");
    let protocol = match target {
        Some(_) => Protocol::Json,
        None if is_form => Protocol::Query,
        None => Protocol::S3,
    };
    let (body, asked) = match protocol {
        Protocol::S3 => (boxed(body), Bytes::new()),
        _ => read(body).await?,
    };
    let asked = match protocol {
        Protocol::Query => form(&asked),
        _ => serde_json::from_slice(&asked).unwrap_or_default(),
    };
    let operation = match target {
        Some(target) => target.rsplit('.').next().unwrap_or(target),
        None => asked["Action"]
            .as_str()
            .unwrap_or_else(|| s3_operation(&parts)),
    }
    .to_owned();
    let subject = match asked["jobId"].as_str() {
        Some(job) => job.to_owned(),
        None => parts.uri.path().to_owned(),
    };
    let (mut number, mut fault) = (0, None);
    state.send_modify(|state| {
        number = state.number(&operation);
        fault = state.fault_for(&operation);
    });
    let mut exchange = Exchange {
        operation,
        number,
        subject,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        signer: signer(&parts).unwrap_or_default().to_owned(),
        request: asked,
        status: None,
        made: None,
        lost: false,
        answer: Default::default(),
    };
    let record = |exchange: Exchange| state.send_modify(|state| state.record(exchange));

    let (mut hold_request, mut hold_answer) = (None, None);
    let mut drop_answer = false;
    match fault {
        Some(Fault::DropRequest) => {
            record(exchange);
            return Err("dropped as told".into());
        }
        Some(Fault::Answer(status, code)) => {
            exchange.made = Some((status, code));
            record(exchange);
            return Ok(error_answer(protocol, status, code));
        }
        Some(Fault::HoldRequest(gate)) => hold_request = Some(gate),
        Some(Fault::HoldAnswer(gate)) => hold_answer = Some(gate),
        Some(Fault::DropAnswer) => drop_answer = true,
        None => {}
    }
    exchange.lost = drop_answer;
    if let Some(gate) = hold_request
        && !gate.passed().await
    {
        record(exchange);
        return Err("dropped as told".into());
    }

    if matches!(protocol, Protocol::S3) {
        let answer = forward(Request::from_parts(parts, body), upstream).await;
        exchange.status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        record(exchange);
        let answer = answer?;
        return finish(answer.map(boxed), hold_answer, drop_answer).await;
    }
    // A task of its own: what the service did is recorded even if the worker is killed meanwhile.
    let recorder = Arc::clone(&state);
    #[expect(
        clippy::disallowed_methods,
        reason = "ends with the request that it makes"
    )]
    let answer = tokio::spawn(async move {
        let answer = match forward(Request::from_parts(parts, body), upstream).await {
            Ok(answer) => answer,
            Err(error) => {
                recorder.send_modify(|state| state.record(exchange));
                return Err(error);
            }
        };
        let (parts, body) = answer.into_parts();
        let (body, bytes) = read(body).await?;
        exchange.status = Some(parts.status.as_u16());
        exchange.answer = serde_json::from_slice(&bytes).unwrap_or_default();
        recorder.send_modify(|state| state.record(exchange));
        Ok::<_, Failure>(Response::from_parts(parts, body))
    });
    finish(answer.await??, hold_answer, drop_answer).await
}

/// The members of a request of the query protocol.
fn form(body: &[u8]) -> serde_json::Value {
    let pairs = url::form_urlencoded::parse(body).into_owned();
    pairs
        .map(|(name, value)| (name, value.into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// From `AWS4-HMAC-SHA256 Credential=<access key id>/<date>/...`.
fn signer(parts: &http::request::Parts) -> Option<&str> {
    let header = parts.headers.get("authorization")?.to_str().ok()?;
    header.split_once("Credential=")?.1.split('/').next()
}

/// What belongs to a multipart upload by its name for S3, all else by its method.
fn s3_operation(parts: &http::request::Parts) -> &str {
    let query = parts.uri.query().unwrap_or_default();
    let has = |name| {
        query
            .split('&')
            .any(|pair| pair.split('=').next() == Some(name))
    };
    match parts.method.as_str() {
        "POST" if has("uploads") => "CreateMultipartUpload",
        "PUT" if has("partNumber") => "UploadPart",
        "POST" if has("uploadId") => "CompleteMultipartUpload",
        "DELETE" if has("uploadId") => "AbortMultipartUpload",
        method => method,
    }
}

async fn finish(
    answer: Response<Body>,
    hold: Option<Gate>,
    lost: bool,
) -> Result<Response<Body>, Failure> {
    if lost {
        return Err("the answer is lost as told".into());
    }
    if let Some(gate) = hold
        && !gate.passed().await
    {
        return Err("the answer is lost as told".into());
    }
    Ok(answer)
}

async fn forward(
    request: Request<Body>,
    upstream: SocketAddr,
) -> Result<Response<Incoming>, Failure> {
    let stream = TcpStream::connect(upstream).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // The body of the answer is read after this returns: the connection must go on until then. It ends
    // when both sides are done with it.
    #[expect(
        clippy::disallowed_methods,
        reason = "ends with the connection that it drives"
    )]
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(sender.send_request(request).await?)
}

async fn read(body: Incoming) -> Result<(Body, Bytes), Failure> {
    let bytes = body.collect().await?.to_bytes();
    let full = Full::new(bytes.clone())
        .map_err(|never| match never {})
        .boxed();
    Ok((full, bytes))
}

fn boxed(body: Incoming) -> Body {
    body.map_err(|error| -> Failure { error.into() }).boxed()
}

/// An error as the service's clients read it.
fn error_answer(protocol: Protocol, status: u16, code: &str) -> Response<Body> {
    const SAID: &str = "spoilt by the test";
    let error = format!("<Error><Code>{code}</Code><Message>{SAID}</Message></Error>");
    let (kind, text) = match protocol {
        Protocol::Json => {
            let text = serde_json::json!({ "__type": code, "message": SAID }).to_string();
            ("application/x-amz-json-1.1", text)
        }
        Protocol::Query => (
            "text/xml",
            format!("<ErrorResponse>{error}</ErrorResponse>"),
        ),
        Protocol::S3 => ("application/xml", error),
    };
    let body = Full::new(Bytes::from(text)).map_err(|never| match never {});
    let mut response = Response::new(body.boxed());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = response.headers_mut();
    headers.insert("content-type", http::HeaderValue::from_static(kind));
    if let Ok(code) = http::HeaderValue::from_str(code) {
        headers.insert("x-amzn-errortype", code);
    }
    response
}
