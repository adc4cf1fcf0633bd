//! The source folder: packed as an artifact, uploaded, and watched for changes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;

/// Editors write a file in several steps: wait until the folder has been quiet for this long.
const QUIET: Duration = Duration::from_millis(300);

/// The folder as a zip, the same bytes for the same files.
pub(crate) async fn pack(folder: PathBuf) -> Result<tempfile::TempPath> {
    tokio::task::spawn_blocking(move || {
        let packed = tempfile::Builder::new()
            .prefix("pipefitter-source-")
            .suffix(".zip")
            .tempfile()
            .context("could not make a temporary file")?;
        let archive = packed
            .reopen()
            .context("could not open the temporary file")?;
        pipefitter_artifacts::pack_dir(&folder, archive)
            .with_context(|| format!("could not pack the source {}", folder.display()))?;
        anyhow::Ok(packed.into_temp_path())
    })
    .await
    .context("packing the source was interrupted")?
}

/// Put the packed source where the pipeline's source action looks for it.
pub(crate) async fn upload(
    s3: &aws_sdk_s3::Client,
    bucket: &str,
    key: &str,
    packed: &Path,
) -> Result<String> {
    let body = aws_sdk_s3::primitives::ByteStream::from_path(packed)
        .await
        .context("could not read the packed source")?;
    let put = s3
        .put_object()
        .bucket(bucket)
        .key(key)
        .body(body)
        .send()
        .await
        .map_err(super::setup::plain)
        .context("could not upload the source")?;
    Ok(put.version_id().unwrap_or("none").to_owned())
}

/// One message for each burst of changes below the folder. Ends with the receiver.
pub(crate) struct Changes {
    received: mpsc::UnboundedReceiver<()>,
    /// A burst has begun and its end was not waited for: `next` is dropped whenever something else happens
    /// first.
    begun: bool,
    _watcher: notify::RecommendedWatcher,
}

impl Changes {
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        let (sender, received) = mpsc::unbounded_channel();
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                let changed = event.is_ok_and(|event| {
                    event.kind.is_create() || event.kind.is_modify() || event.kind.is_remove()
                });
                if changed {
                    // The receiver is gone when dev ends: nobody is left to tell.
                    let _ = sender.send(());
                }
            })
            .context("could not watch the source folder")?;
        watcher
            .watch(folder, RecursiveMode::Recursive)
            .with_context(|| format!("could not watch {}", folder.display()))?;
        Ok(Self {
            received,
            begun: false,
            _watcher: watcher,
        })
    }

    /// The next burst is over. May be dropped and called again: no change is forgotten.
    pub(crate) async fn next(&mut self) {
        if !self.begun {
            if self.received.recv().await.is_none() {
                std::future::pending::<()>().await;
            }
            self.begun = true;
        }
        while let Ok(Some(())) = tokio::time::timeout(QUIET, self.received.recv()).await {}
        self.begun = false;
    }
}
