//! From what a guest asks for to what a server is asked: every refusal that needs no network is here.

use std::sync::Arc;

use http::header::{self, HeaderValue};
use http::{Method, Request};
use hyper::body::{Body as _, Incoming};
use ipnet::IpNet;

use crate::failure::Failure;
use crate::headers;
use crate::job::Job;
use crate::limits::EgressLimit;
use crate::protocol::ErrorCode;
use crate::sender::Chunked;
use crate::target::Target;
use crate::timeouts::Timeouts;
use crate::upload::UploadBody;

/// A request that may be sent.
pub(crate) struct Outgoing {
    pub(crate) named: Vec<IpNet>,
    pub(crate) timeouts: Timeouts,
    pub(crate) request: Request<UploadBody>,
}

/// Methods that would make of the broker, or of a server's answer, more than a request: CONNECT asks for a tunnel, and
/// TRACE has the server repeat headers that the host attached.
const REFUSED_METHODS: [Method; 2] = [Method::CONNECT, Method::TRACE];

/// Judge a request's method, which may come without the rest of a URI.
pub(crate) fn judge_method(method: &Method) -> Result<(), Failure> {
    if REFUSED_METHODS
        .iter()
        .any(|refused| method.as_str().eq_ignore_ascii_case(refused.as_str()))
    {
        let why = format!(
            "the method {} is not allowed",
            method.as_str().to_ascii_uppercase()
        );
        return Err(Failure::denied(ErrorCode::HttpRequestMethodInvalid, why));
    }
    Ok(())
}

/// Judge a request, and write anew what is not the guest's to say.
pub(crate) fn judge(
    job: &Arc<Job>,
    target: &Target,
    request: Request<Incoming>,
) -> Result<Outgoing, Failure> {
    // The asterisk, and what another scheme would read as a whole URI.
    if !request.uri().path().starts_with('/') {
        let why = "the path does not start with a slash";
        return Err(Failure::denied(ErrorCode::HttpRequestUriInvalid, why));
    }
    let named = job
        .grants
        .permit(target)
        .ok_or_else(|| Failure::denied(ErrorCode::HttpRequestDenied, job.advice(target)))?;
    let (mut parts, body) = request.into_parts();
    let timeouts = Timeouts::read(&parts.headers, &job.limits)?;
    let uri = parts
        .uri
        .path_and_query()
        .map_or(0, |path| path.as_str().len())
        + target.authority().len()
        + parts.method.as_str().len();
    job.measure(
        uri as u64,
        &parts.headers,
        (EgressLimit::RequestHeaderBytes, EgressLimit::RequestHeaders),
        ErrorCode::HttpRequestHeaderSectionSize,
    )?;
    // Told before a byte is sent, where it can be: half an upload is worth nothing.
    if body.size_hint().lower() > job.limits.request_bytes {
        return Err(job.limit(EgressLimit::RequestBytes, ErrorCode::HttpRequestBodySize));
    }
    headers::clean_request(&mut parts.headers);
    for attached in &job.attached {
        if let Some((name, value)) = attached.for_target(target) {
            parts.headers.insert(name, value);
        }
    }
    // Without it servers wait for a body that never comes, or refuse (411).
    let wants_length = matches!(parts.method, Method::POST | Method::PUT | Method::PATCH);
    if wants_length && body.is_end_stream() {
        parts
            .headers
            .insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    parts.extensions.clear();
    let request = Request::from_parts(parts, UploadBody::new(body, Arc::clone(job)));
    Ok(Outgoing {
        named,
        timeouts,
        request,
    })
}

impl Outgoing {
    /// A GET seldom has a body, and a guest that leaves its stream open seldom means one: such a request is sent
    /// without, but not before the guest has said so.
    pub(crate) async fn settle_body(&mut self) {
        let unusual = matches!(*self.request.method(), Method::GET | Method::HEAD);
        let body = self.request.body_mut();
        let unknown = hyper::body::Body::size_hint(body).exact().is_none() && !body.is_end_stream();
        if unusual && unknown && body.look().await {
            self.request.extensions_mut().insert(Chunked);
        }
    }
}
