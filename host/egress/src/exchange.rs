//! One request and its response.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use hyper::body::{Body as _, Incoming};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;

use crate::download::{ReplyBody, Terms};
use crate::failure::Failure;
use crate::headers;
use crate::job::Job;
use crate::limits::EgressLimit;
use crate::outgoing::{self, Outgoing};
use crate::protocol::{ERROR_HEADER, ErrorCode};
use crate::sender::{Connection, response_failure};
use crate::target::Target;
use crate::timeouts::Timeout;
use crate::upload::{Upload, UploadBody};

/// How long a connection may take to be ready for another request, once a response is at its end.
const REUSE: Duration = Duration::from_secs(1);

/// Serve one request of a guest. Whatever goes wrong is an answer too.
pub(crate) async fn serve(
    job: Arc<Job>,
    request: Request<Incoming>,
) -> Result<Response<ReplyBody>, Infallible> {
    let deadline = Instant::now() + job.limits.whole;
    let target = Target::of(request.uri());
    let shown: &(dyn fmt::Display + Sync) = match &target {
        Ok(target) => target,
        Err(_) => &"-",
    };
    let exchanged = async {
        if !job.ledger.request(job.limits.requests) {
            return Err(job.limit(EgressLimit::Requests, ErrorCode::HttpRequestDenied));
        }
        outgoing::judge_method(request.method())?;
        let target = target
            .as_ref()
            .map_err(|why| Failure::denied(ErrorCode::HttpRequestUriInvalid, why.clone()))?;
        let head = request.method() == Method::HEAD;
        let outgoing = outgoing::judge(&job, target, request)?;
        tokio::time::timeout_at(deadline, exchange(&job, target, outgoing, head, deadline))
            .await
            .unwrap_or_else(|_| Err(job.limit(EgressLimit::Whole, ErrorCode::HttpResponseTimeout)))
    };
    Ok(match exchanged.await {
        Ok(response) => response,
        Err(failure) => {
            job.note(shown, &failure);
            refusal(failure.code)
        }
    })
}

fn refusal(code: ErrorCode) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::none());
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
        .headers_mut()
        .insert(ERROR_HEADER, HeaderValue::from_static(code.name()));
    response
}

async fn exchange(
    job: &Arc<Job>,
    target: &Target,
    mut outgoing: Outgoing,
    head: bool,
    deadline: Instant,
) -> Result<Response<ReplyBody>, Failure> {
    let permit = Arc::clone(&job.slots)
        .acquire_owned()
        .await
        .map_err(|_| Failure::failed(ErrorCode::ConnectionTerminated, "the job is over"))?;
    outgoing.settle_body().await;
    let upload = outgoing.request.body().state();
    let between = outgoing.timeouts.between_bytes;
    let (connection, response) = send(job, target, outgoing, &upload).await?;
    let (mut parts, body) = response.into_parts();
    if parts.status == StatusCode::SWITCHING_PROTOCOLS {
        let why = "the server switches protocols, which nobody asked for";
        return Err(Failure::failed(ErrorCode::HttpUpgradeFailed, why));
    }
    frame(
        job,
        &mut parts.headers,
        &body,
        head || parts.status == StatusCode::NOT_MODIFIED,
    )?;
    parts.extensions.clear();
    let (done, ended) = oneshot::channel();
    let keeper = Keeper {
        job: Arc::clone(job),
        target: target.clone(),
        connection,
        permit,
    };
    job.tasks
        .spawn(keeper.keep(ended, Arc::clone(&upload), deadline));
    let terms = Terms {
        job: Arc::clone(job),
        target: target.clone(),
        upload,
        between,
        deadline,
        done,
    };
    Ok(Response::from_parts(parts, ReplyBody::of(body, terms)))
}

/// Send a request on a connection that waits, or on a new one. On a new one too where a waiting one turned out to be gone:
/// before anything was sent; or later, with a request that may be repeated (RFC 9110, 9.2.2), since a server that closes
/// what has waited too long for it may do so while the request is on its way.
async fn send(
    job: &Job,
    target: &Target,
    outgoing: Outgoing,
    upload: &Upload,
) -> Result<(Connection, Response<Incoming>), Failure> {
    let Outgoing {
        named,
        timeouts,
        mut request,
    } = outgoing;
    let attempt = Attempt {
        job,
        target,
        upload,
        first_byte: timeouts.first_byte,
    };
    if let Some(mut waiting) = job.pool.take(target).await {
        let again = repeated(&request);
        match attempt.on(&mut waiting, request).await {
            Ok(Sent::Answered(response)) => return Ok((waiting, response)),
            Ok(Sent::Not(unsent)) => request = *unsent,
            Err(failure) if failure.code == ErrorCode::ConnectionTerminated => {
                request = again.ok_or(failure)?;
            }
            Err(failure) => return Err(failure),
        }
    }
    let (stream, version) = job
        .connector
        .open(job, target, &named, &timeouts.connect)
        .await?;
    job.ledger.connected();
    let mut connection = Connection::start(stream, version, &job.limits, &job.tasks).await?;
    match attempt.on(&mut connection, request).await? {
        Sent::Answered(response) => Ok((connection, response)),
        Sent::Not(_) => Err(Failure::failed(
            ErrorCode::ConnectionTerminated,
            "the server closed the connection before anything was sent",
        )),
    }
}

/// The request once more, where a server that had it already would come to no harm by it.
fn repeated(request: &Request<UploadBody>) -> Option<Request<UploadBody>> {
    let is_safe = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let body = request.body().again().filter(|_| is_safe)?;
    let mut again = Request::new(body);
    again.method_mut().clone_from(request.method());
    again.uri_mut().clone_from(request.uri());
    *again.version_mut() = request.version();
    again.headers_mut().clone_from(request.headers());
    again.extensions_mut().clone_from(request.extensions());
    Some(again)
}

struct Attempt<'a> {
    job: &'a Job,
    target: &'a Target,
    upload: &'a Upload,
    first_byte: Timeout,
}

enum Sent {
    Answered(Response<Incoming>),
    /// Nothing of the request was sent: here it is.
    Not(Box<Request<UploadBody>>),
}

impl Attempt<'_> {
    async fn on(
        &self,
        connection: &mut Connection,
        request: Request<UploadBody>,
    ) -> Result<Sent, Failure> {
        self.upload.touch();
        let unsent = tokio::select! {
            biased;
            sent = connection.send(self.target, request) => match sent {
                Ok(response) => return Ok(Sent::Answered(response)),
                Err(unsent) => unsent,
            },
            () = self.upload.quiet(self.first_byte.after) => {
                let code = ErrorCode::HttpResponseTimeout;
                return Err(self.first_byte.failure(code, "the response's head"));
            }
        };
        match (self.upload.failure(), unsent.request) {
            (Some(failure), _) => Err(failure),
            (None, Some(request)) => Ok(Sent::Not(request)),
            (None, None) if unsent.error.is_parse_too_large() => {
                let code = ErrorCode::HttpResponseHeaderSectionSize;
                Err(self.job.limit(EgressLimit::ResponseHeaderBytes, code))
            }
            (None, None) => Err(response_failure(&unsent.error)),
        }
    }
}

/// Judge a response's head, and say the body's length only where it is known.
fn frame(
    job: &Job,
    map: &mut HeaderMap,
    body: &Incoming,
    is_bodyless: bool,
) -> Result<(), Failure> {
    job.measure(
        0,
        map,
        (
            EgressLimit::ResponseHeaderBytes,
            EgressLimit::ResponseHeaders,
        ),
        ErrorCode::HttpResponseHeaderSectionSize,
    )?;
    // The framing itself is undone by now; any other coding would reach the guest without its name.
    let mut codings = map.get_all(header::TRANSFER_ENCODING).iter();
    if codings.any(|coding| {
        !coding
            .as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(b"chunked")
    }) {
        let why = "the response has a transfer coding other than chunked";
        return Err(Failure::failed(ErrorCode::HttpResponseTransferCoding, why));
    }
    headers::clean_response(map);
    let size = body.size_hint();
    if !body.is_end_stream() && size.lower() > job.limits.response_bytes {
        return Err(job.limit(EgressLimit::ResponseBytes, ErrorCode::HttpResponseBodySize));
    }
    // Of a body that is not sent the server's word stands, if it is one number.
    if !is_bodyless {
        map.remove(header::CONTENT_LENGTH);
        if let Some(length) = size
            .exact()
            .filter(|length| *length > 0 || !body.is_end_stream())
        {
            map.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
    } else if !is_one_number(map) {
        map.remove(header::CONTENT_LENGTH);
    }
    Ok(())
}

fn is_one_number(map: &HeaderMap) -> bool {
    let mut lengths = map.get_all(header::CONTENT_LENGTH).iter();
    let is_number = |value: &HeaderValue| {
        let text = value.as_bytes();
        !text.is_empty() && text.iter().all(u8::is_ascii_digit)
    };
    lengths.next().is_some_and(is_number) && lengths.next().is_none()
}

/// Holds a connection, and the request's place among those in flight, until the response is at its end.
struct Keeper {
    job: Arc<Job>,
    target: Target,
    connection: Connection,
    permit: OwnedSemaphorePermit,
}

impl Keeper {
    /// Keep the connection for another request where both bodies went through; end it, and all that ran on it, where
    /// they did not. A server may answer before it has read everything: then the rest still goes to it.
    async fn keep(mut self, ended: oneshot::Receiver<()>, upload: Arc<Upload>, deadline: Instant) {
        if ended.await.is_ok()
            && let Ok(true) = tokio::time::timeout_at(deadline, upload.over()).await
            && let Ok(true) = tokio::time::timeout(REUSE, self.connection.ready()).await
        {
            self.job.pool.put(self.target, self.connection).await;
        }
        drop(self.permit);
    }
}
