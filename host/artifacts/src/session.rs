//! Calls to S3 with one job's temporary credentials.
//!
//! One client serves all jobs, so that connections are shared; each call is signed with the
//! credentials that the job's source gives at that moment. Where S3 says that they are expired, the
//! call is made once more with the next generation. The client caches no identity: a cache would
//! keep each job's credentials for the process's lifetime.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Builder, IdentityCache, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use secrecy::ExposeSecret;

use crate::contract::{CredentialSource, Credentials, Object};
use crate::error::StageError;
use crate::s3_failure::{Action, Class, S3Failure};
use crate::stager::StagerConfig;

/// Names the provider in the SDK's own logs.
const PROVIDER: &str = "codepipeline-job";

/// The client that every job's calls go through; it has no credentials of its own.
pub(crate) fn client(config: &StagerConfig) -> Client {
    let mut builder = match &config.sdk_config {
        Some(shared) => Builder::from(shared),
        None => Builder::new(),
    };
    builder.set_credentials_provider(None);
    if config
        .sdk_config
        .as_ref()
        .is_none_or(|shared| shared.behavior_version().is_none())
    {
        builder = builder.behavior_version(BehaviorVersion::latest());
    }
    if let Some(endpoint) = &config.endpoint_url {
        builder = builder.endpoint_url(endpoint);
    }
    let builder = builder
        .region(Region::new(config.region.clone()))
        .force_path_style(config.force_path_style)
        .identity_cache(IdentityCache::no_cache());
    Client::from_conf(builder.build())
}

/// One job's way to S3.
#[derive(Clone)]
pub(crate) struct Session {
    client: Client,
    source: Arc<dyn CredentialSource>,
}

impl Session {
    pub(crate) fn new(client: Client, source: Arc<dyn CredentialSource>) -> Self {
        Self { client, source }
    }

    /// Makes a call. `send` is asked again, with other credentials, where they were expired.
    pub(crate) async fn call<T, E, F, Sent>(
        &self,
        action: Action,
        object: &Object,
        send: F,
    ) -> Result<T, StageError>
    where
        E: ProvideErrorMetadata,
        F: Fn(&Client, Builder) -> Sent,
        Sent: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let mut credentials = self.credentials(None).await?;
        let mut renewed = false;
        loop {
            let signed = Builder::new().credentials_provider(sdk(&credentials));
            let failure = match send(&self.client, signed).await {
                Ok(answer) => return Ok(answer),
                Err(error) => S3Failure::new(action, object, &error),
            };
            if renewed || failure.class() != Class::Expired {
                return Err(failure.into());
            }
            renewed = true;
            tracing::debug!(generation = credentials.generation, "credentials expired");
            credentials = self.credentials(Some(credentials.generation)).await?;
        }
    }

    async fn credentials(&self, stale: Option<u64>) -> Result<Credentials, StageError> {
        self.source
            .credentials(stale)
            .await
            .map_err(StageError::Credentials)
    }
}

/// The same for a call that may take longer than the source's calls: so much for one attempt, and no bound on all of them,
/// which are counted. The rest of the source's timeouts holds.
pub(crate) fn patient(signed: Builder, attempt: Duration) -> Builder {
    signed.timeout_config(
        TimeoutConfig::builder()
            .operation_attempt_timeout(attempt)
            .disable_operation_timeout()
            .build(),
    )
}

fn sdk(credentials: &Credentials) -> aws_credential_types::Credentials {
    aws_credential_types::Credentials::new(
        &credentials.access_key_id,
        credentials.secret_access_key.expose_secret(),
        Some(credentials.session_token.expose_secret().to_owned()),
        None,
        PROVIDER,
    )
}
