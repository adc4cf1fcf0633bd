//! From a guest's request to the broker's answer.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::BodyExt;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::watch;
use tokio::task::JoinSet;
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody, WasiHttpCtx, WasiHttpHooks};

use super::errors::{error, of_reset};
use super::gather::Gathered;
use crate::limits::{Limit, Limits};
use crate::runner::HostStream;

/// Why there is no answer: an error code of wasi:http's.
const ERROR: &str = "pipefitter-egress-error";
const CONNECT_TIMEOUT: &str = "pipefitter-connect-timeout-ms";
const FIRST_BYTE_TIMEOUT: &str = "pipefitter-first-byte-timeout-ms";
const BETWEEN_BYTES_TIMEOUT: &str = "pipefitter-between-bytes-timeout-ms";

/// What of one answer may come before the guest reads it.
const STREAM_WINDOW: u32 = 64 << 10;
/// HTTP/2's least, and what one write of a guest's body may hand over: more would be held here, for each of a thousand
/// bodies.
const FRAME: u32 = 16 << 10;
/// What of one request's body waits to be taken by the broker.
const SEND_BUFFER: usize = 64 << 10;
/// What the broker takes of headers, so that what is over the limit of an answer's is named there.
const HEADER_LIST: u32 = 768 << 10;
/// Of a broker's, in the worst case: the connection's window has room for each.
const MOST_IN_FLIGHT: u32 = 256;
/// What names and values of headers take in memory beyond their bytes is counted, too: room for as many as a broker
/// takes, so that it is the broker who finds that there are too many.
const FIELDS: usize = 64 << 10;

type Body = Gathered<WasiBody>;
type Sender = SendRequest<Body>;

/// The way to the broker.
pub(crate) struct Network {
    pub(crate) context: WasiHttpCtx,
    pub(crate) hooks: Hooks,
    /// What moves the bytes; ends with the job, and all requests with it.
    _connection: JoinSet<()>,
}

impl Network {
    /// Opens it in a task of its own, on the runtime that this is called on: a guest that drops its first request must
    /// not take the way away from the next.
    pub(crate) fn new(stream: Option<Box<dyn HostStream>>, limits: &Limits) -> Network {
        let mut context = WasiHttpCtx::new();
        let fields = limits.count(Limit::HeaderBytes).saturating_add(FIELDS);
        context.set_field_size_limit(fields);
        let (opened, sender) = watch::channel(None);
        let mut connection = JoinSet::new();
        if let Some(stream) = stream {
            let in_flight = limits.get(Limit::RequestsInFlight);
            let in_flight = u32::try_from(in_flight).unwrap_or(u32::MAX);
            connection.spawn(open(stream, in_flight.min(MOST_IN_FLIGHT), opened));
        }
        Network {
            context,
            hooks: Hooks(Way { sender }),
            _connection: connection,
        }
    }
}

/// Runs until the broker or the job ends. Whoever waits is told by `opened`, or by its end.
async fn open(stream: Box<dyn HostStream>, in_flight: u32, opened: watch::Sender<Option<Sender>>) {
    let handshake = http2::Builder::new(TokioExecutor::new())
        // What the broker allows is known with its first frame.
        .initial_max_send_streams(1)
        .initial_stream_window_size(STREAM_WINDOW)
        // No answer that is not read keeps another one waiting.
        .initial_connection_window_size(STREAM_WINDOW.saturating_mul(in_flight.saturating_add(1)))
        .max_frame_size(FRAME)
        .max_send_buf_size(SEND_BUFFER)
        .max_header_list_size(HEADER_LIST)
        .handshake(TokioIo::new(stream))
        .await;
    let ended = match handshake {
        Ok((sender, connection)) => {
            opened.send_replace(Some(sender));
            connection.await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "the way to the network ended");
    }
}

pub(crate) struct Hooks(Way);

#[derive(Clone)]
struct Way {
    sender: watch::Receiver<Option<Sender>>,
}

impl Way {
    async fn sender(&mut self) -> Result<Sender> {
        let opened = self.sender.wait_for(Option::is_some).await;
        let sender = opened.ok().and_then(|sender| sender.clone());
        sender.ok_or(Error::ConnectionTerminated)
    }

    async fn send(
        mut self,
        mut request: Request<WasiBody>,
        options: Option<RequestOptions>,
    ) -> Result<Response<WasiBody>> {
        let options = options.unwrap_or_default();
        for (name, time) in [
            (CONNECT_TIMEOUT, options.connect_timeout),
            (FIRST_BYTE_TIMEOUT, options.first_byte_timeout),
            (BETWEEN_BYTES_TIMEOUT, options.between_bytes_timeout),
        ] {
            request.headers_mut().remove(name);
            if let Some(time) = time {
                request
                    .headers_mut()
                    .insert(HeaderName::from_static(name), millis(time));
            }
        }
        let mut sender = self.sender().await?;
        sender.ready().await.map_err(of_reset)?;
        let sent = sender.send_request(request.map(Gathered::new)).await;
        let response = sent.map_err(of_reset)?;
        if let Some(code) = response.headers().get(ERROR) {
            return Err(error(code.to_str().unwrap_or_default()));
        }
        Ok(response.map(|body| body.map_err(of_reset).boxed_unsync()))
    }
}

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _done: Box<dyn Future<Output = Result<()>> + Send>,
    ) -> Box<
        dyn Future<
                Output = Result<(
                    Response<WasiBody>,
                    Box<dyn Future<Output = Result<()>> + Send>,
                )>,
            > + Send,
    > {
        let way = self.0.clone();
        Box::new(async move {
            let response = way.send(request, options).await?;
            let nothing: Box<dyn Future<Output = Result<()>> + Send> = Box::new(async { Ok(()) });
            Ok((response, nothing))
        })
    }

    /// The broker writes it, by the URI.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        FRAME as usize
    }
}

fn millis(time: Duration) -> HeaderValue {
    HeaderValue::from(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
