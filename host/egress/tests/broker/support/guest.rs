//! The guest's end of the stream.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use pipefitter_egress::protocol::ERROR_HEADER;
use pipefitter_egress::{Broker, EgressEvent, EgressUsage, ErrorCode, Observe};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) type Body = BoxBody<Bytes, Infallible>;

pub(crate) fn empty() -> Body {
    Empty::new().boxed()
}

pub(crate) fn full(data: impl Into<Bytes>) -> Body {
    Full::new(data.into()).boxed()
}

/// A body of unknown length, and where its frames come from.
pub(crate) fn channel_body() -> (mpsc::Sender<Frame<Bytes>>, Body) {
    let (tx, rx) = mpsc::channel(1);
    (tx, ChannelBody(rx).boxed())
}

struct ChannelBody(mpsc::Receiver<Frame<Bytes>>);

impl hyper::body::Body for ChannelBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|frame| frame.map(Ok))
    }
}

/// What a guest got.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
    /// What it failed with, before the head or within the body.
    pub(crate) error: Option<ErrorCode>,
}

impl Reply {
    /// What went wrong, which something must have.
    pub(crate) fn failed(&self) -> &'static str {
        self.error
            .unwrap_or_else(|| panic!("it went well: {self:?}"))
            .name()
    }

    /// The body, of a response that came whole.
    pub(crate) fn text(&self) -> &str {
        assert_eq!(self.error, None, "{self:?}");
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

struct Events(mpsc::UnboundedSender<EgressEvent>);

impl Observe for Events {
    fn shown(&self, text: &str) -> String {
        text.replace("hunter66", "***").replace("hunter77", "***")
    }

    fn observe(&self, event: EgressEvent) {
        let _ = self.0.send(event);
    }
}

/// One job's guest.
pub(crate) struct Guest {
    sender: http2::SendRequest<Body>,
    tasks: JoinSet<Option<EgressUsage>>,
    cancel: CancellationToken,
    events: mpsc::UnboundedReceiver<EgressEvent>,
}

impl Guest {
    pub(crate) async fn of(broker: Broker) -> Self {
        let (events_tx, events) = mpsc::unbounded_channel();
        let cancel = CancellationToken::new();
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let serving = broker
            .observed_by(Arc::new(Events(events_tx)))
            .serve(theirs, cancel.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { Some(serving.await) });
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .initial_max_send_streams(1)
            .handshake(TokioIo::new(ours))
            .await
            .unwrap();
        tasks.spawn(async move {
            let _ = connection.await;
            None
        });
        Self {
            sender,
            tasks,
            cancel,
            events,
        }
    }

    /// Send a request, and answer the response with its body unread.
    pub(crate) fn send(
        &self,
        request: Request<Body>,
    ) -> impl Future<Output = Result<Response<Incoming>, hyper::Error>> + use<> {
        self.sender.clone().send_request(request)
    }

    /// Send a request and read all of the response.
    pub(crate) fn fetch(&self, request: Request<Body>) -> impl Future<Output = Reply> + use<> {
        let sent = self.send(request);
        async move {
            match sent.await {
                Ok(response) => read(response).await,
                // The reset of a body that failed may overtake its head.
                Err(error) => Reply {
                    status: StatusCode::BAD_GATEWAY,
                    headers: HeaderMap::new(),
                    body: Vec::new(),
                    trailers: None,
                    error: Some(code_of(&error)),
                },
            }
        }
    }

    pub(crate) fn get(&self, uri: &str) -> impl Future<Output = Reply> + use<> {
        self.fetch(Request::get(uri).body(empty()).unwrap())
    }

    pub(crate) fn post(&self, uri: &str, body: Body) -> impl Future<Output = Reply> + use<> {
        self.fetch(Request::post(uri).body(body).unwrap())
    }

    /// What was observed since this was asked last.
    pub(crate) fn events(&mut self) -> Vec<EgressEvent> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }

    /// Wait for the next event.
    pub(crate) async fn next_event(&mut self) -> EgressEvent {
        self.events.recv().await.unwrap()
    }

    /// Close the stream as a guest does that is done.
    pub(crate) async fn finish(self) -> EgressUsage {
        drop(self.sender);
        usage(self.tasks).await
    }

    /// Cancel the job.
    pub(crate) async fn cancel(self) -> EgressUsage {
        self.cancel.cancel();
        usage(self.tasks).await
    }
}

async fn usage(mut tasks: JoinSet<Option<EgressUsage>>) -> EgressUsage {
    while let Some(ended) = tasks.join_next().await {
        if let Some(usage) = ended.unwrap() {
            return usage;
        }
    }
    panic!("the broker told nothing");
}

/// Read a response to its end.
pub(crate) async fn read(response: Response<Incoming>) -> Reply {
    let (parts, mut body) = response.into_parts();
    let mut reply = Reply {
        status: parts.status,
        error: parts
            .headers
            .get(ERROR_HEADER)
            .map(|name| ErrorCode::from_name(name.to_str().unwrap()).unwrap()),
        headers: parts.headers,
        body: Vec::new(),
        trailers: None,
    };
    while let Some(frame) = body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(Ok(data)) => reply.body.extend_from_slice(&data),
            Ok(Err(frame)) => reply.trailers = frame.into_trailers().ok(),
            Err(error) => {
                reply.error = Some(code_of(&error));
                break;
            }
        }
    }
    reply
}

/// The code that a stream was reset with, which must be one of the broker's.
fn code_of(error: &hyper::Error) -> ErrorCode {
    std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<h2::Error>())
        .and_then(h2::Error::reason)
        .and_then(|reason| ErrorCode::from_reset(reason.into()))
        .unwrap_or_else(|| panic!("no code of the broker's: {error:?}"))
}

/// All bytes of a response's body.
pub(crate) async fn body_of(response: Response<Incoming>) -> Vec<u8> {
    read(response).await.body
}
