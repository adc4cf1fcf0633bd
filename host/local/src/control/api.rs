//! The path: `GET` tells how things stand, `POST` takes one [`Command`](super::Command).

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use serde_json::{Value, json};

use super::handle::Control;
use super::token::ControlToken;

/// No bucket can have this name, so no S3 client asks for it.
pub(crate) const PATH: &str = "/_pipefitter/control";

/// The largest command, bytes.
const MAX_COMMAND: usize = 16 * 1024;

/// Answers one request.
pub(crate) async fn serve<B>(
    control: &Control,
    token: &ControlToken,
    request: Request<B>,
) -> Response<Full<Bytes>>
where
    B: hyper::body::Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let given = request.headers().get(header::AUTHORIZATION);
    if !given.is_some_and(|given| token.opens(given.as_bytes())) {
        let mut refused = failure(
            StatusCode::UNAUTHORIZED,
            "the control path wants `Authorization: Bearer TOKEN`; `pipefitter dev --control` prints \
             the token when it starts",
        );
        refused
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return refused;
    }
    let method = request.method().clone();
    let done = match method {
        Method::GET => control.state().await,
        Method::POST => {
            let body = Limited::new(request.into_body(), MAX_COMMAND).collect();
            let Ok(body) = body.await else {
                return failure(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    &format!("a command has at most {MAX_COMMAND} bytes"),
                );
            };
            match serde_json::from_slice(&body.to_bytes()) {
                Ok(command) => {
                    let done = control.carry_out(command).await;
                    done.map(|text| json!({ "done": text }))
                }
                Err(error) => {
                    return failure(
                        StatusCode::BAD_REQUEST,
                        &format!("no command: {error}; docs/LOCAL.md lists them"),
                    );
                }
            }
        }
        _ => {
            return failure(
                StatusCode::METHOD_NOT_ALLOWED,
                "GET tells how things stand, POST takes a command",
            );
        }
    };
    match done {
        Ok(value) => answer(StatusCode::OK, &value),
        Err(error) => failure(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

fn failure(status: StatusCode, error: &str) -> Response<Full<Bytes>> {
    answer(status, &json!({ "error": error }))
}

fn answer(status: StatusCode, value: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(value.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}
