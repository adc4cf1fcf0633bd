//! A value in a file.
//!
//! What counts is who may write it: that user decides what a plugin sends. Who may read it is the operator's
//! to say, and tools that mount secrets for one process alone leave them readable (Kubernetes: 0644).

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use crate::value::{self, LARGEST};
use crate::{SecretError, SecretSource};

/// Permissions to write for users who are neither the owner nor of the group.
const OTHERS_WRITE: u32 = 0o002;

pub(crate) struct FileSource {
    pub(crate) secret: String,
    pub(crate) path: PathBuf,
}

impl FileSource {
    fn failed(&self, source: io::Error) -> SecretError {
        SecretError::File {
            secret: self.secret.clone(),
            path: self.path.clone(),
            source: Arc::new(source),
        }
    }

    async fn read(&self) -> Result<Vec<u8>, SecretError> {
        let failed = |error| self.failed(error);
        // Before it is opened: to open a pipe is to wait for its writer.
        let named = tokio::fs::metadata(&self.path).await.map_err(failed)?;
        if !named.is_file() {
            return Err(SecretError::FileKind {
                secret: self.secret.clone(),
                path: self.path.clone(),
            });
        }
        let file = File::open(&self.path).await.map_err(failed)?;
        let mode = file.metadata().await.map_err(failed)?.permissions().mode() & 0o7777;
        if mode & OTHERS_WRITE != 0 {
            return Err(SecretError::FileMode {
                secret: self.secret.clone(),
                path: self.path.clone(),
                mode,
            });
        }
        let mut bytes = Vec::new();
        // Room for a line end, and for one byte that shows that there is more.
        let most = LARGEST as u64 + 3;
        file.take(most)
            .read_to_end(&mut bytes)
            .await
            .map_err(failed)?;
        Ok(bytes)
    }
}

#[async_trait]
impl SecretSource for FileSource {
    async fn fetch(&self) -> Result<SecretString, SecretError> {
        let bytes = self.read().await?;
        let place = self.path.display().to_string();
        let Ok(mut text) = String::from_utf8(bytes) else {
            return Err(SecretError::NotText {
                secret: self.secret.clone(),
                place,
            });
        };
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        value::checked(&self.secret, &place, text)
    }
}
