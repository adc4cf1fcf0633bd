//! Fetching inputs and storing outputs: download and unpack, pack and upload.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use tokio_util::task::TaskTracker;

use crate::archive::{Job, pack, safe_file_name, unpack};
use crate::blocking::blocking;
use crate::contract::{ArtifactError, FetchRequest, Fetched, StoreRequest, Stored};
use crate::download::download;
use crate::error::StageError;
use crate::local::open_dir;
use crate::session::{self, Session};
use crate::upload::{Upload, upload};

/// Larger archives go up in parts of this size; S3 takes no parts below 5 MiB.
const PART_BYTES: u64 = 8 << 20;
/// Doubled with each break in a row.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// How one source's artifacts are staged. Start from [`StagerConfig::new`].
#[derive(Clone)]
pub struct StagerConfig {
    /// The source's Region, which is the artifacts' too.
    pub region: String,
    /// Another S3 than AWS's own.
    pub endpoint_url: Option<String>,
    /// Bucket names in the path, for an S3 that serves no bucket host names.
    pub force_path_style: bool,
    /// HTTP client, proxies, timeouts and retries; credentials, Region and endpoint in it are not
    /// used where the fields here say otherwise. Jobs bring their own credentials. What sends a body or completes an upload
    /// has more time than these timeouts give.
    pub sdk_config: Option<aws_types::SdkConfig>,
    /// A directory of ours with room for the largest object; files in it have no name.
    pub work_dir: PathBuf,
    /// Archives up to this many bytes go up in one piece, larger ones in parts of this size (larger
    /// parts where 10,000 would not do). Four parts at a time are in memory. At least 5 MiB on AWS.
    pub part_bytes: u64,
    /// The wait before a broken download is resumed; doubled with each break in a row.
    pub first_wait: Duration,
}

impl StagerConfig {
    /// AWS's own S3, SDK defaults, parts of 8 MiB.
    #[must_use]
    pub fn new(region: impl Into<String>, work_dir: impl Into<PathBuf>) -> Self {
        Self {
            region: region.into(),
            endpoint_url: None,
            force_path_style: false,
            sdk_config: None,
            work_dir: work_dir.into(),
            part_bytes: PART_BYTES,
            first_wait: FIRST_WAIT,
        }
    }
}

/// Stages artifacts. Clones share connections and the count of what is under way.
///
/// Both operations may be dropped at any point: a multipart upload is then aborted by a task of its
/// own, and unpacking or packing stops at its next block. [`Stager::settled`] waits for both. What
/// a failed or dropped fetch left in its directory means nothing; [`crate::remove_tree`] removes it.
#[derive(Clone)]
pub struct Stager {
    client: Client,
    work_dir: Arc<Path>,
    part_bytes: u64,
    first_wait: Duration,
    tracker: TaskTracker,
}

impl Stager {
    /// Makes no call; a stager for each source lives as long as the worker.
    #[must_use]
    pub fn new(config: StagerConfig) -> Self {
        Self {
            client: session::client(&config),
            work_dir: config.work_dir.into(),
            part_bytes: config.part_bytes.max(1),
            first_wait: config.first_wait,
            tracker: TaskTracker::new(),
        }
    }

    /// Downloads an input and unpacks it into its directory.
    ///
    /// # Errors
    ///
    /// Every [`ErrorKind`](crate::ErrorKind) but those of outputs. The message is for the pipeline's
    /// owner and names the artifact, and the entry or the object.
    pub async fn fetch(&self, request: FetchRequest) -> Result<Fetched, ArtifactError> {
        let artifact = request.name.clone();
        self.fetch_staged(request)
            .await
            .map_err(|error| error.into_artifact(&artifact))
    }

    async fn fetch_staged(&self, request: FetchRequest) -> Result<Fetched, StageError> {
        let FetchRequest {
            name,
            object,
            unpack: how,
            into,
            limits,
            credentials,
        } = request;
        let session = Session::new(self.client.clone(), credentials);
        let file = self.temporary().await?;
        let writing = file
            .try_clone()
            .map_err(StageError::place("a file in its work directory"))?;
        let bytes = download(
            &session,
            &object,
            limits.object_bytes,
            self.first_wait,
            writing,
        )
        .await?;
        tracing::debug!(artifact = name, bytes, "downloaded");
        blocking(&self.tracker, "unpacking", move |cancel| {
            let into = open_dir(&into)?;
            let job = Job {
                file: rewound(file)?,
                into: &into,
                name: &safe_file_name(&object.key, &name),
                unpack: how,
                limits: &limits,
            };
            unpack(job, cancel)
        })
        .await
    }

    /// Packs an output's directory and uploads it, encrypted with `aws:kms`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::EmptyOutput`](crate::ErrorKind::EmptyOutput) where there is no file in it and that
    /// is not allowed, `BadOutput` naming what cannot be packed, and those of S3. A failed upload is
    /// aborted.
    pub async fn store(&self, request: StoreRequest) -> Result<Stored, ArtifactError> {
        let artifact = request.name.clone();
        self.store_staged(request)
            .await
            .map_err(|error| error.into_artifact(&artifact))
    }

    async fn store_staged(&self, request: StoreRequest) -> Result<Stored, StageError> {
        let file = self.temporary().await?;
        let archive = file
            .try_clone()
            .map_err(StageError::place("a file in its work directory"))?;
        let from = request.from;
        let packed = blocking(&self.tracker, "packing", move |cancel| {
            pack(&open_dir(&from)?, archive, cancel)
        })
        .await?;
        if packed.files == 0 && !request.allow_empty {
            return Err(StageError::EmptyOutput);
        }
        tracing::debug!(artifact = request.name, bytes = packed.bytes, "packed");
        let version_id = upload(Upload {
            session: Session::new(self.client.clone(), request.credentials),
            tracker: self.tracker.clone(),
            object: request.object,
            key_id: request.key_id,
            file,
            bytes: packed.bytes,
            part_bytes: self.part_bytes,
        })
        .await?;
        Ok(Stored {
            bytes: packed.bytes,
            files: packed.files,
            version_id,
        })
    }

    /// Waits until aborts and stopped work of dropped operations have ended. For a shutdown, and for
    /// tests; operations begun meanwhile are waited for too.
    pub async fn settled(&self) {
        self.tracker.close();
        self.tracker.wait().await;
        self.tracker.reopen();
    }

    /// A file without a name, so that no crash leaves one behind.
    async fn temporary(&self) -> Result<File, StageError> {
        let work_dir = Arc::clone(&self.work_dir);
        blocking(&self.tracker, "making a temporary file", move |_| {
            tempfile::tempfile_in(&work_dir)
                .map_err(StageError::place("a file in its work directory"))
        })
        .await
    }
}

fn rewound(mut file: File) -> Result<File, StageError> {
    std::io::Seek::rewind(&mut file).map_err(StageError::read("the downloaded object"))?;
    Ok(file)
}
