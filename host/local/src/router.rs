//! Which service gets a request.
//!
//! A request with CodePipeline's target, or a signature for it, goes to CodePipeline; one whose
//! signature (in the header or, presigned, in the query) is for S3 goes to S3, and so does an
//! anonymous one without a target, to be refused in S3's form. Any other service is named in the
//! refusal, in the form that its clients read. The control path, where it was asked for, is beside them.
//!
//! The key pair is known to everybody, so what keeps others out is that they cannot connect. A page
//! in a browser could, if its own host name were made to point here (DNS rebinding); the `Host`
//! header then tells, and such a request is refused before anything else.

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;

use crate::auth::{Registry, sigv4};
use crate::control::{self, Control, ControlToken, Faults, Meeting, Mishap};
use crate::pipeline::{ApiError, CodePipeline, failure, is_target, serve};
use crate::s3::{S3Door, operation_of};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, BoxError>;

pub(crate) struct Router {
    pub(crate) pipeline: CodePipeline,
    pub(crate) door: S3Door,
    pub(crate) registry: Registry,
    pub(crate) faults: Faults,
    /// The control path, where there is one.
    pub(crate) control: Option<(Control, ControlToken)>,
    pub(crate) region: String,
}

impl Router {
    /// The answer; None where a fault has it that there is none.
    pub(crate) async fn route(&self, request: Request<Incoming>) -> Option<Response<Body>> {
        let (parts, body) = request.into_parts();
        if !is_local_host(&parts) {
            return Some(full(xml(
                StatusCode::FORBIDDEN,
                "AccessDenied",
                "the Host header must name a loopback address or localhost",
            )));
        }
        if let Some((control, token)) = &self.control
            && parts.uri.path() == control::PATH
        {
            let request = Request::from_parts(parts, body);
            return Some(full(control::serve(control, token, request).await));
        }
        let scope = sigv4::scope_service(&parts);
        let has_target = parts.headers.contains_key("x-amz-target");
        if is_target(&parts) || scope.as_deref() == Some("codepipeline") {
            return self.codepipeline(Request::from_parts(parts, body)).await;
        }
        match scope.as_deref() {
            Some("s3") => self.s3(Request::from_parts(parts, body)).await,
            None if !has_target => self.s3(Request::from_parts(parts, body)).await,
            other => Some(full(unknown_service(other, has_target))),
        }
    }

    async fn codepipeline(&self, request: Request<Incoming>) -> Option<Response<Body>> {
        let (service, faults) = (&self.pipeline, &self.faults);
        let mut answer = serve(service, &self.registry, faults, &self.region, request).await?;
        let clock = self.registry.clock();
        if clock.is_skewed() {
            // So that a client can tell, as it could on AWS: hyper's own would be the machine's.
            let date = clock.wall().strftime("%a, %d %b %Y %H:%M:%S GMT");
            if let Ok(date) = HeaderValue::from_str(&date.to_string()) {
                answer.headers_mut().insert(header::DATE, date);
            }
        }
        Some(full(answer))
    }

    async fn s3(&self, request: Request<Incoming>) -> Option<Response<Body>> {
        let (parts, body) = request.into_parts();
        let operation = operation_of(&parts.method, &parts.uri, &parts.headers);
        let Meeting { late, mishap } = self.faults.meet(operation.unwrap_or("S3"), None);
        if !late.is_zero() {
            tokio::time::sleep(late).await;
        }
        let refused = |status, code, message| Some(full(xml_error(status, code, message)));
        match mishap {
            Some(Mishap::Throttled) => {
                read_away(body).await;
                let message = "Please reduce your request rate.";
                return refused(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", message);
            }
            Some(Mishap::Failed) => {
                read_away(body).await;
                let message = "The request was let fail.";
                return refused(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message);
            }
            _ => {}
        }
        let answer = self.door.call(Request::from_parts(parts, body)).await;
        (mishap != Some(Mishap::Unanswered)).then(|| answer.map(boxed))
    }
}

/// Refuses a service that is not here: as JSON to clients that send a target, else as XML.
fn unknown_service(name: Option<&str>, is_json: bool) -> Response<Full<Bytes>> {
    let name = name.unwrap_or("service of that target");
    let message = format!("pipefitter's embedded service has no {name}; only codepipeline and s3");
    if is_json {
        return failure(&ApiError::new("UnknownServiceException", message));
    }
    xml(StatusCode::BAD_REQUEST, "UnknownService", &message)
}

/// Whether a request was addressed to this machine by a name that nobody else can give it.
fn is_local_host(parts: &http::request::Parts) -> bool {
    let header = parts
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let Some(host) = header.or(parts.uri.authority().map(|authority| authority.as_str())) else {
        // HTTP/1.0 without a host: no browser.
        return true;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    address
        .parse::<IpAddr>()
        .is_ok_and(|address| address.is_loopback())
        || name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
}

fn xml(status: StatusCode, code: &str, message: &str) -> Response<Full<Bytes>> {
    let escaped = message
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{escaped}</Message></Error></ErrorResponse>"
    );
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}

/// Takes what a client sends, so that it sees the answer: it would not while it is still sending.
async fn read_away(mut body: Incoming) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// An error as S3 sends it.
fn xml_error(status: StatusCode, code: &str, message: &str) -> Response<Full<Bytes>> {
    let body = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/xml"),
    );
    response
}

fn full(response: Response<Full<Bytes>>) -> Response<Body> {
    response.map(|body| body.map_err(|never| match never {}).boxed_unsync())
}

fn boxed<B>(body: B) -> Body
where
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    body.map_err(Into::into).boxed_unsync()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_answered_to() {
        let is_answered = |host: &str| {
            let request = Request::get("/").header("host", host).body(()).unwrap();
            is_local_host(&request.into_parts().0)
        };
        for host in [
            "127.0.0.1:4510",
            "[::1]:4510",
            "[::1]",
            "localhost",
            "b.s3.localhost:80",
        ] {
            assert!(is_answered(host), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example:4510",
            "10.0.0.1",
            "127.0.0.1.nip.io",
        ] {
            assert!(!is_answered(host), "{host}");
        }
    }
}
