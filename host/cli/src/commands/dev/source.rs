//! The source folder: packed as an artifact, uploaded, and watched for changes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use notify::{RecursiveMode, Watcher};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::pipeline::Pipeline;
use super::setup::Clients;
use super::show::Show;
use crate::args::DevArgs;

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

/// The source folder and the object that it becomes.
pub(super) struct Source {
    pub(super) folder: PathBuf,
    pub(super) bucket: String,
    pub(super) key: String,
}

pub(super) fn source_location(
    args: &DevArgs,
    pipeline: Option<&Pipeline>,
) -> Result<Option<Source>> {
    let Some(folder) = &args.source else {
        let waits = pipeline.is_some_and(|pipeline| !pipeline.sources.is_empty());
        if args.once && waits {
            bail!("--once needs --source DIR: the pipeline begins with an S3 source");
        }
        return Ok(None);
    };
    if !folder.is_dir() {
        bail!("--source: {} is not a folder", folder.display());
    }
    let first = pipeline.and_then(|pipeline| pipeline.sources.first());
    let Some((bucket, key)) = first else {
        bail!("--source is for a pipeline that begins with an S3 source action: this one has none");
    };
    Ok(Some(Source {
        folder: folder.clone(),
        bucket: bucket.clone(),
        key: key.clone(),
    }))
}

/// Upload the source unless it is what was sent last; returns its digest.
pub(super) async fn send_source(
    clients: &Clients,
    source: &Source,
    last: Option<[u8; 32]>,
    show: &mut Show,
) -> Result<[u8; 32]> {
    let packed = pack(source.folder.clone()).await?;
    let bytes = tokio::fs::read(&packed)
        .await
        .context("could not read the packed source")?;
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    if last != Some(digest) {
        let version = upload(&clients.s3, &source.bucket, &source.key, &packed).await?;
        show.say(&format!(
            "Source {} is s3://{}/{} version {version}",
            source.folder.display(),
            source.bucket,
            source.key
        ));
    }
    Ok(digest)
}
