//! A job's temporary credentials, renewed through GetJobDetails.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pipefitter_artifacts::{CredentialError, CredentialSource, Credentials};
use pipefitter_codepipeline::{ArtifactCredentials, ClientId, ErrorClass, JobId, JobSource};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// One job's credentials. Renewal is single-flight: whoever comes while it is under way waits for it and
/// shares what it brings, since the lock is held until it is done.
pub(crate) struct JobCredentials {
    source: Arc<dyn JobSource>,
    job: JobId,
    client: Option<ClientId>,
    max_age: Duration,
    held: Mutex<Option<Held>>,
}

struct Held {
    credentials: Credentials,
    since: Instant,
}

impl JobCredentials {
    /// `first` came with the job just now.
    pub(crate) fn new(
        source: Arc<dyn JobSource>,
        job: JobId,
        client: Option<ClientId>,
        max_age: Duration,
        first: Option<&ArtifactCredentials>,
    ) -> JobCredentials {
        let held = first.map(|first| Held {
            credentials: generation(1, first),
            since: Instant::now(),
        });
        JobCredentials {
            source,
            job,
            client,
            max_age,
            held: Mutex::new(held),
        }
    }

    async fn renew(&self, generation_now: u64) -> Result<Held, CredentialError> {
        let details = self.source.details(&self.job, self.client.as_ref()).await;
        let contents = details.map_err(|error| CredentialError {
            message: match error.class {
                ErrorClass::Gone => {
                    "the job has ended meanwhile, so its credentials are not renewed".to_owned()
                }
                _ => format!("the job's credentials could not be renewed: {error}"),
            },
            transient: matches!(error.class, ErrorClass::Transient | ErrorClass::Throttled),
        })?;
        let Some(fresh) = &contents.credentials else {
            return Err(CredentialError {
                message: "CodePipeline gave the job no credentials for its artifacts".to_owned(),
                transient: false,
            });
        };
        Ok(Held {
            credentials: generation(generation_now + 1, fresh),
            since: Instant::now(),
        })
    }
}

fn generation(generation: u64, from: &ArtifactCredentials) -> Credentials {
    Credentials {
        generation,
        access_key_id: from.access_key_id.clone(),
        secret_access_key: from.secret_access_key.clone(),
        session_token: from.session_token.clone(),
    }
}

#[async_trait]
impl CredentialSource for JobCredentials {
    async fn credentials(&self, stale: Option<u64>) -> Result<Credentials, CredentialError> {
        let mut held = self.held.lock().await;
        let (now, expired, aged) = match held.as_ref() {
            Some(held) => {
                let generation = held.credentials.generation;
                let expired = stale.is_some_and(|stale| generation <= stale);
                (generation, expired, held.since.elapsed() >= self.max_age)
            }
            None => (0, true, false),
        };
        if expired || aged {
            match self.renew(now).await {
                Ok(fresh) => *held = Some(fresh),
                // They are good for a while yet, and S3 says so when they are not.
                Err(error) if !expired => {
                    tracing::warn!(%error, "credentials were not renewed at their age");
                }
                Err(error) => return Err(error),
            }
        }
        held.as_ref()
            .map(|held| held.credentials.clone())
            .ok_or_else(|| CredentialError {
                message: "CodePipeline gave the job no credentials for its artifacts".to_owned(),
                transient: false,
            })
    }
}
