//! What the pipeline of the state folder was defined by: an update ends what is in progress in it, so that one is made
//! only where the definition is another one. The service itself does not tell secrets, so a digest is kept.

use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::pipeline::Pipeline;
use crate::wiring::StateDir;

/// The file with the digest.
pub(super) struct Definition(PathBuf);

impl Definition {
    pub(super) fn of(state: &StateDir) -> Result<Self> {
        Ok(Self(state.service()?.join("pipeline.sha256")))
    }

    /// Whether the pipeline was defined otherwise, or nobody knows how.
    pub(super) fn is_other(&self, pipeline: &Pipeline) -> Result<bool> {
        match std::fs::read_to_string(&self.0) {
            Ok(kept) => Ok(kept != digest(pipeline)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
            Err(error) => {
                Err(error).with_context(|| format!("could not read {}", self.0.display()))
            }
        }
    }

    pub(super) fn keep(&self, pipeline: &Pipeline) -> Result<()> {
        std::fs::write(&self.0, digest(pipeline))
            .with_context(|| format!("could not write {}", self.0.display()))
    }
}

fn digest(pipeline: &Pipeline) -> String {
    let digest = Sha256::digest(pipeline.input.to_string());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
