//! What is to be hidden, and what a message calls it.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

/// A value that must not leave the process.
#[derive(Clone)]
pub(crate) struct Secret {
    pub(super) value: SecretString,
    /// In words, such as "the secret property `password`".
    pub(super) origin: Arc<str>,
    /// A nonce or a continuation token: hidden from readers, but no reason to refuse a result.
    pub(super) token: bool,
}

impl Secret {
    /// A secret; `origin` names it where a result is refused since it holds it.
    pub(crate) fn new(origin: impl Into<Arc<str>>, value: &str) -> Secret {
        Secret {
            value: SecretString::from(value),
            origin: origin.into(),
            token: false,
        }
    }

    /// A part of the job's temporary credentials.
    pub(crate) fn credential(value: &str) -> Secret {
        Secret::new("a credential of the job", value)
    }

    /// A nonce or a token.
    pub(crate) fn token(value: &str) -> Secret {
        Secret {
            token: true,
            ..Secret::new("a token of the job", value)
        }
    }

    /// Whether another is hidden wherever this one is.
    pub(super) fn covers(&self, other: &Secret) -> bool {
        self.token <= other.token && self.value.expose_secret() == other.value.expose_secret()
    }

    /// Whether it has at least so many characters.
    pub(crate) fn has(&self, characters: usize) -> bool {
        self.value
            .expose_secret()
            .chars()
            .nth(characters - 1)
            .is_some()
    }
}
