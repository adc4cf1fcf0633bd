//! What an operator grants by name: secrets from the environment, files, AWS Secrets Manager and SSM
//! Parameter Store.
//!
//! ```text
//!   Secrets::get(name) --> kept? --yes------------------------------> value
//!                            '--no--> one fetch for all who wait --> checked (text, 8 characters to 64 KiB)
//! ```
//!
//! [`Secrets`] is made of plain settings, one [`SecretConfig`] for each name. A value of AWS is kept for
//! [`SecretsSettings::cache_for`], so that a rotated secret is seen; files are read at every use. Nothing here
//! prints a value: not `Debug`, no error, no log line. What AWS answers is taken apart and dropped, since
//! its `Debug` shows whole responses.

mod answer;
mod arn;
mod aws;
mod config;
mod entry;
mod error;
mod file;
mod given;
mod parameter;
mod policy;
mod roles;
mod secrets;
mod secrets_manager;
mod source;
mod value;

pub use aws::AwsAccess;
pub use config::{SecretConfig, SecretFrom};
pub use error::{SecretError, SecretErrorKind};
pub use policy::{Needed, NeededSecret, iam_statements};
pub use secrets::{Secrets, SecretsSettings};
pub use source::SecretSource;
pub use value::{LARGEST, SHORTEST};
