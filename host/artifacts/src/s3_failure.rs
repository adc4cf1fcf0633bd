//! An answer of S3 that is no success, classed, and in words for the pipeline's owner.
//!
//! The SDK's error is taken apart here and dropped: its `Debug` prints requests with their tokens, and
//! nothing of it may travel on in an error's source.

use std::error::Error;
use std::fmt;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use crate::contract::{ErrorKind, Object};

/// What was wanted of the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Read,
    Write,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The credentials' time is over.
    Expired,
    Missing,
    Refused,
    Kms,
    WrongRegion,
    /// Our clock and S3's are apart.
    Clock,
    /// The object is another one than it was a moment ago.
    Changed,
    /// No answer, or a broken one.
    Unreachable,
    /// An answer that calls for nothing the owner could do.
    Service,
}

/// A call that failed, after the SDK's own retries.
#[derive(Clone, Debug)]
pub(crate) struct S3Failure {
    action: Action,
    object: String,
    class: Class,
    /// What S3 or the connection said.
    said: String,
}

impl Error for S3Failure {}

impl S3Failure {
    pub(crate) fn new<E: ProvideErrorMetadata>(
        action: Action,
        object: &Object,
        error: &SdkError<E, HttpResponse>,
    ) -> Self {
        let status = error
            .raw_response()
            .map(|response| response.status().as_u16());
        let meta = error.as_service_error().map(ProvideErrorMetadata::meta);
        let code = meta.and_then(|meta| meta.code()).unwrap_or_default();
        let text = meta.and_then(|meta| meta.message()).unwrap_or_default();
        let said = match (status, meta) {
            (Some(status), Some(_)) => join(&[&format!("{status} {code}"), text]),
            (Some(status), None) => format!("{status}, with an answer that cannot be read"),
            (None, _) => no_answer(error),
        };
        Self {
            action,
            object: shown(object),
            class: class(status, code),
            said,
        }
    }

    pub(crate) fn other(
        action: Action,
        object: &Object,
        class: Class,
        said: impl Into<String>,
    ) -> Self {
        Self {
            action,
            object: shown(object),
            class,
            said: said.into(),
        }
    }

    pub(crate) fn class(&self) -> Class {
        self.class
    }

    pub(crate) fn kind(&self) -> ErrorKind {
        match (self.class, self.action) {
            (Class::Missing | Class::Refused | Class::Kms | Class::WrongRegion, Action::Read) => {
                ErrorKind::Unavailable
            }
            (Class::Missing | Class::Refused | Class::Kms | Class::WrongRegion, Action::Write)
            | (Class::Expired, _) => ErrorKind::Denied,
            (Class::Clock, _) => ErrorKind::Local,
            (Class::Changed | Class::Unreachable | Class::Service, _) => ErrorKind::Service,
        }
    }
}

impl fmt::Display for S3Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { object, said, .. } = self;
        match (self.class, self.action) {
            (Class::Refused, Action::Read) => write!(
                f,
                "S3 refused to read {object} ({said}); either the object is gone (S3 answers so \
                 where the job may not list the bucket), or the job's credentials may not read it \
                 or decrypt it with its KMS key: check that an earlier action still writes it, that \
                 no lifecycle rule deletes it, and the bucket's and the key's policies"
            ),
            (Class::Missing, Action::Read) => write!(
                f,
                "{object} is not there ({said}); check that an earlier action still writes it and \
                 that no lifecycle rule deletes it, then release the change again"
            ),
            (Class::Kms, Action::Read) => write!(
                f,
                "{object} cannot be decrypted ({said}); check that its KMS key is enabled and that \
                 the key's policy lets the pipeline's role decrypt"
            ),
            (Class::Refused, Action::Write) => write!(
                f,
                "S3 refused to write {object} ({said}); check that the bucket's policy lets the \
                 pipeline's role write with `aws:kms` encryption, and that the KMS key's policy lets \
                 it generate data keys and decrypt"
            ),
            (Class::Missing, Action::Write) => write!(
                f,
                "{object} cannot be written, as its bucket is not there ({said}); check the \
                 pipeline's artifact store"
            ),
            (Class::Kms, Action::Write) => write!(
                f,
                "{object} cannot be encrypted ({said}); check that the KMS key of the pipeline's \
                 artifact store exists, is enabled, and lets the pipeline's role generate data keys"
            ),
            (Class::WrongRegion, _) => write!(
                f,
                "{object} lies in another Region than the worker's source ({said}); custom and \
                 partner actions need the artifact store in the pipeline's own Region"
            ),
            (Class::Expired, _) => write!(
                f,
                "S3 called the job's credentials for {object} expired even after they were renewed \
                 ({said}); check the clock of the worker's machine, then retry the stage"
            ),
            (Class::Clock, _) => write!(
                f,
                "S3 refused {object} because the clock of the worker's machine is off ({said}); \
                 have its operator set it"
            ),
            (Class::Changed, _) => write!(
                f,
                "{object} was replaced while it was read ({said}); retry the stage"
            ),
            (Class::Unreachable, _) => write!(
                f,
                "S3 could not be reached for {object} ({said}); retry the stage, and have the \
                 worker's operator check its network if it happens again"
            ),
            (Class::Service, _) => {
                write!(f, "S3 did not serve {object} ({said}); retry the stage")
            }
        }
    }
}

fn shown(object: &Object) -> String {
    let shown = format!("s3://{}/{}", object.bucket, object.key);
    shown.escape_debug().to_string()
}

fn class(status: Option<u16>, code: &str) -> Class {
    match (status, code) {
        (None, _) => Class::Unreachable,
        // The three codes that S3 and its gateways use.
        (_, "ExpiredToken" | "ExpiredTokenException" | "RequestExpired") => Class::Expired,
        (_, "RequestTimeTooSkewed") => Class::Clock,
        (_, code) if code.starts_with("KMS.") => Class::Kms,
        (_, "PermanentRedirect" | "AuthorizationHeaderMalformed") | (Some(301 | 307), _) => {
            Class::WrongRegion
        }
        // A multipart upload that is gone says nothing of the bucket.
        (_, "NoSuchUpload") => Class::Service,
        (Some(412), _) => Class::Changed,
        (Some(404), _) => Class::Missing,
        (Some(401 | 403), _) => Class::Refused,
        _ => Class::Service,
    }
}

fn join(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts
        .iter()
        .copied()
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(": ")
}

/// The reasons, outermost first, by `Display` alone.
fn no_answer<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> String {
    let mut source: Option<&(dyn Error + 'static)> = match error {
        SdkError::DispatchFailure(failure) => failure
            .as_connector_error()
            .map(|error| error as &(dyn Error + 'static)),
        SdkError::TimeoutError(_) => return "no answer in time".to_owned(),
        _ => return "the request could not be made".to_owned(),
    };
    let mut said: Vec<String> = Vec::new();
    while let Some(error) = source {
        said.push(error.to_string());
        source = error.source();
    }
    said.dedup();
    if said.is_empty() {
        return "no connection".to_owned();
    }
    said.join(": ")
}
