//! One connection to a server, which carries one request at a time.
//!
//! HTTP/2 could carry many, but then a request that hangs could not be ended by ending its connection; with one each,
//! dropping a [`Connection`] ends everything that ran on it, whatever state the server left it in.

use http::header::{self, HeaderValue};
use http::uri::{Authority, PathAndQuery};
use http::{Request, Response, Uri, Version as HttpVersion};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::Instant;
use tokio_util::sync::DropGuard;

use crate::dial::ByteStream;
use crate::failure::{Failure, chain};
use crate::limits::NetworkLimits;
use crate::protocol::ErrorCode;
use crate::target::Target;
use crate::tasks::Tasks;
use crate::tls::Version;
use crate::upload::UploadBody;

/// What a server may send before it is read: enough for a good rate at 100 ms round trips, and a bound on what one
/// connection holds in memory.
const WINDOW: u32 = 1024 * 1024;

/// How much more of a head is read than the limits allow, so that it is they who are hit, to the byte and by name.
const SLACK: u32 = 2;

/// Marks a request whose body has no known length though its method usually has none, so that it is sent chunked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunked;

/// One connection to a server.
pub(crate) struct Connection {
    sender: Sender,
    /// Ends the connection's tasks.
    _alive: DropGuard,
    /// Since when nobody uses it.
    pub(crate) idle_since: Instant,
}

enum Sender {
    Http1(http1::SendRequest<UploadBody>),
    Http2(http2::SendRequest<UploadBody>),
}

/// A request that got no response; and the request itself, where it is sure that nothing of it was sent.
pub(crate) struct Unsent {
    pub(crate) error: hyper::Error,
    pub(crate) request: Option<Box<Request<UploadBody>>>,
}

impl Connection {
    /// Speak HTTP on a stream; what serves it runs among `tasks`.
    pub(crate) async fn start(
        stream: Box<dyn ByteStream>,
        version: Version,
        limits: &NetworkLimits,
        tasks: &Tasks,
    ) -> Result<Self, Failure> {
        let token = tasks.token();
        let tasks = tasks.under(token.clone());
        let alive = token.drop_guard();
        let (headers, header_bytes) = (limits.headers * SLACK, limits.header_bytes * SLACK);
        let io = TokioIo::new(stream);
        let sender = match version {
            Version::Http1 => {
                let (sender, connection) = http1::Builder::new()
                    .max_headers(headers as usize)
                    .max_header_size(header_bytes as usize)
                    .max_buf_size(header_bytes as usize)
                    .handshake(io)
                    .await
                    .map_err(|error| response_failure(&error))?;
                tasks.spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::debug!(error = chain(&error), "an HTTP/1 connection broke");
                    }
                });
                Sender::Http1(sender)
            }
            Version::Http2 => {
                // HTTP/2 counts 32 bytes more for each header (RFC 9113, 6.5.2).
                let list = limits
                    .header_bytes
                    .saturating_add(limits.headers.saturating_mul(32));
                let (sender, connection) = http2::Builder::new(tasks.clone())
                    .timer(TokioTimer::new())
                    .initial_stream_window_size(WINDOW)
                    .initial_connection_window_size(WINDOW)
                    .max_header_list_size(list)
                    .max_send_buf_size(64 * 1024)
                    .handshake(io)
                    .await
                    .map_err(|error| response_failure(&error))?;
                tasks.spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::debug!(error = chain(&error), "an HTTP/2 connection broke");
                    }
                });
                Sender::Http2(sender)
            }
        };
        Ok(Self {
            sender,
            _alive: alive,
            idle_since: Instant::now(),
        })
    }

    /// Send one request and wait for the response's head.
    pub(crate) async fn send(
        &mut self,
        target: &Target,
        mut request: Request<UploadBody>,
    ) -> Result<Response<Incoming>, Unsent> {
        let sent = match &mut self.sender {
            Sender::Http1(sender) => {
                shape(&mut request, target, Version::Http1);
                sender.try_send_request(request).await
            }
            Sender::Http2(sender) => {
                shape(&mut request, target, Version::Http2);
                sender.try_send_request(request).await
            }
        };
        sent.map_err(|mut unsent| {
            let request = unsent.take_message().map(Box::new);
            Unsent {
                error: unsent.into_error(),
                request,
            }
        })
    }

    /// Wait until another request can be sent; false where none ever can.
    pub(crate) async fn ready(&mut self) -> bool {
        match &mut self.sender {
            Sender::Http1(sender) => sender.ready().await.is_ok(),
            Sender::Http2(sender) => sender.ready().await.is_ok(),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_closed(),
            Sender::Http2(sender) => sender.is_closed(),
        }
    }
}

/// Write what depends on the version: both name the host by the target, whatever the guest said.
fn shape(request: &mut Request<UploadBody>, target: &Target, version: Version) {
    let path = request
        .uri()
        .path_and_query()
        .cloned()
        .unwrap_or_else(|| PathAndQuery::from_static("/"));
    let chunked = request.extensions().get::<Chunked>().is_some();
    let authority = target.authority();
    let mut parts = http::uri::Parts::default();
    parts.path_and_query = Some(path);
    match version {
        Version::Http1 => {
            *request.version_mut() = HttpVersion::HTTP_11;
            // TE is for the next hop, and HTTP/1 would have to name it in Connection.
            request.headers_mut().remove(header::TE);
            if let Ok(host) = HeaderValue::from_str(&authority) {
                request.headers_mut().insert(header::HOST, host);
            }
            if chunked {
                let chunked = HeaderValue::from_static("chunked");
                request
                    .headers_mut()
                    .insert(header::TRANSFER_ENCODING, chunked);
            }
        }
        Version::Http2 => {
            *request.version_mut() = HttpVersion::HTTP_2;
            request.headers_mut().remove(header::HOST);
            request.headers_mut().remove(header::TRANSFER_ENCODING);
            parts.scheme = target.scheme.name().parse().ok();
            parts.authority = authority.parse::<Authority>().ok();
        }
    }
    // A target's host and port are always an authority, so this holds; if it ever did not, the server would be asked
    // for "/" and not for something that the guest made up.
    *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
}

/// What a connection's error means for the request that was on it.
pub(crate) fn response_failure(error: &hyper::Error) -> Failure {
    let code = if error.is_parse() {
        ErrorCode::HttpProtocolError
    } else if let Some(h2) = find::<h2::Error>(error) {
        if h2.is_io() || h2.is_go_away() || h2.is_remote() {
            ErrorCode::ConnectionTerminated
        } else {
            ErrorCode::HttpProtocolError
        }
    } else {
        ErrorCode::ConnectionTerminated
    };
    Failure::failed(code, format!("no response: {}", chain(error)))
}

/// The error of this type that lies below another.
pub(crate) fn find<E: std::error::Error + 'static>(error: &hyper::Error) -> Option<&E> {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(found) = cause.downcast_ref::<E>() {
            return Some(found);
        }
        source = cause.source();
    }
    None
}
