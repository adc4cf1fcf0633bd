//! The seam between names and stores.

use async_trait::async_trait;
use secrecy::SecretString;

use crate::SecretError;

/// One secret, wherever it is kept.
#[async_trait]
pub trait SecretSource: Send + Sync + 'static {
    /// The value as it is now, checked as [`SHORTEST`](crate::SHORTEST) and [`LARGEST`](crate::LARGEST) say.
    /// It may be dropped at any await, when nobody waits for it any more.
    ///
    /// # Errors
    /// Why there is none, naming the secret and what to do; never with a part of the value.
    async fn fetch(&self) -> Result<SecretString, SecretError>;
}
