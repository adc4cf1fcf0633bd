//! Secrets that the operator grants by name: an API's token, a password for a service.
//!
//! A plugin says in its manifest which it wants, and why; the operator's configuration says which it gets:
//!
//! ```toml
//! [capabilities]
//! secrets = [{ name = "deploy-token", reason = "to sign in to deploy.example.com" }]
//! ```
//!
//! ```
//! use pipefitter_sdk::{Failure, Job, Outcome, secrets, testing};
//!
//! fn run(_job: Job) -> Result<Outcome, Failure> {
//!     let token = secrets::get("deploy-token")?;
//!     Ok(Outcome::succeeded().summary(format!("a token of {} bytes", token.len())))
//! }
//!
//! testing::set_secret("deploy-token", "s3cr3t-t0k3n");
//! assert!(run(testing::job().build()).is_ok());
//! ```
//!
//! A component imports `pipefitter:action/secrets` only if it calls one of these functions; one that does is
//! served only where the operator grants it secrets. Ask when the secret is needed and do not keep it: the host
//! masks its value in logs, messages and summaries, which guards against accidents and not against a plugin that
//! writes it out in another form. What a plugin needs only as a header of its requests an operator can attach to
//! them, so that the plugin never sees it.

use std::error::Error;
use std::fmt;

use crate::{Failure, FailureKind, host};

/// Why there is no secret. It becomes a [`Failure`] with `?`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SecretError {
    /// The operator's configuration does not grant this name to the plugin.
    Denied {
        /// The name that was asked for.
        name: String,
    },
    /// The name is granted, the store has nothing under it.
    Missing {
        /// The name that was asked for.
        name: String,
    },
    /// The store does not answer: trying again may help.
    Unavailable {
        /// The name that was asked for.
        name: String,
    },
}

impl SecretError {
    /// The name that was asked for.
    #[must_use]
    pub fn name(&self) -> &str {
        let (Self::Denied { name } | Self::Missing { name } | Self::Unavailable { name }) = self;
        name
    }

    pub(crate) fn failure_kind(&self) -> FailureKind {
        match self {
            Self::Denied { .. } | Self::Missing { .. } => FailureKind::PermissionError,
            Self::Unavailable { .. } => FailureKind::SystemUnavailable,
        }
    }
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied { name } => write!(
                f,
                "the secret `{name}` is not granted to this plugin: the worker's operator can grant it"
            ),
            Self::Missing { name } => write!(
                f,
                "the secret `{name}` is granted, and nothing is stored under it: the worker's operator can store it"
            ),
            Self::Unavailable { name } => write!(
                f,
                "the secret `{name}` cannot be read now: trying again later may help"
            ),
        }
    }
}

impl Error for SecretError {}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        Failure::of(&error)
    }
}

/// A secret as text.
///
/// # Errors
/// [`SecretError`] says why there is none.
pub fn get(name: &str) -> Result<String, SecretError> {
    host::secret(name)
}

/// A secret as bytes, for those that are not text.
///
/// # Errors
/// [`SecretError`] says why there is none.
pub fn get_bytes(name: &str) -> Result<Vec<u8>, SecretError> {
    host::secret_bytes(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, testing};

    #[test]
    fn a_secret_is_what_the_test_has_set_and_nothing_else_is_granted() {
        testing::set_secret("token", "first");
        testing::set_secret("token", "s3cr3t");
        assert_eq!(get("token").as_deref(), Ok("s3cr3t"));
        assert_eq!(get_bytes("token").as_deref(), Ok(&b"s3cr3t"[..]));
        let denied = SecretError::Denied {
            name: "other".to_owned(),
        };
        assert_eq!(get("other"), Err(denied.clone()));
        assert_eq!(get_bytes("other"), Err(denied));
    }

    #[test]
    fn bytes_need_not_be_text() {
        testing::set_secret("key", [0xff, 0x00]);
        assert_eq!(get_bytes("key"), Ok(vec![0xff, 0x00]));
    }

    #[test]
    fn each_error_is_a_failure_of_its_kind_that_names_the_secret() {
        let name = || "token".to_owned();
        for (error, kind) in [
            (
                SecretError::Denied { name: name() },
                FailureKind::PermissionError,
            ),
            (
                SecretError::Missing { name: name() },
                FailureKind::PermissionError,
            ),
            (
                SecretError::Unavailable { name: name() },
                FailureKind::SystemUnavailable,
            ),
        ] {
            testing::set_secret_error(error.clone());
            assert_eq!(get("token"), Err(error.clone()));
            let failure = Failure::from(error);
            assert_eq!(failure.kind, kind);
            assert!(failure.message.contains("`token`"), "{}", failure.message);
            let failure = get("token").context("signing in").unwrap_err();
            assert_eq!(failure.kind, kind, "context keeps the kind");
        }
    }
}
