//! The source folder: packed as an artifact, uploaded, and watched for changes.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use notify::RecursiveMode;
use sha2::{Digest, Sha256};

use super::changes::Changes;
use super::pipeline::Pipeline;
use super::setup::Clients;
use super::show::Show;
use crate::args::DevArgs;

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

/// The source folder and the object that it becomes.
pub(super) struct Source {
    pub(super) folder: PathBuf,
    pub(super) bucket: String,
    pub(super) key: String,
}

impl Source {
    pub(super) fn watch(&self) -> Result<Changes> {
        let mut changes = Changes::none().context("could not watch the source folder")?;
        changes
            .watch(&self.folder, RecursiveMode::Recursive)
            .with_context(|| format!("could not watch {}", self.folder.display()))?;
        Ok(changes)
    }
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
