//! A job's temporary credentials, renewed through GetJobDetails.
//!
//! ```text
//!   held --age--> due --GetJobDetails--> held (a new generation)
//!     \                    |  \__ no answer: due again in half a minute; what is held is good for a while yet
//!      \__ S3: expired ____/   \_ refused since the job has ended, or no credentials any more: `ended`
//! ```
//!
//! The API tells no expiry, so the age counts: from the arrival of the answer that held them, by a monotonic
//! clock. The service's clock and this machine's are never compared, so that a skew between them is none of
//! it; what an answer spends on its way is in the part of the lifetime that is left (see
//! [`WorkerConfig::renew_after`](crate::WorkerConfig::renew_after)).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pipefitter_artifacts::{CredentialError, CredentialSource, Credentials};
use pipefitter_codepipeline::{ArtifactCredentials, ClientId, ErrorClass, JobId, JobSource};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Between two renewals of which the first was not answered, while what is held still works.
const AGAIN: Duration = Duration::from_secs(30);

/// The same where rights are missing, or the like: the next line of the log is not due at once.
const REFUSED_AGAIN: Duration = Duration::from_secs(120);

/// One job's credentials. Renewal is single-flight: whoever comes while it is under way waits for it and
/// shares what it brings, since the lock is held until it is done.
pub(crate) struct JobCredentials {
    source: Arc<dyn JobSource>,
    job: JobId,
    client: Option<ClientId>,
    renew_after: Duration,
    ended: CancellationToken,
    held: Mutex<Held>,
}

struct Held {
    /// A job without artifacts has none.
    credentials: Option<Credentials>,
    /// When the service is asked again.
    due: Instant,
}

impl JobCredentials {
    /// `first` came with the job `since` then.
    pub(crate) fn new(
        source: Arc<dyn JobSource>,
        job: JobId,
        client: Option<ClientId>,
        renew_after: Duration,
        (first, since): (Option<&ArtifactCredentials>, Instant),
    ) -> JobCredentials {
        let held = Held {
            credentials: first.map(|first| generation(1, first)),
            due: since + renew_after,
        };
        JobCredentials {
            source,
            job,
            client,
            renew_after,
            ended: CancellationToken::new(),
            held: Mutex::new(held),
        }
    }

    /// Cancelled once the service has said that the job has ended.
    pub(crate) fn ended(&self) -> &CancellationToken {
        &self.ended
    }

    /// When they are to be renewed.
    pub(crate) async fn due(&self) -> Instant {
        self.held.lock().await.due
    }

    /// Have the next who asks renew them, however old they are.
    pub(crate) async fn hurry(&self) {
        let mut held = self.held.lock().await;
        held.due = held.due.min(Instant::now());
    }

    async fn renew(&self, held: &mut Held) -> Result<(), CredentialError> {
        let details = self.source.details(&self.job, self.client.as_ref()).await;
        held.due = Instant::now() + self.renew_after;
        let contents = match details {
            Ok(contents) => contents,
            Err(error) if error.class == ErrorClass::Gone => {
                self.ended.cancel();
                return Err(ended());
            }
            Err(error) => {
                let transient =
                    matches!(error.class, ErrorClass::Transient | ErrorClass::Throttled);
                let pause = if transient { AGAIN } else { REFUSED_AGAIN };
                held.due = Instant::now() + error.retry_after.unwrap_or_default().max(pause);
                return Err(CredentialError {
                    message: format!("the job's credentials could not be renewed: {error}"),
                    transient,
                });
            }
        };
        let before = held.credentials.as_ref().map(|held| held.generation);
        match (&contents.credentials, before) {
            (Some(fresh), _) => {
                held.credentials = Some(generation(before.unwrap_or(0) + 1, fresh));
                Ok(())
            }
            // What is told of an ended job has no credentials: one that had some has ended.
            (None, Some(_)) => {
                self.ended.cancel();
                Err(ended())
            }
            (None, None) => Err(none()),
        }
    }
}

fn ended() -> CredentialError {
    CredentialError {
        message: "the job has ended meanwhile, so its credentials are not renewed".to_owned(),
        transient: false,
    }
}

fn none() -> CredentialError {
    CredentialError {
        message: "CodePipeline gave the job no credentials for its artifacts".to_owned(),
        transient: false,
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
        if self.ended.is_cancelled() {
            return Err(ended());
        }
        let works = held
            .credentials
            .as_ref()
            .is_some_and(|held| stale.is_none_or(|stale| held.generation > stale));
        if !works || held.due <= Instant::now() {
            match self.renew(&mut held).await {
                // They are good for a while yet, and S3 says so when they are not.
                Err(error) if works && !self.ended.is_cancelled() => {
                    tracing::warn!(%error, "credentials were not renewed at their age");
                }
                renewed => renewed?,
            }
        }
        held.credentials.clone().ok_or_else(none)
    }
}
