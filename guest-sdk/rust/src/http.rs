//! HTTP requests, for plugins that an operator grants the network. Needs the feature `http`.
//!
//! A plugin says in its manifest what it wants to reach, and why; the operator's configuration says what it may:
//!
//! ```toml
//! [capabilities]
//! network = [{ to = "https://api.example.com", reason = "to announce the release" }]
//! ```
//!
//! ```
//! use pipefitter_sdk::http::{Request, Response};
//! use pipefitter_sdk::{Failure, Job, Outcome, testing};
//!
//! fn run(_job: Job) -> Result<Outcome, Failure> {
//!     let answer = Request::post("https://api.example.com/releases", r#"{"tag":"v1"}"#)
//!         .header("content-type", "application/json")
//!         .send()?;
//!     if !answer.is_success() {
//!         return Err(Failure::job_failed(format!("the API answers {}", answer.status)));
//!     }
//!     Ok(Outcome::succeeded().summary(answer.text()?))
//! }
//!
//! testing::set_response("https://api.example.com/releases", Response::new(201, "made"));
//! assert!(run(testing::job().build()).is_ok());
//! ```
//!
//! The worker makes the request and checks where it goes; redirects are not followed, and what is not granted is refused
//! with an [`HttpError`] that says so. A secret that is needed as a header only the operator can attach, so that the
//! plugin never sees it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::{Failure, FailureKind, host};

/// What is read of a body unless [`Request::at_most`] says otherwise, in bytes.
const MOST: usize = 16 << 20;

/// A request to be sent.
#[derive(Clone, Debug)]
#[must_use = "a request goes out when it is sent"]
pub struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) most: usize,
}

impl Request {
    /// With any method, such as `PUT`.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: None,
            most: MOST,
        }
    }

    /// GET.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// POST with a body.
    pub fn post(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self::new("POST", url).body(body)
    }

    /// Adds a header. `host` and what else belongs to the connection is the worker's to write.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets how long to wait to connect, for the first byte, and between two bytes, each. The worker's own bounds count
    /// where they are shorter.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets how many bytes the body of the answer may have: 16 MiB where nobody says.
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.most = bytes;
        self
    }

    /// Sends it, and reads the whole answer. An answer of 404 or 500 is one, and no error.
    ///
    /// # Errors
    /// [`HttpError`] says why there is no answer.
    pub fn send(self) -> Result<Response, HttpError> {
        let error = |reason: String| HttpError {
            method: self.method.clone(),
            url: without_query(&self.url).to_owned(),
            reason,
        };
        host::request(&self).map_err(error)
    }
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status, such as 200.
    pub status: u16,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, whole.
    pub body: Vec<u8>,
}

impl Response {
    /// One without headers: what tests answer with.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// Whether the status is one from 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of a name, in whatever case, where its value is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self
            .headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// The body as text.
    ///
    /// # Errors
    /// A failure where it is no UTF-8.
    pub fn text(&self) -> Result<&str, Failure> {
        Ok(std::str::from_utf8(&self.body)?)
    }
}

/// Why there is no answer. It becomes a [`Failure`] of the kind `system-unavailable` with `?`; where the operator has not
/// granted the destination, `permission-error`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpError {
    method: String,
    url: String,
    reason: String,
}

impl HttpError {
    /// wasi:http's name of what went wrong, such as `http-request-denied`, or words of the SDK.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    pub(crate) fn failure_kind(&self) -> FailureKind {
        match self.reason.as_str() {
            "http-request-denied" | "destination-ip-prohibited" => FailureKind::PermissionError,
            _ => FailureKind::SystemUnavailable,
        }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            url,
            reason,
        } = self;
        write!(f, "{method} {url}: {reason}")
    }
}

impl Error for HttpError {}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        Failure::of(&error)
    }
}

/// A query may hold what is nobody's business.
fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn an_answer_is_what_the_test_has_set_and_everything_else_is_refused() {
        let answer = Response {
            headers: vec![("content-type".to_owned(), b"text/plain".to_vec())],
            ..Response::new(404, "not here")
        };
        testing::set_response("https://a.example/x", answer.clone());
        let sent = Request::get("https://a.example/x").header("accept", "*/*");
        assert_eq!(sent.send(), Ok(answer.clone()));
        assert_eq!(answer.header("Content-Type"), Some("text/plain"));
        assert!(!answer.is_success());
        assert_eq!(answer.text(), Ok("not here"));
        let seen = testing::take_requests();
        assert_eq!(
            (seen[0].0.as_str(), seen[0].1.as_str()),
            ("GET", "https://a.example/x")
        );

        let error = Request::post("https://b.example/y?key=value", "body").send();
        let error = error.unwrap_err();
        assert_eq!(
            error.to_string(),
            "POST https://b.example/y: http-request-denied"
        );
        assert_eq!(Failure::from(error).kind, FailureKind::PermissionError);
    }

    #[test]
    fn a_body_that_is_too_long_is_an_error_and_not_cut() {
        testing::set_response("https://a.example/long", Response::new(200, "12345"));
        let long = || Request::get("https://a.example/long");
        let error = long().at_most(4).send().unwrap_err();
        assert!(error.reason().contains("more than 4 bytes"), "{error}");
        assert!(long().at_most(5).send().is_ok());
    }
}
