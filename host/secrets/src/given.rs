//! A value that was handed in: a variable of the environment.

use async_trait::async_trait;
use secrecy::SecretString;

use crate::{SecretError, SecretSource};

/// Checked when it was configured.
pub(crate) struct GivenSource {
    secret: String,
    variable: String,
    value: Option<SecretString>,
}

impl GivenSource {
    pub(crate) fn new(
        secret: String,
        variable: String,
        value: Option<SecretString>,
    ) -> GivenSource {
        GivenSource {
            secret,
            variable,
            value,
        }
    }
}

#[async_trait]
impl SecretSource for GivenSource {
    async fn fetch(&self) -> Result<SecretString, SecretError> {
        self.value.clone().ok_or_else(|| SecretError::NotSet {
            secret: self.secret.clone(),
            variable: self.variable.clone(),
        })
    }
}
