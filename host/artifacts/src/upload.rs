//! A file into an object: one PutObject, or parts.
//!
//! ```text
//!   small or empty ──► PutObject ──────────────────────────────► stored
//!   large ──► Create ──► parts, a few at a time ──► Complete ──► stored
//!                │              │                       │
//!                └── dropped or failed anywhere here ───┴──────► Abort
//! ```
//!
//! The encryption headers belong on PutObject and on Create; parts inherit them. From the moment Create
//! is sent, an upload belongs to a [`Pending`] whose drop aborts it in a task of its own, so that a
//! caller who goes away leaves no parts behind to be paid for.
//!
//! The source's timeouts are those of small questions. An attempt to send a body has time for its size, however many uploads
//! share a slow link, and the SDK ends one whose bytes do not move at all (stalled stream protection: 20 s).

use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, ServerSideEncryption,
};
use bytes::Bytes;
use futures::stream::{StreamExt, TryStreamExt};
use tokio_util::task::TaskTracker;

use crate::blocking::blocking;
use crate::contract::Object;
use crate::error::StageError;
use crate::s3_failure::{Action, Class, S3Failure};
use crate::session::{Session, patient};

/// S3 takes no more parts.
const PARTS_MAX: u64 = 10_000;
/// Each in flight holds its bytes in memory; more do not fill a usual link any better.
const PARTS_IN_FLIGHT: usize = 4;
/// An abort that takes longer is left to the bucket's lifecycle rule.
const ABORT_TIME: Duration = Duration::from_secs(60);
/// For the answer to a body that was sent: S3 answers within a second or two.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// Bytes a second: sixty-four parts at a time, which is four for each of two outputs of eight jobs, over 8 Mbit/s.
const SLOWEST: u64 = 16 << 10;
/// S3's reference of CompleteMultipartUpload: it "could take several minutes".
const COMPLETE_TIME: Duration = Duration::from_secs(600);
const CONTENT_TYPE: &str = "application/zip";

pub(crate) struct Upload {
    pub(crate) session: Session,
    pub(crate) tracker: TaskTracker,
    pub(crate) object: Object,
    /// Verbatim; `aws:kms` is asked for with or without it.
    pub(crate) key_id: Option<String>,
    pub(crate) file: std::fs::File,
    pub(crate) bytes: u64,
    pub(crate) part_bytes: u64,
}

/// Returns the object's version, in a versioned bucket.
pub(crate) async fn upload(upload: Upload) -> Result<Option<String>, StageError> {
    let upload = Arc::new(upload);
    if upload.bytes <= upload.part_bytes {
        return upload.put().await;
    }
    let pending = Arc::clone(&upload).begin().await?;
    match upload.parts(&pending.id).await {
        Ok(parts) => match upload.complete(&pending.id, parts).await {
            Ok(version) => {
                pending.done();
                Ok(version)
            }
            Err(error) => {
                pending.abort().await;
                Err(error)
            }
        },
        Err(error) => {
            pending.abort().await;
            Err(error)
        }
    }
}

impl Upload {
    async fn put(self: &Arc<Self>) -> Result<Option<String>, StageError> {
        let body = self.read(0..self.bytes).await?;
        let answer = self
            .session
            .call(Action::Write, &self.object, |client, signed| {
                client
                    .put_object()
                    .bucket(&self.object.bucket)
                    .key(&self.object.key)
                    .content_type(CONTENT_TYPE)
                    .server_side_encryption(ServerSideEncryption::AwsKms)
                    .set_ssekms_key_id(self.key_id.clone())
                    .body(ByteStream::from(body.clone()))
                    .customize()
                    .config_override(patient(signed, time_to_send(body.len())))
                    .send()
            })
            .await?;
        Ok(answer.version_id)
    }

    /// Runs to its end even if the caller goes away meanwhile: S3 may have begun the upload by then,
    /// and only its answer tells which one to abort.
    async fn begin(self: Arc<Self>) -> Result<Pending, StageError> {
        let (to, from) = tokio::sync::oneshot::channel();
        let tracker = self.tracker.clone();
        tracker.spawn(async move {
            let begun = self.create().await;
            // Where nobody listens any more, the pending upload comes back and its drop aborts it.
            drop(to.send(begun));
        });
        from.await
            .unwrap_or(Err(StageError::Panicked("beginning an upload")))
    }

    async fn create(self: &Arc<Self>) -> Result<Pending, StageError> {
        let answer = self
            .session
            .call(Action::Write, &self.object, |client, signed| {
                client
                    .create_multipart_upload()
                    .bucket(&self.object.bucket)
                    .key(&self.object.key)
                    .content_type(CONTENT_TYPE)
                    .server_side_encryption(ServerSideEncryption::AwsKms)
                    .set_ssekms_key_id(self.key_id.clone())
                    .checksum_algorithm(ChecksumAlgorithm::Crc32)
                    .customize()
                    .config_override(signed)
                    .send()
            })
            .await?;
        let id = answer.upload_id.ok_or_else(|| {
            let said = "an upload was begun without an id";
            S3Failure::other(Action::Write, &self.object, Class::Service, said)
        })?;
        Ok(Pending {
            upload: Arc::clone(self),
            id,
            runtime: tokio::runtime::Handle::current(),
            armed: true,
        })
    }

    async fn parts(self: &Arc<Self>, id: &str) -> Result<Vec<CompletedPart>, StageError> {
        let part_bytes = self.part_bytes.max(self.bytes.div_ceil(PARTS_MAX));
        let starts = (0..self.bytes).step_by(usize::try_from(part_bytes).unwrap_or(usize::MAX));
        futures::stream::iter((1..).zip(starts))
            .map(|(number, start)| {
                self.part(id, number, start..(start + part_bytes).min(self.bytes))
            })
            .buffered(PARTS_IN_FLIGHT)
            .try_collect()
            .await
    }

    async fn part(
        self: &Arc<Self>,
        id: &str,
        number: i32,
        range: Range<u64>,
    ) -> Result<CompletedPart, StageError> {
        let body = self.read(range).await?;
        let answer = self
            .session
            .call(Action::Write, &self.object, |client, signed| {
                client
                    .upload_part()
                    .bucket(&self.object.bucket)
                    .key(&self.object.key)
                    .upload_id(id)
                    .part_number(number)
                    .checksum_algorithm(ChecksumAlgorithm::Crc32)
                    .body(ByteStream::from(body.clone()))
                    .customize()
                    .config_override(patient(signed, time_to_send(body.len())))
                    .send()
            })
            .await?;
        Ok(CompletedPart::builder()
            .part_number(number)
            .set_e_tag(answer.e_tag)
            .set_checksum_crc32(answer.checksum_crc32)
            .build())
    }

    async fn complete(
        &self,
        id: &str,
        parts: Vec<CompletedPart>,
    ) -> Result<Option<String>, StageError> {
        let parts = CompletedMultipartUpload::builder()
            .set_parts(Some(parts))
            .build();
        let answer = self
            .session
            .call(Action::Write, &self.object, |client, signed| {
                client
                    .complete_multipart_upload()
                    .bucket(&self.object.bucket)
                    .key(&self.object.key)
                    .upload_id(id)
                    .multipart_upload(parts.clone())
                    .customize()
                    .config_override(patient(signed, COMPLETE_TIME))
                    .send()
            })
            .await?;
        Ok(answer.version_id)
    }

    async fn read(self: &Arc<Self>, range: Range<u64>) -> Result<Bytes, StageError> {
        let this = Arc::clone(self);
        blocking(&self.tracker, "reading an archive", move |_| {
            let bytes = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
            let mut block = vec![0; bytes];
            this.file
                .read_exact_at(&mut block, range.start)
                .map_err(StageError::read("the archive in its work directory"))?;
            Ok(Bytes::from(block))
        })
        .await
    }
}

fn time_to_send(bytes: usize) -> Duration {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    ANSWER_TIME.saturating_add(Duration::from_secs(bytes.div_ceil(SLOWEST)))
}

/// An upload that S3 has begun and not finished.
struct Pending {
    upload: Arc<Upload>,
    id: String,
    runtime: tokio::runtime::Handle,
    armed: bool,
}

impl Pending {
    fn done(mut self) {
        self.armed = false;
    }

    /// Waits for the abort. Where the waiting is dropped, the abort still goes on.
    async fn abort(mut self) {
        self.armed = false;
        // A task that panics has said so itself.
        let _ended = self.spawn_abort().await;
    }

    fn spawn_abort(&self) -> tokio::task::JoinHandle<()> {
        let (upload, id) = (Arc::clone(&self.upload), self.id.clone());
        let abort = async move { send_abort(&upload, &id).await };
        self.upload.tracker.spawn_on(abort, &self.runtime)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if self.armed {
            drop(self.spawn_abort());
        }
    }
}

async fn send_abort(upload: &Upload, id: &str) {
    let call = upload
        .session
        .call(Action::Write, &upload.object, |client, signed| {
            client
                .abort_multipart_upload()
                .bucket(&upload.object.bucket)
                .key(&upload.object.key)
                .upload_id(id)
                .customize()
                .config_override(signed)
                .send()
        });
    let Object { bucket, key } = &upload.object;
    match tokio::time::timeout(ABORT_TIME, call).await {
        Ok(Ok(_)) => tracing::debug!(bucket, key, "upload aborted"),
        Ok(Err(error)) => tracing::warn!(bucket, key, %error, "upload could not be aborted"),
        Err(_) => tracing::warn!(bucket, key, "upload could not be aborted in time"),
    }
}
