//! Outgoing wasi:http: each request goes, as HTTP/2 over a stream of bytes, to a broker of the worker's, which decides
//! about it, dials, and answers. No socket is ever made on this side.
//!
//! What a request needs besides itself travels in headers that begin with `pipefitter-`: times that the guest asks
//! for, and, in an answer, why there is none. The broker takes them out of what guests and servers send.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::BodyExt;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::{Mutex, OnceCell};
use tokio::task::JoinSet;
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody, WasiHttpCtx, WasiHttpHooks};

use crate::limits::{Limit, Limits};
use crate::runner::HostStream;

/// Why there is no answer: an error code of wasi:http's.
const ERROR: &str = "pipefitter-egress-error";
const CONNECT_TIMEOUT: &str = "pipefitter-connect-timeout-ms";
const FIRST_BYTE_TIMEOUT: &str = "pipefitter-first-byte-timeout-ms";
const BETWEEN_BYTES_TIMEOUT: &str = "pipefitter-between-bytes-timeout-ms";

/// The way to the broker, opened with the first request.
pub(crate) struct Network {
    pub(crate) context: WasiHttpCtx,
    pub(crate) hooks: Hooks,
}

impl Network {
    pub(crate) fn new(stream: Option<Box<dyn HostStream>>, limits: &Limits) -> Network {
        let mut context = WasiHttpCtx::new();
        context.set_field_size_limit(limits.count(Limit::HeaderBytes));
        let way = Way {
            stream: Mutex::new(stream),
            open: OnceCell::new(),
        };
        Network {
            context,
            hooks: Hooks(Arc::new(way)),
        }
    }
}

pub(crate) struct Hooks(Arc<Way>);

struct Way {
    stream: Mutex<Option<Box<dyn HostStream>>>,
    open: OnceCell<Open>,
}

struct Open {
    sender: SendRequest<WasiBody>,
    /// What moves the bytes; ends with the job.
    _connection: JoinSet<hyper::Result<()>>,
}

impl Way {
    async fn sender(&self) -> Result<SendRequest<WasiBody>> {
        let opened = self.open.get_or_try_init(|| async {
            let stream = self
                .stream
                .lock()
                .await
                .take()
                .ok_or(Error::ConnectionTerminated)?;
            let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                // What the broker allows is known with its first frame.
                .initial_max_send_streams(1)
                .handshake(TokioIo::new(stream))
                .await?;
            let mut moving = JoinSet::new();
            moving.spawn(connection);
            Ok::<_, Error>(Open {
                sender,
                _connection: moving,
            })
        });
        Ok(opened.await?.sender.clone())
    }

    async fn send(
        &self,
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
        sender.ready().await?;
        let response = sender.send_request(request).await.map_err(of_reset)?;
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
}

fn millis(time: Duration) -> HeaderValue {
    HeaderValue::from(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// What a broken stream stands for: the broker puts an error code of its own there, see `NAMES`.
fn of_reset(broken: hyper::Error) -> Error {
    let mut source = std::error::Error::source(&broken);
    while let Some(cause) = source {
        if let Some(reason) = cause
            .downcast_ref::<h2::Error>()
            .and_then(h2::Error::reason)
        {
            let place = u32::from(reason).checked_sub(RESET_BASE);
            let name = place.and_then(|place| NAMES.get(usize::try_from(place).ok()?));
            if let Some(name) = name {
                return error(name);
            }
        }
        source = cause.source();
    }
    Error::Hyper(broken)
}

/// The first of the RST_STREAM codes that stand for a name.
const RESET_BASE: u32 = 0x5046_0000;

/// The broker's names, in the order of their RST_STREAM codes. A test of the worker's sees that they are the broker's.
pub const NAMES: &[&str] = &[
    "dns-timeout",
    "dns-error",
    "destination-unavailable",
    "destination-ip-prohibited",
    "destination-ip-unroutable",
    "connection-refused",
    "connection-terminated",
    "connection-timeout",
    "connection-read-timeout",
    "tls-protocol-error",
    "tls-certificate-error",
    "tls-alert-received",
    "http-request-denied",
    "http-request-body-size",
    "http-request-method-invalid",
    "http-request-uri-invalid",
    "http-request-header-section-size",
    "http-request-trailer-section-size",
    "http-response-incomplete",
    "http-response-header-section-size",
    "http-response-body-size",
    "http-response-trailer-section-size",
    "http-response-transfer-coding",
    "http-response-timeout",
    "http-upgrade-failed",
    "http-protocol-error",
    "configuration-error",
];

fn error(name: &str) -> Error {
    match name {
        "dns-timeout" => Error::DnsTimeout,
        "dns-error" => Error::DnsError {
            rcode: None,
            info_code: None,
        },
        "destination-unavailable" => Error::DestinationUnavailable,
        "destination-ip-prohibited" => Error::DestinationIpProhibited,
        "destination-ip-unroutable" => Error::DestinationIpUnroutable,
        "connection-refused" => Error::ConnectionRefused,
        "connection-terminated" => Error::ConnectionTerminated,
        "connection-timeout" => Error::ConnectionTimeout,
        "connection-read-timeout" => Error::ConnectionReadTimeout,
        "tls-protocol-error" => Error::TlsProtocolError,
        "tls-certificate-error" => Error::TlsCertificateError,
        "tls-alert-received" => Error::TlsAlertReceived {
            alert_id: None,
            alert_message: None,
        },
        "http-request-denied" => Error::HttpRequestDenied,
        "http-request-body-size" => Error::HttpRequestBodySize(None),
        "http-request-method-invalid" => Error::HttpRequestMethodInvalid,
        "http-request-uri-invalid" => Error::HttpRequestUriInvalid,
        "http-request-header-section-size" => Error::HttpRequestHeaderSectionSize(None),
        "http-request-trailer-section-size" => Error::HttpRequestTrailerSectionSize(None),
        "http-response-incomplete" => Error::HttpResponseIncomplete,
        "http-response-header-section-size" => Error::HttpResponseHeaderSectionSize(None),
        "http-response-body-size" => Error::HttpResponseBodySize(None),
        "http-response-trailer-section-size" => Error::HttpResponseTrailerSectionSize(None),
        "http-response-transfer-coding" => Error::HttpResponseTransferCoding(None),
        "http-response-timeout" => Error::HttpResponseTimeout,
        "http-upgrade-failed" => Error::HttpUpgradeFailed,
        "http-protocol-error" => Error::HttpProtocolError,
        "configuration-error" => Error::ConfigurationError,
        _ => Error::InternalError(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_an_error_of_its_own() {
        for name in NAMES {
            let error = error(name);
            assert!(!matches!(error, Error::InternalError(_)), "{name}");
        }
    }
}
