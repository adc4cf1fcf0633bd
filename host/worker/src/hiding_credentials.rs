//! Credentials that are hidden before anybody uses them.

use std::sync::Arc;

use async_trait::async_trait;
use pipefitter_artifacts::{CredentialError, CredentialSource, Credentials};
use secrecy::ExposeSecret;

use crate::masker::{Masker, Secret};

/// Passes on what a source gives, known to the job's masker: also what is renewed while the job runs.
pub(crate) struct HidingCredentials {
    pub(crate) source: Arc<dyn CredentialSource>,
    pub(crate) masker: Arc<Masker>,
}

#[async_trait]
impl CredentialSource for HidingCredentials {
    async fn credentials(&self, stale: Option<u64>) -> Result<Credentials, CredentialError> {
        let credentials = self.source.credentials(stale).await?;
        for value in [
            credentials.access_key_id.as_str(),
            credentials.secret_access_key.expose_secret(),
            credentials.session_token.expose_secret(),
        ] {
            self.masker.add(&Secret::credential(value));
        }
        Ok(credentials)
    }
}
