//! Which worker of a fleet owns a job.
//!
//! A worker claims a job before it acknowledges it. With one worker nobody else can own a job, so
//! [`Single`] always grants; a fleet's claims (a table with heartbeats and take-over) fit the same trait.

use async_trait::async_trait;

/// A job as claims name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimKey {
    /// The source's id.
    pub source: String,
    /// The job's id; free text.
    pub job: String,
}

/// Whether this worker owns the job now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It does.
    Granted,
    /// Another worker does.
    Taken,
}

/// A claim could not be decided or changed.
#[derive(Debug, thiserror::Error)]
#[error("claims of job {job}: {reason}")]
pub struct ClaimError {
    /// The job's id.
    pub job: String,
    /// What failed.
    pub reason: String,
}

/// Decides which worker owns a job.
#[async_trait]
pub trait Claims: Send + Sync {
    /// Claim a job before it is acknowledged.
    async fn claim(&self, key: &ClaimKey) -> Result<Claim, ClaimError>;
    /// Whether this worker still owns it; asked before an upload and before a result is sent.
    async fn confirm(&self, key: &ClaimKey) -> Result<Claim, ClaimError>;
    /// The job is reported, or was not ours.
    async fn release(&self, key: &ClaimKey) -> Result<(), ClaimError>;
}

/// One worker: every job that reaches it is its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Single;

#[async_trait]
impl Claims for Single {
    async fn claim(&self, _key: &ClaimKey) -> Result<Claim, ClaimError> {
        Ok(Claim::Granted)
    }

    async fn confirm(&self, _key: &ClaimKey) -> Result<Claim, ClaimError> {
        Ok(Claim::Granted)
    }

    async fn release(&self, _key: &ClaimKey) -> Result<(), ClaimError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_worker_owns_every_job() {
        let claims: &dyn Claims = &Single;
        let key = ClaimKey {
            source: "main".to_owned(),
            job: "../free text".to_owned(),
        };
        assert_eq!(claims.claim(&key).await.unwrap(), Claim::Granted);
        assert_eq!(claims.confirm(&key).await.unwrap(), Claim::Granted);
        claims.release(&key).await.unwrap();
    }
}
