//! Why there is no secret, and what to do about it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::value::{LARGEST, SHORTEST};

/// A secret cannot be had. Each names the secret and the remedy; none holds a part of a value. It can be
/// cloned, since all who wait for one fetch share its failure.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// A name that is none.
    #[error(
        "\"{secret}\" cannot be the name of a secret: use 1 to 64 letters (a to z, A to Z), digits, `-`, `_` and `.`"
    )]
    Name {
        /// As configured, cut.
        secret: String,
    },
    /// A name that stands for two.
    #[error("secret `{secret}` is configured twice: remove one of them, or give it another name")]
    Twice {
        /// Its name.
        secret: String,
    },
    /// A name that stands for nothing.
    #[error("no secret is named `{secret}`: configure one, or correct the name where it is used")]
    Unknown {
        /// The name.
        secret: String,
    },
    /// The environment has no such variable.
    #[error(
        "secret `{secret}`: the environment variable {variable} is not set, or is not UTF-8: set it \
         before the worker starts"
    )]
    NotSet {
        /// Its name.
        secret: String,
        /// The variable's.
        variable: String,
    },
    /// A file cannot be read.
    #[error("secret `{secret}`: cannot read {}: make it a file that the worker's user may read", path.display())]
    File {
        /// Its name.
        secret: String,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// Not a file.
    #[error("secret `{secret}`: {} is not a regular file: write the value into one", path.display())]
    FileKind {
        /// Its name.
        secret: String,
        /// What was named.
        path: PathBuf,
    },
    /// Anybody on the machine could replace the value.
    #[error(
        "secret `{secret}`: {} may be written by every user of this machine (mode {mode:04o}): take that \
         right away with `chmod o-w`", path.display()
    )]
    FileMode {
        /// Its name.
        secret: String,
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Binary.
    #[error(
        "secret `{secret}`: {place} holds no UTF-8 text: store the value as text, such as base64"
    )]
    NotText {
        /// Its name.
        secret: String,
        /// Where it is kept.
        place: String,
    },
    /// Too short to be masked.
    #[error(
        "secret `{secret}`: {place} holds a value of fewer than {SHORTEST} characters, which cannot be kept \
         out of logs: use a longer one"
    )]
    TooShort {
        /// Its name.
        secret: String,
        /// Where it is kept.
        place: String,
    },
    /// More than a secret may have.
    #[error(
        "secret `{secret}`: {place} holds more than {LARGEST} bytes: hand large data over in an artifact"
    )]
    TooLarge {
        /// Its name.
        secret: String,
        /// Where it is kept.
        place: String,
    },
    /// Neither the secret nor what it is read with has a Region.
    #[error("secret `{secret}`: {place} has no Region: set `region`, such as \"eu-central-1\"")]
    NoRegion {
        /// Its name.
        secret: String,
        /// Where it is kept.
        place: String,
    },
    /// Two Regions.
    #[error("secret `{secret}`: `region` is {region}, but {arn} is in {other}: remove `region`")]
    Region {
        /// Its name.
        secret: String,
        /// As configured.
        region: String,
        /// What was named.
        arn: String,
        /// Its Region.
        other: String,
    },
    /// An ARN of something else.
    #[error("secret `{secret}`: {arn} is not the ARN of {wanted}: give its name, or its whole ARN")]
    Arn {
        /// Its name.
        secret: String,
        /// What was named.
        arn: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// AWS takes no name like this.
    #[error("secret `{secret}`: {what} is empty: give it, or leave it out where it may be")]
    Empty {
        /// Its name.
        secret: String,
        /// The setting.
        what: &'static str,
    },
    /// No credentials to ask with, or none that AWS takes.
    #[error(
        "secret `{secret}`: {place} cannot be asked with the credentials that there are ({said}): check profile, role and \
         clock of this machine"
    )]
    Credentials {
        /// Its name.
        secret: String,
        /// Where it is kept.
        place: String,
        /// By the SDK, or AWS.
        said: String,
    },
    /// Not allowed.
    #[error(
        "secret `{secret}`: {place} may not be read ({said}): allow {permission} to the role that the worker \
         runs with, and look for a policy that denies it"
    )]
    Denied {
        /// Its name.
        secret: String,
        /// Where it is kept.
        place: String,
        /// The IAM permission that it takes, and on what.
        permission: String,
        /// By AWS.
        said: String,
    },
    /// The key that the store encrypts with cannot be used.
    #[error(
        "secret `{secret}`: {place} cannot be decrypted ({said}): allow kms:Decrypt on its key to the role \
         that the worker runs with, in the key's policy too, and see that the key is enabled"
    )]
    Key {
        /// Its name.
        secret: String,
        /// Where it is kept.
        place: String,
        /// By AWS.
        said: String,
    },
    /// Not there.
    #[error(
        "secret `{secret}`: {place} is not there ({said}): make it, or correct name, Region and account"
    )]
    Missing {
        /// Its name.
        secret: String,
        /// Where it should be.
        place: String,
        /// By AWS.
        said: String,
    },
    /// Refused for another reason.
    #[error(
        "secret `{secret}`: {place} was refused ({said}): correct its settings, or restore it if it was deleted"
    )]
    Refused {
        /// Its name.
        secret: String,
        /// Where it is kept.
        place: String,
        /// By AWS.
        said: String,
    },
    /// A key of what is not JSON.
    #[error(
        "secret `{secret}`: {place} is not a JSON object, so it has no key `{key}`: remove `json-key`, or store \
         one"
    )]
    NotJson {
        /// Its name.
        secret: String,
        /// Where it is kept.
        place: String,
        /// What was asked for.
        key: String,
    },
    /// A key that is not there, or not text.
    #[error(
        "secret `{secret}`: {place} has no text under the key `{key}`: correct `json-key`, or store it"
    )]
    NoKey {
        /// Its name.
        secret: String,
        /// Where it is kept.
        place: String,
        /// What was asked for.
        key: String,
    },
    /// A SecureString that was asked for without decryption.
    #[error(
        "secret `{secret}`: {place} is a SecureString and comes encrypted: remove `with-decryption = false`"
    )]
    Encrypted {
        /// Its name.
        secret: String,
        /// Where it is kept.
        place: String,
    },
    /// The store does not work just now.
    #[error(
        "secret `{secret}`: {place} cannot be reached ({said}): try again, and check the network if it stays so"
    )]
    Unavailable {
        /// Its name.
        secret: String,
        /// Where it is kept.
        place: String,
        /// By AWS, or the connection.
        said: String,
    },
    /// No answer.
    #[error(
        "secret `{secret}`: no answer within {after:?}: try again, and check the network if it stays so"
    )]
    TimedOut {
        /// Its name.
        secret: String,
        /// How long it was waited for.
        after: Duration,
    },
}

/// What a caller can do about a [`SecretError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretErrorKind {
    /// No secret has this name.
    Unknown,
    /// The store has nothing there.
    Missing,
    /// The store is out of reach: trying again may help.
    Unavailable,
    /// The operator has to change something: a setting, a permission, the value.
    Misconfigured,
}

impl SecretError {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> SecretErrorKind {
        match self {
            SecretError::Unknown { .. } => SecretErrorKind::Unknown,
            SecretError::Missing { .. } | SecretError::NoKey { .. } => SecretErrorKind::Missing,
            SecretError::File { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                SecretErrorKind::Missing
            }
            SecretError::Unavailable { .. } | SecretError::TimedOut { .. } => {
                SecretErrorKind::Unavailable
            }
            _ => SecretErrorKind::Misconfigured,
        }
    }
}
