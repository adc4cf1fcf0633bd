//! A proxy between worker and service that sees every request and can be told to spoil some.
//!
//! What it passes on is byte for byte what came, the Host header included: signatures stay good.
//! Requests to CodePipeline are read whole, so that a fault can choose by operation and job; those to S3
//! stream through.

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
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::process::DEADLINE;

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Body = BoxBody<Bytes, Failure>;

/// A request and what came of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// CodePipeline's operation, or `GET`, `PUT` ... for S3.
    pub operation: String,
    /// The job of a job operation; the path for S3.
    pub subject: String,
    /// What was asked, for CodePipeline.
    pub request: serde_json::Value,
    /// What the service answered, if it was asked.
    pub status: Option<u16>,
    /// The answer of CodePipeline.
    pub answer: serde_json::Value,
}

impl Exchange {
    /// Whether the service did what was asked.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.status.is_some_and(|status| status < 300)
    }
}

/// What happens to a request.
#[derive(Debug)]
pub enum Fault {
    /// It never reaches the service; the connection is closed.
    DropRequest,
    /// The service does it, but the answer is lost.
    DropAnswer,
    /// The proxy answers with a status and an AWS error code in the service's place.
    Answer(u16, &'static str),
    /// It waits before it is passed on, until told; see [`Proxy::hold`].
    HoldRequest(Gate),
    /// The service does it; the answer waits until told.
    HoldAnswer(Gate),
}

/// The proxy's end of a [`Held`].
#[derive(Debug)]
pub struct Gate {
    arrived: oneshot::Sender<()>,
    opened: oneshot::Receiver<()>,
}

impl Gate {
    /// Whether the request may go on. Where the test let go of its end, it never does.
    async fn passed(self) -> bool {
        // The test may not care whether it came.
        let _ = self.arrived.send(());
        self.opened.await.is_ok()
    }
}

/// A request that waits at the proxy. Dropped, the request is dropped too.
#[derive(Debug)]
pub struct Held {
    what: String,
    arrived: Option<oneshot::Receiver<()>>,
    open: oneshot::Sender<()>,
}

impl Held {
    /// Wait until the request is there.
    pub async fn arrived(&mut self) {
        let Some(arrived) = self.arrived.take() else {
            return;
        };
        match timeout(DEADLINE, arrived).await {
            Ok(Ok(())) => {}
            _ => panic!("the proxy was to hold {}, which did not come", self.what),
        }
    }

    /// Let it go on; one that is not there yet passes when it comes.
    pub fn release(self) {
        // It may have been given up meanwhile.
        let _ = self.open.send(());
    }
}

struct Rule {
    operation: String,
    fault: Fault,
}

#[derive(Default)]
struct State {
    exchanges: Vec<Exchange>,
    rules: Vec<Rule>,
}

/// The proxy. Dropped, it stops.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<watch::Sender<State>>,
    _serving: JoinSet<()>,
}

impl Proxy {
    /// In front of a service.
    pub async fn start(upstream: SocketAddr) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let state = Arc::new(watch::Sender::new(State::default()));
        let mut serving = JoinSet::new();
        serving.spawn(accept(listener, upstream, Arc::clone(&state)));
        Proxy {
            address,
            state,
            _serving: serving,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Spoil the next request for an operation (`AcknowledgeJob`, `PutJob*`, `GET` ...). Several rules for
    /// one operation are used up in their order.
    pub fn next(&self, operation: &str, fault: Fault) {
        let rule = Rule {
            operation: operation.to_owned(),
            fault,
        };
        self.state.send_modify(|state| state.rules.push(rule));
    }

    /// Hold the next request before it is passed on.
    #[must_use]
    pub fn hold(&self, operation: &str) -> Held {
        let (gate, held) = gate(operation);
        self.next(operation, Fault::HoldRequest(gate));
        held
    }

    /// Hold the answer to the next request.
    #[must_use]
    pub fn hold_answer(&self, operation: &str) -> Held {
        let (gate, held) = gate(operation);
        self.next(operation, Fault::HoldAnswer(gate));
        held
    }

    /// Forget the faults that were not used.
    pub fn calm(&self) {
        self.state.send_modify(|state| state.rules.clear());
    }

    /// Everything that came, in the order of the answers.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.state.borrow().exchanges.clone()
    }

    /// Those for an operation; a `*` at its end stands for anything.
    #[must_use]
    pub fn of(&self, operation: &str) -> Vec<Exchange> {
        let state = self.state.borrow();
        state
            .exchanges
            .iter()
            .filter(|e| is_named(operation, &e.operation))
            .cloned()
            .collect()
    }

    /// Wait until the exchanges so far satisfy `enough`.
    pub async fn until(&self, what: &str, enough: impl Fn(&[Exchange]) -> bool) {
        let mut state = self.state.subscribe();
        let waited = timeout(DEADLINE, state.wait_for(|state| enough(&state.exchanges))).await;
        if waited.is_err() {
            let seen: Vec<String> = self
                .exchanges()
                .iter()
                .filter(|e| e.operation != "PollForJobs")
                .map(|e| format!("{} {} {:?} {}", e.operation, e.subject, e.status, e.answer))
                .collect();
            panic!(
                "the proxy did not see {what} in {DEADLINE:?}, but:\n{}",
                seen.join("\n")
            );
        }
    }

    /// Wait until so many requests for an operation were answered.
    pub async fn count(&self, operation: &str, count: usize) {
        let what = format!("{count} of {operation}");
        self.until(&what, |exchanges| {
            exchanges
                .iter()
                .filter(|e| is_named(operation, &e.operation))
                .count()
                >= count
        })
        .await;
    }
}

fn gate(operation: &str) -> (Gate, Held) {
    let (arrived_sender, arrived) = oneshot::channel();
    let (open, opened) = oneshot::channel();
    let held = Held {
        what: operation.to_owned(),
        arrived: Some(arrived),
        open,
    };
    (
        Gate {
            arrived: arrived_sender,
            opened,
        },
        held,
    )
}

fn is_named(wanted: &str, operation: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(start) => operation.starts_with(start),
        None => wanted == operation,
    }
}

async fn accept(listener: TcpListener, upstream: SocketAddr, state: Arc<watch::Sender<State>>) {
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
    let json = target.is_some();
    let operation = match target {
        Some(target) => target.rsplit('.').next().unwrap_or(target).to_owned(),
        None => parts.method.to_string(),
    };
    let (body, asked) = if json {
        read(body).await?
    } else {
        (boxed(body), Bytes::new())
    };
    let asked: serde_json::Value = serde_json::from_slice(&asked).unwrap_or_default();
    let subject = match asked["jobId"].as_str() {
        Some(job) => job.to_owned(),
        None => parts.uri.path().to_owned(),
    };
    let mut fault = None;
    state.send_modify(|state| {
        let at = state
            .rules
            .iter()
            .position(|rule| is_named(&rule.operation, &operation));
        fault = at.map(|at| state.rules.remove(at).fault);
    });
    let mut exchange = Exchange {
        operation,
        subject,
        request: asked,
        status: None,
        answer: Default::default(),
    };
    let record = |exchange: Exchange| state.send_modify(|state| state.exchanges.push(exchange));

    let mut hold_answer = None;
    let mut drop_answer = false;
    match fault {
        Some(Fault::DropRequest) => {
            record(exchange);
            return Err("dropped as told".into());
        }
        Some(Fault::Answer(status, code)) => {
            record(exchange);
            return Ok(error_answer(status, code));
        }
        Some(Fault::HoldRequest(gate)) => {
            if !gate.passed().await {
                record(exchange);
                return Err("dropped as told".into());
            }
        }
        Some(Fault::HoldAnswer(gate)) => hold_answer = Some(gate),
        Some(Fault::DropAnswer) => drop_answer = true,
        None => {}
    }

    if !json {
        let answer = forward(Request::from_parts(parts, body), upstream).await?;
        exchange.status = Some(answer.status().as_u16());
        record(exchange);
        return finish(answer.map(boxed), hold_answer, drop_answer).await;
    }
    // A task of its own: what the service did is recorded even if the worker is killed meanwhile.
    let recorder = Arc::clone(&state);
    #[expect(
        clippy::disallowed_methods,
        reason = "ends with the request that it makes"
    )]
    let answer = tokio::spawn(async move {
        let answer = forward(Request::from_parts(parts, body), upstream).await?;
        let (parts, body) = answer.into_parts();
        let (body, bytes) = read(body).await?;
        exchange.status = Some(parts.status.as_u16());
        exchange.answer = serde_json::from_slice(&bytes).unwrap_or_default();
        recorder.send_modify(|state| state.exchanges.push(exchange));
        Ok::<_, Failure>(Response::from_parts(parts, body))
    });
    finish(answer.await??, hold_answer, drop_answer).await
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

fn error_answer(status: u16, code: &str) -> Response<Body> {
    let text = serde_json::json!({ "__type": code, "message": "spoilt by the test" }).to_string();
    let body = Full::new(Bytes::from(text))
        .map_err(|never| match never {})
        .boxed();
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = response.headers_mut();
    headers.insert(
        "content-type",
        http::HeaderValue::from_static("application/x-amz-json-1.1"),
    );
    if let Ok(code) = http::HeaderValue::from_str(code) {
        headers.insert("x-amzn-errortype", code);
    }
    response
}
