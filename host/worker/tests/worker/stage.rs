//! Staging that places nothing, and fails on demand.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pipefitter_artifacts::{ArtifactError, ErrorKind, FetchRequest, Fetched, StoreRequest, Stored};
use pipefitter_worker::Staging;
use tokio::sync::{Mutex, watch};

#[derive(Clone, Copy, Debug)]
pub(crate) enum StageFault {
    Fail(ErrorKind),
    Says(&'static str),
    /// Takes an hour.
    Slow,
}

#[derive(Clone, Default)]
pub(crate) struct Stage {
    pub(crate) fetch_faults: Arc<Mutex<VecDeque<StageFault>>>,
    pub(crate) store_faults: Arc<Mutex<VecDeque<StageFault>>>,
    /// Names of stored outputs.
    pub(crate) stored: Arc<Mutex<Vec<String>>>,
    /// Each fetch asks for credentials so often at the same time, naming generation 1 as expired.
    pub(crate) expire: usize,
    pub(crate) started: Arc<watch::Sender<usize>>,
    /// Generations of credentials that outputs were stored with.
    pub(crate) used: Arc<Mutex<Vec<u64>>>,
}

fn refused(artifact: &str, kind: ErrorKind) -> ArtifactError {
    ArtifactError {
        kind,
        artifact: artifact.to_owned(),
        message: format!("artifact `{artifact}` is not what it should be"),
        source: None,
    }
}

async fn act(faults: &Mutex<VecDeque<StageFault>>, name: &str) -> Result<(), ArtifactError> {
    match faults.lock().await.pop_front() {
        None => Ok(()),
        Some(StageFault::Fail(kind)) => Err(refused(name, kind)),
        Some(StageFault::Says(message)) => Err(ArtifactError {
            message: message.to_owned(),
            ..refused(name, ErrorKind::BadArchive)
        }),
        Some(StageFault::Slow) => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            Ok(())
        }
    }
}

#[async_trait]
impl Staging for Stage {
    async fn fetch(&self, request: FetchRequest) -> Result<Fetched, ArtifactError> {
        self.started.send_modify(|started| *started += 1);
        assert!(request.into.is_dir(), "the input's directory is there");
        let asked = (0..self.expire).map(|_| request.credentials.credentials(Some(1)));
        for credentials in futures::future::join_all(asked).await {
            assert_eq!(credentials.unwrap().generation, 2);
        }
        act(&self.fetch_faults, &request.name).await?;
        Ok(Fetched {
            file: None,
            object_bytes: 10,
            bytes: 20,
            entries: 1,
        })
    }

    async fn store(&self, request: StoreRequest) -> Result<Stored, ArtifactError> {
        self.started.send_modify(|started| *started += 1);
        assert!(request.from.is_dir(), "the output's directory is there");
        act(&self.store_faults, &request.name).await?;
        let used = request
            .credentials
            .credentials(None)
            .await
            .map_err(|error| ArtifactError {
                message: error.message,
                ..refused(&request.name, ErrorKind::Unavailable)
            })?;
        self.used.lock().await.push(used.generation);
        self.stored.lock().await.push(request.name);
        Ok(Stored {
            bytes: 10,
            files: 1,
            version_id: None,
        })
    }
}
