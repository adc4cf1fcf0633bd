//! CodePipeline's protocol: AWS JSON 1.1 over HTTP.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use serde_json::json;

use super::driver::CodePipeline;
use super::error::ApiError;
use crate::auth::{Identity, Registry, sigv4};

/// Before the operation's name in `X-Amz-Target`.
const TARGET: &str = "CodePipeline_20150709.";

/// The largest request that is read, bytes. A result with all its variables is an eighth of it.
const MAX_REQUEST: usize = 1024 * 1024;

/// Whether a request is for CodePipeline by its target.
pub(crate) fn is_target(parts: &http::request::Parts) -> bool {
    target(parts).is_some_and(|target| target.starts_with(TARGET))
}

fn target(parts: &http::request::Parts) -> Option<&str> {
    parts.headers.get("x-amz-target")?.to_str().ok()
}

/// Answers a request to CodePipeline.
pub(crate) async fn serve<B>(
    service: &CodePipeline,
    registry: &Registry,
    region: &str,
    request: Request<B>,
) -> Response<Full<Bytes>>
where
    B: hyper::body::Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, MAX_REQUEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => {
            return failure(&ApiError::new(
                "RequestEntityTooLargeException",
                format!("The request was cut short or has more than {MAX_REQUEST} bytes"),
            ));
        }
    };
    let name = target(&parts).unwrap_or_default();
    let name = name.strip_prefix(TARGET).unwrap_or(name).to_owned();
    let identity = match sigv4::verify(&parts, &body, registry, (region, "codepipeline")) {
        Ok(identity) => identity,
        Err(refusal) => return failure(&ApiError::new(refusal.code(), refusal.to_string())),
    };
    if let Identity::Job(_) = identity {
        return failure(&ApiError::new(
            "AccessDeniedException",
            format!(
                "A job's credentials may not call codepipeline:{name}; they reach the job's \
                 artifacts in S3 and nothing else"
            ),
        ));
    }
    if !is_target(&parts) {
        return failure(&ApiError::new(
            "UnknownOperationException",
            "The embedded CodePipeline speaks AWS JSON 1.1: POST with the header X-Amz-Target: \
             CodePipeline_20150709.<operation>",
        ));
    }
    let result = service.call(&name, &body).await;
    match &result {
        Ok(_) => tracing::debug!(operation = name, "answered"),
        Err(error) => tracing::debug!(operation = name, %error, "refused"),
    }
    result.map_or_else(
        |error| failure(&error),
        |value| answer(StatusCode::OK, &value),
    )
}

/// An error in the protocol's form.
pub(crate) fn failure(error: &ApiError) -> Response<Full<Bytes>> {
    let status = match error.code {
        "ServiceUnavailableException" => StatusCode::SERVICE_UNAVAILABLE,
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
