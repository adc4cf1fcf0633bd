//! Tokens from a variable of the environment.

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use crate::ids::{ClientId, ClientToken};

use super::pairs::{self, Pairs};
use super::source::{ClientTokens, ClientTokensError};

/// Tokens that stay as they are.
pub struct GivenTokens {
    pairs: Pairs,
}

impl GivenTokens {
    /// From the JSON that a variable of the environment holds; whoever may read the environment reads it.
    ///
    /// # Errors
    /// It is not a JSON object of client ids and tokens.
    pub fn new(variable: &str, text: &SecretString) -> Result<GivenTokens, ClientTokensError> {
        let pairs = pairs::parse(&format!("${variable}"), text.expose_secret())?;
        Ok(GivenTokens { pairs })
    }
}

#[async_trait]
impl ClientTokens for GivenTokens {
    async fn token(&self, client: &ClientId) -> Result<Option<ClientToken>, ClientTokensError> {
        Ok(self.pairs.get(client).cloned())
    }
}
