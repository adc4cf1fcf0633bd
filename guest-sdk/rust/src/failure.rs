//! Why a job failed, and how errors become that.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::io;

use crate::secrets::SecretError;

/// CodePipeline's failure types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The work itself failed: tests that do not pass, a check that found something.
    JobFailed,
    /// The action's configuration is wrong; the message names the key.
    ConfigurationError,
    /// Something that is needed may not be accessed.
    PermissionError,
    /// The revision to work on is not the one expected.
    RevisionOutOfSync,
    /// An input artifact or revision is missing.
    RevisionUnavailable,
    /// Another system does not answer: trying again later may help.
    SystemUnavailable,
}

/// Why a job failed: what a plugin's function returns as its error.
///
/// `?` makes one of an [`io::Error`], a [`serde_json::Error`] or a text; [`Context`] makes one of any
/// error and says what was being done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// CodePipeline's failure type.
    pub kind: FailureKind,
    /// What went wrong and what to do about it, for the pipeline's owner: 1 to 5,000 characters. The
    /// host cuts longer text and replaces an empty one.
    pub message: String,
    /// The id of this work in another system, up to 1,500 characters.
    pub external_execution_id: Option<String>,
}

impl Failure {
    /// A failure of a kind.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            external_execution_id: None,
        }
    }

    /// The work itself failed.
    #[must_use]
    pub fn job_failed(message: impl Into<String>) -> Self {
        Self::new(FailureKind::JobFailed, message)
    }

    /// The action's configuration is wrong. The message should name the key:
    /// [`Failure::configuration_key`] does.
    #[must_use]
    pub fn configuration_error(message: impl Into<String>) -> Self {
        Self::new(FailureKind::ConfigurationError, message)
    }

    /// The configuration's `key` is wrong: the message becomes "configuration `key`: ...".
    #[must_use]
    pub fn configuration_key(key: &str, problem: impl fmt::Display) -> Self {
        Self::configuration_error(format!("configuration `{key}`: {problem}"))
    }

    /// Something that is needed may not be accessed.
    #[must_use]
    pub fn permission_error(message: impl Into<String>) -> Self {
        Self::new(FailureKind::PermissionError, message)
    }

    /// The revision to work on is not the one expected.
    #[must_use]
    pub fn revision_out_of_sync(message: impl Into<String>) -> Self {
        Self::new(FailureKind::RevisionOutOfSync, message)
    }

    /// An input artifact or revision is missing.
    #[must_use]
    pub fn revision_unavailable(message: impl Into<String>) -> Self {
        Self::new(FailureKind::RevisionUnavailable, message)
    }

    /// Another system does not answer: trying again later may help.
    #[must_use]
    pub fn system_unavailable(message: impl Into<String>) -> Self {
        Self::new(FailureKind::SystemUnavailable, message)
    }

    /// Gives the id of this work in another system; CodePipeline puts it in the place of
    /// `{ExternalExecutionId}` in the action type's URL templates.
    #[must_use]
    pub fn external_id(mut self, id: impl Into<String>) -> Self {
        self.external_execution_id = Some(id.into());
        self
    }

    /// Any error as a failure: its own kind where it has one, `PermissionError` where a file may not
    /// be accessed, else `JobFailed`. The message is the error's with those of its sources.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let any = error.downcast_ref::<Self>();
        if let Some(failure) = any {
            return failure.clone();
        }
        let of_secret = || error.downcast_ref().map(SecretError::failure_kind);
        #[cfg(feature = "http")]
        let of_http = || {
            error
                .downcast_ref()
                .map(crate::http::HttpError::failure_kind)
        };
        #[cfg(not(feature = "http"))]
        let of_http = || None;
        let kind = error
            .downcast_ref()
            .map(kind_of_io)
            .or_else(of_secret)
            .or_else(of_http)
            .unwrap_or(FailureKind::JobFailed);
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            let text = error.to_string();
            // Many errors already show their source.
            if !message.ends_with(&text) {
                message = format!("{message}: {text}");
            }
            source = error.source();
        }
        Self::new(kind, message)
    }
}

fn kind_of_io(error: &io::Error) -> FailureKind {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            FailureKind::PermissionError
        }
        _ => FailureKind::JobFailed,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::of(&error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::of(&error)
    }
}

impl From<fmt::Error> for Failure {
    fn from(error: fmt::Error) -> Self {
        Self::of(&error)
    }
}

impl From<std::str::Utf8Error> for Failure {
    fn from(error: std::str::Utf8Error) -> Self {
        Self::of(&error)
    }
}

impl From<std::string::FromUtf8Error> for Failure {
    fn from(error: std::string::FromUtf8Error) -> Self {
        Self::of(&error)
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::job_failed(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Self::job_failed(message)
    }
}

/// Says what was being done when an error came up, and makes a [`Failure`] of it.
///
/// A [`Failure`] and a [`SecretError`] keep their kind, a file that may not be accessed is a
/// `PermissionError`, all else is `JobFailed`.
///
/// ```
/// use pipefitter_sdk::{Context, Failure};
///
/// fn port(text: &str) -> Result<u16, Failure> {
///     text.parse().with_context(|| format!("`{text}` is not a port"))
/// }
/// assert_eq!(port("x").unwrap_err().message, "`x` is not a port: invalid digit found in string");
/// ```
pub trait Context<T> {
    /// Puts `what` before the error's message.
    ///
    /// # Errors
    /// The error as a [`Failure`].
    fn context(self, what: impl fmt::Display) -> Result<T, Failure>;

    /// As [`Context::context`], for text that takes work to make.
    ///
    /// # Errors
    /// The error as a [`Failure`].
    fn with_context<W: fmt::Display>(self, what: impl FnOnce() -> W) -> Result<T, Failure>;
}

impl<T, E: Error + 'static> Context<T> for Result<T, E> {
    fn context(self, what: impl fmt::Display) -> Result<T, Failure> {
        self.with_context(|| what)
    }

    fn with_context<W: fmt::Display>(self, what: impl FnOnce() -> W) -> Result<T, Failure> {
        self.map_err(|error| {
            let mut failure = Failure::of(&error);
            failure.message = format!("{}: {}", what(), failure.message);
            failure
        })
    }
}

impl<T: Any> Context<T> for Option<T> {
    fn context(self, what: impl fmt::Display) -> Result<T, Failure> {
        self.with_context(|| what)
    }

    fn with_context<W: fmt::Display>(self, what: impl FnOnce() -> W) -> Result<T, Failure> {
        self.ok_or_else(|| Failure::job_failed(what().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_may_not_be_accessed_is_a_permission_error() {
        for kind in [
            io::ErrorKind::PermissionDenied,
            io::ErrorKind::ReadOnlyFilesystem,
        ] {
            let failure = Failure::from(io::Error::from(kind));
            assert_eq!(failure.kind, FailureKind::PermissionError);
        }
        let failure = Failure::from(io::Error::from(io::ErrorKind::NotFound));
        assert_eq!(failure.kind, FailureKind::JobFailed);
    }

    #[test]
    fn context_keeps_the_kind_and_says_what_was_being_done() {
        let inner: Result<(), Failure> =
            Err(Failure::system_unavailable("no answer").external_id("7"));
        let failure = inner.context("asking the registry").unwrap_err();
        assert_eq!(failure.kind, FailureKind::SystemUnavailable);
        assert_eq!(failure.message, "asking the registry: no answer");
        assert_eq!(failure.external_execution_id.as_deref(), Some("7"));
    }

    #[test]
    fn sources_are_told_once() {
        #[derive(Debug)]
        struct Outer(io::Error);
        impl fmt::Display for Outer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("cannot read the page")
            }
        }
        impl Error for Outer {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(&self.0)
            }
        }
        let failure = Err::<(), _>(Outer(io::Error::other("disk full")))
            .context("step 2")
            .unwrap_err();
        assert_eq!(failure.message, "step 2: cannot read the page: disk full");
    }

    #[test]
    fn nothing_where_something_is_needed_is_a_failure_too() {
        assert_eq!(
            None::<u8>.context("no page").unwrap_err(),
            Failure::job_failed("no page")
        );
    }
}
