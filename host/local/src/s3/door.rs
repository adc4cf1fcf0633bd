//! The door: one HTTP request in, one answer out.
//!
//! It stands before s3s and refuses what s3s would let pass: SigV2 (which has no dates and no
//! sessions), HTML form uploads (which are read into memory), and signatures for another Region or
//! service. Behind s3s, it gives every error a message and every answer a request id.
//!
//! An upload that is refused early would be cut off while its sender is still sending, and on many
//! systems the sender then never sees the answer. So what is left of a refused body is read and
//! thrown away first, up to a limit.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::StreamExt;
use http::header::{AUTHORIZATION, CONTENT_TYPE, EXPECT};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, StdError};
use tokio::sync::oneshot;

use super::ObjectStore;
use super::access::{Gate, LIST};
use super::operation::operation_of;
use super::ops::Operations;
use crate::auth::{Registry, random};

/// How much of a refused upload is read before the answer: a few parts of the usual size.
const DRAIN_LIMIT: usize = 64 * 1024 * 1024;

/// Headers that log lines must not show; s3s logs requests at its debug level.
const SECRET_HEADERS: &[&str] = &["authorization", "x-amz-security-token"];

/// What s3s says of an operation that it does not know.
const UNKNOWN: &str = "<Message>Unknown operation</Message>";

/// Messages for errors that s3s sends without one.
const MESSAGES: &[(&str, &str)] = &[
    (
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    ),
    ("InvalidBucketName", "The specified bucket is not valid."),
    ("InvalidURI", "Couldn't parse the specified URI."),
    (
        "KeyTooLongError",
        "Your key is too long: a key has at most 1024 bytes.",
    ),
    (
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema.",
    ),
    (
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
    ),
    (
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header.",
    ),
    (
        "MissingContentLength",
        "You must provide the Content-Length HTTP header.",
    ),
    ("MissingRequestBodyError", "Request Body is empty."),
];

/// The embedded S3's protocol over a store; cheap to clone.
#[derive(Clone)]
pub(crate) struct S3Door {
    service: S3Service,
    region: Arc<str>,
}

/// Opens the door to a store, for the signers of a registry, in one Region of one account.
pub(crate) fn service(
    store: ObjectStore,
    registry: Registry,
    (region, account): (&str, &str),
) -> S3Door {
    let mut builder = S3ServiceBuilder::new(Operations::new(store, region));
    let account = account.to_owned();
    let gate = Gate { registry, account };
    builder.set_auth(gate.clone());
    builder.set_access(gate);
    S3Door {
        service: builder.build(),
        region: region.into(),
    }
}

impl S3Door {
    /// Answers one request; every failure is an answer too.
    pub(crate) async fn call<B>(&self, request: Request<B>) -> Response<Body>
    where
        Body: From<B>,
    {
        let (mut head, body) = request.into_parts();
        let (hand_back, left) = oneshot::channel();
        let body = Lent {
            body: Some(Body::from(body)),
            hand_back: Some(hand_back),
        };
        let operation = operation_of(&head.method, &head.uri, &head.headers);
        let refused = refusal(&head, operation, &self.region);
        let waits = head.headers.contains_key(EXPECT);
        for name in SECRET_HEADERS {
            if let Some(value) = head.headers.get_mut(*name) {
                value.set_sensitive(true);
            }
        }
        let answer = match refused {
            Some(refused) => {
                drop(body);
                refused.answer()
            }
            None => {
                let request = Request::from_parts(head, Body::http_body(body));
                self.service.call(request).await.unwrap_or_else(|error| {
                    let error = StdError::from(error);
                    tracing::error!(error = &*error, "answering an S3 request");
                    Refusal::new(
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "InternalError",
                        error.to_string(),
                    )
                    .answer()
                })
            }
        };
        // A sender that waits for "100 Continue" has sent nothing yet, and sees the answer.
        if is_error(answer.status()) && !waits {
            drain(left).await;
        }
        complete(answer, operation)
    }
}

/// A request that does not get as far as s3s.
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// Tells a client that signed for another Region which one it is.
    region: Option<String>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            region: None,
        }
    }

    fn answer(self) -> Response<Body> {
        let region = self.region.map_or_else(String::new, |region| {
            format!("<Region>{}</Region>", escape(&region))
        });
        let document = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{}</Code><Message>{}</Message>{region}</Error>",
            self.code,
            escape(&self.message)
        );
        let mut answer = Response::new(Body::from(document));
        *answer.status_mut() = self.status;
        let xml = HeaderValue::from_static("application/xml");
        answer.headers_mut().insert(CONTENT_TYPE, xml);
        answer
    }
}

/// What s3s would accept and this service does not.
fn refusal(head: &http::request::Parts, operation: Option<&str>, region: &str) -> Option<Refusal> {
    let header = |name| head.headers.get(name)?.to_str().ok();
    let content_type = header(CONTENT_TYPE)
        .unwrap_or_default()
        .to_ascii_lowercase();
    if head.method == Method::POST && content_type.starts_with("multipart/form-data") {
        return Some(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplemented",
            format!("PostObject (an HTML form) is not built: use PutObject; {LIST}"),
        ));
    }
    // The one whose path has a word in the place of a bucket, which s3s would take for its name.
    if let Some(name @ "WriteGetObjectResponse") = operation {
        return Some(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplemented",
            format!("{name} is not built; {LIST}"),
        ));
    }
    let query = head.uri.query().unwrap_or_default();
    let parameter = |wanted: &str| {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    };
    let authorization = header(AUTHORIZATION);
    let old = authorization.is_some_and(|value| !value.starts_with("AWS4-"));
    if old || parameter("Signature").is_some() {
        return Some(Refusal::new(
            StatusCode::BAD_REQUEST,
            "InvalidRequest",
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256 (in boto3: Config(signature_version='s3v4')).",
        ));
    }
    let presigned = parameter("X-Amz-Credential");
    let code = match presigned {
        Some(_) => "AuthorizationQueryParametersError",
        None => "AuthorizationHeaderMalformed",
    };
    let credential = presigned.or_else(|| {
        let (_, credential) = authorization?.split_once("Credential=")?;
        let end = credential.find([',', ' ']).unwrap_or(credential.len());
        Some(credential[..end].to_owned())
    })?;
    // access key / date / Region / service / aws4_request; s3s refuses any other form.
    let mut scope = credential.rsplit('/').skip(1);
    let (service, signed_for) = (scope.next()?, scope.next()?);
    if service != "s3" {
        return Some(Refusal::new(
            StatusCode::BAD_REQUEST,
            code,
            format!("the credential scope names the service '{service}'; this is 's3'"),
        ));
    }
    (signed_for != region).then(|| Refusal {
        region: Some(region.to_owned()),
        ..Refusal::new(
            StatusCode::BAD_REQUEST,
            code,
            format!("the region '{signed_for}' is wrong; expecting '{region}'"),
        )
    })
}

/// Gives an answer its request id, and an error without a message one.
fn complete(mut answer: Response<Body>, operation: Option<&str>) -> Response<Body> {
    let id = random(b"0123456789ABCDEF", 16);
    if let Ok(value) = id.parse() {
        answer.headers_mut().insert("x-amz-request-id", value);
    }
    let failed = is_error(answer.status());
    let document = answer.body().bytes().filter(|_| failed);
    let document = document.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
    let document = document.map(|document| {
        let name = operation.unwrap_or("the operation");
        let named = format!("<Message>{name} is not built; {LIST}</Message>");
        document.replace(UNKNOWN, &named)
    });
    if let Some(document) = document
        && let Some(start) = document.strip_suffix("</Error>")
    {
        let message = MESSAGES
            .iter()
            .filter(|_| !start.contains("<Message>"))
            .find(|(code, _)| start.contains(&format!("<Code>{code}</Code>")))
            .map(|(_, message)| format!("<Message>{}</Message>", escape(message)))
            .unwrap_or_default();
        *answer.body_mut() = Body::from(format!(
            "{start}{message}<RequestId>{id}</RequestId></Error>"
        ));
    }
    answer
}

fn is_error(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Reads what is left of a body whose reader gave up.
async fn drain(left: oneshot::Receiver<Body>) {
    let Ok(mut body) = left.await else { return };
    let mut drained = 0;
    while let Some(Ok(chunk)) = body.next().await {
        drained += chunk.len();
        if drained > DRAIN_LIMIT {
            return;
        }
    }
}

/// A body that comes back to the door when its reader lets go of it before the end.
struct Lent {
    body: Option<Body>,
    hand_back: Option<oneshot::Sender<Body>>,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StdError>>> {
        let Some(body) = self.body.as_mut() else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let nothing = || SizeHint::with_exact(0);
        self.body.as_ref().map_or_else(nothing, HttpBody::size_hint)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(body), Some(hand_back)) = (self.body.take(), self.hand_back.take())
            && !body.is_end_stream()
        {
            // The door may be gone, its connection closed.
            let _ = hand_back.send(body);
        }
    }
}
