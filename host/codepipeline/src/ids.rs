//! Ids as types: they print, but never mix.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::limits;
use crate::text::utf16_len;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wrap the service's text; no check is made.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A job. A UUID for the custom owner, free text of up to 512 characters for partners: never a path.
    JobId
);
text_id!(
    /// A partner's customer.
    ClientId
);
text_id!(
    /// A source: (credentials or a role to assume, Region, owner).
    SourceId
);

/// The random number of one hand-out of a job. Not printed: whoever has it may acknowledge.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nonce(String);

/// What one job leaves for the next of its chain. Not printed: plugins may put anything in it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContinuationToken(String);

macro_rules! quiet {
    ($name:ident) => {
        impl $name {
            /// Wrap the text; no check is made.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text, for the one place that needs it.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

quiet!(Nonce);
quiet!(ContinuationToken);

/// What proves to the service that a partner may work on a client's jobs. A secret: not printed, and in no
/// journal.
#[derive(Clone)]
pub struct ClientToken(SecretString);

impl ClientToken {
    /// A text that the service takes, or nothing: 1 to 256 characters
    /// ([`CLIENT_TOKEN`](crate::limits::CLIENT_TOKEN)).
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (1..=limits::CLIENT_TOKEN)
            .contains(&utf16_len(text))
            .then(|| Self(SecretString::from(text)))
    }

    /// The text, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for ClientToken {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl fmt::Debug for ClientToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientToken(..)")
    }
}

/// Who offers an action type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Owner {
    /// The account's own action types.
    Custom,
    /// A partner's.
    ThirdParty,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Owner::Custom => "Custom",
            Owner::ThirdParty => "ThirdParty",
        })
    }
}

/// An action type. Prints as `Category/Provider/Version`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ActionTypeId {
    /// `Build`, `Deploy`, `Test`, ...
    pub category: String,
    /// Who offers it.
    pub owner: Owner,
    /// At most 35 characters.
    pub provider: String,
    /// At most 9 characters.
    pub version: String,
}

impl fmt::Display for ActionTypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.category, self.provider, self.version)
    }
}
