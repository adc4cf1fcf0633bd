//! What the worker needs of staging.

use async_trait::async_trait;
use pipefitter_artifacts::{ArtifactError, FetchRequest, Fetched, Stager, StoreRequest, Stored};

/// Fetches inputs and stores outputs. Dropping a future cancels it.
#[async_trait]
pub trait Staging: Send + Sync {
    /// Fetch one input into its directory.
    async fn fetch(&self, request: FetchRequest) -> Result<Fetched, ArtifactError>;
    /// Pack and upload one output.
    async fn store(&self, request: StoreRequest) -> Result<Stored, ArtifactError>;
}

#[async_trait]
impl Staging for Stager {
    async fn fetch(&self, request: FetchRequest) -> Result<Fetched, ArtifactError> {
        Stager::fetch(self, request).await
    }

    async fn store(&self, request: StoreRequest) -> Result<Stored, ArtifactError> {
        Stager::store(self, request).await
    }
}
