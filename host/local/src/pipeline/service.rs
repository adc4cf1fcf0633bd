//! CodePipeline's protocol: AWS JSON 1.1 over HTTP.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use serde_json::json;

use super::control::Order;
use super::driver::CodePipeline;
use super::error::ApiError;
use crate::auth::{Identity, Registry, sigv4};
use crate::control::{Faults, Meeting, Mishap};

/// Before the operation's name in `X-Amz-Target`.
const TARGET: &str = "CodePipeline_20150709.";

const SPOKEN: &str = "it speaks AWS JSON 1.1: POST with the header X-Amz-Target: \
                      CodePipeline_20150709.<operation>";

/// The largest request that is read, bytes. A result with all its variables is an eighth of it.
const MAX_REQUEST: usize = 1024 * 1024;

/// Whether a request is for CodePipeline by its target.
pub(crate) fn is_target(parts: &http::request::Parts) -> bool {
    target(parts).is_some_and(|target| target.starts_with(TARGET))
}

fn target(parts: &http::request::Parts) -> Option<&str> {
    parts.headers.get("x-amz-target")?.to_str().ok()
}

/// Answers a request to CodePipeline; None where a fault has it that nobody hears of it.
pub(crate) async fn serve<B>(
    service: &CodePipeline,
    registry: &Registry,
    faults: &Faults,
    region: &str,
    request: Request<B>,
) -> Option<Response<Full<Bytes>>>
where
    B: hyper::body::Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, MAX_REQUEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => {
            return Some(failure(&ApiError::new(
                "RequestEntityTooLargeException",
                format!("The request was cut short or has more than {MAX_REQUEST} bytes"),
            )));
        }
    };
    let name = target(&parts).unwrap_or_default();
    let name = name.strip_prefix(TARGET).unwrap_or(name);
    if let Err(refused) = admit(&parts, &body, name, registry, region) {
        return Some(failure(&refused));
    }
    let job = job_of(&body);
    let Meeting { late, mishap } = faults.meet(name, job.as_deref());
    if !late.is_zero() {
        tokio::time::sleep(late).await;
    }
    match (mishap, job) {
        (Some(Mishap::Throttled), _) => {
            let refused = ApiError::new("ThrottlingException", "Rate exceeded");
            return Some(failure(&refused));
        }
        (Some(Mishap::Failed), _) => {
            let refused = ApiError::new("InternalFailure", "The request was let fail");
            return Some(failure(&refused));
        }
        (Some(Mishap::Beaten), Some(job)) => {
            // Where nobody can be first, the request gets what it would have got.
            let _ = service.order(Order::Beat(job)).await;
        }
        _ => {}
    }
    let result = service.call(name, &body).await;
    match &result {
        Ok(_) => tracing::debug!(operation = name, "answered"),
        Err(error) => tracing::debug!(operation = name, %error, "refused"),
    }
    if mishap == Some(Mishap::Unanswered) {
        return None;
    }
    Some(result.map_or_else(
        |error| failure(&error),
        |value| answer(StatusCode::OK, &value),
    ))
}

/// Whether whoever sent this may have an operation carried out.
fn admit(
    parts: &http::request::Parts,
    body: &Bytes,
    name: &str,
    registry: &Registry,
    region: &str,
) -> Result<(), ApiError> {
    if let Some(protocol) = parts.headers.get("smithy-protocol") {
        let protocol = protocol.to_str().unwrap_or("named there");
        return Err(ApiError::new(
            "UnknownOperationException",
            format!(
                "The protocol {protocol} is not built into pipefitter's embedded CodePipeline; {SPOKEN}"
            ),
        ));
    }
    let identity = sigv4::verify(parts, body, registry, (region, "codepipeline"))
        .map_err(|refusal| ApiError::new(refusal.code(), refusal.to_string()))?;
    if let Identity::Job(_) = identity {
        return Err(ApiError::new(
            "AccessDeniedException",
            format!(
                "A job's credentials may not call codepipeline:{name}; they reach the job's \
                 artifacts in S3 and nothing else"
            ),
        ));
    }
    if !is_target(parts) {
        return Err(ApiError::new(
            "UnknownOperationException",
            format!("The embedded CodePipeline knows no such request: {SPOKEN}"),
        ));
    }
    Ok(())
}

/// The job that a request is about.
fn job_of(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct About {
        job_id: String,
    }
    Some(serde_json::from_slice::<About>(body).ok()?.job_id)
}

/// An error in the protocol's form.
pub(crate) fn failure(error: &ApiError) -> Response<Full<Bytes>> {
    let status = match error.code {
        "ServiceUnavailableException" => StatusCode::SERVICE_UNAVAILABLE,
        "InternalFailure" => StatusCode::INTERNAL_SERVER_ERROR,
        // The only exception of the service's model that has a status of its own.
        "ConflictException" => StatusCode::CONFLICT,
        _ => StatusCode::BAD_REQUEST,
    };
    let body = json!({ "__type": error.code, "message": error.message });
    let mut response = answer(status, &body);
    response
        .headers_mut()
        .insert("x-amzn-errortype", HeaderValue::from_static(error.code));
    response
}

fn answer(status: StatusCode, value: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(value.to_string())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-amz-json-1.1"),
    );
    if let Ok(id) = HeaderValue::from_str(&super::engine::new_id()) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}
