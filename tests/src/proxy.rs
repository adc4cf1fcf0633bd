//! A proxy between worker and service that sees every request and can be told to spoil some.
//!
//! What it passes on is byte for byte what came, the Host header included: signatures stay good.
//! Requests to CodePipeline, and to other services whose requests are small, are read whole, so that a fault can choose
//! by operation and job; those to S3 stream through.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::process::DEADLINE;
use crate::relay::accept;

/// A request and what came of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The service's operation; `UploadPart` ... of a multipart upload, or `GET`, `PUT` ... for S3.
    pub operation: String,
    /// Which request for its operation it was, in the order in which they came: the first is 1.
    pub number: usize,
    /// The job of a job operation; else the path.
    pub subject: String,
    /// The query, for S3.
    pub query: String,
    /// The access key id that it was signed with.
    pub signer: String,
    /// What was asked; nothing of what S3 is.
    pub request: serde_json::Value,
    /// What the service answered, if it was asked.
    pub status: Option<u16>,
    /// What the proxy answered in the service's place: a status and an AWS error code.
    pub made: Option<(u16, &'static str)>,
    /// Whether the service's answer went no further.
    pub lost: bool,
    /// The service's answer, where it is JSON.
    pub answer: serde_json::Value,
}

impl Exchange {
    /// Whether the service did what was asked.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.status.is_some_and(|status| status < 300)
    }
}

/// More requests than a test waits for.
const MANY: usize = 1_000;

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
    pub(crate) async fn passed(self) -> bool {
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

/// What passed, and what is to be spoilt.
#[derive(Default)]
pub(crate) struct State {
    exchanges: Vec<Exchange>,
    rules: Vec<Rule>,
    /// How many requests for each operation came.
    came: BTreeMap<String, usize>,
}

impl State {
    /// A request came; its number.
    pub(crate) fn number(&mut self, operation: &str) -> usize {
        let came = self.came.entry(operation.to_owned()).or_default();
        *came += 1;
        *came
    }

    /// The fault for a request, which is used up by it.
    pub(crate) fn fault_for(&mut self, operation: &str) -> Option<Fault> {
        let at = self
            .rules
            .iter()
            .position(|rule| is_named(&rule.operation, operation))?;
        Some(self.rules.remove(at).fault)
    }

    pub(crate) fn record(&mut self, exchange: Exchange) {
        self.exchanges.push(exchange);
    }
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
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as a URL.
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

    /// Spoil every request for an operation until [`Proxy::calm`].
    pub fn spoil(&self, operation: &str, fault: impl Fn() -> Fault) {
        for _ in 0..MANY {
            self.next(operation, fault());
        }
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

    /// How many requests for an operation came, answered or not.
    #[must_use]
    pub fn came(&self, operation: &str) -> usize {
        self.state
            .borrow()
            .came
            .get(operation)
            .copied()
            .unwrap_or_default()
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
