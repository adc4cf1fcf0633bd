//! [`ObjectStore`]: multipart uploads.
//!
//! ```text
//!   create -> open --put part (again: replaces)--> open --complete--> the latest version of its key
//!                                                   \----abort-----> gone
//! ```
//!
//! Completing moves nothing: the version takes the parts' files over as its segments. It is published
//! first and the upload removed after; an upload that a version names is removed when the store is
//! opened. A completion that is repeated (its answer was lost) finds that version and succeeds again.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::condition::WriteCondition;
use super::index::{Index, Upload, Version};
use super::objects::ObjectStore;
use super::page::{Cut, Page};
use super::receive::Received;
use super::record::{ObjectMeta, ObjectRecord, PartRecord, UploadRecord, now};
use super::writes::check_key;
use crate::auth::random;
use crate::s3::StoreError;
use crate::s3::checksum::{Algorithm, Kind, StoredChecksum, combine, multipart_etag};

/// Every part but the last has at least so many bytes.
const SMALLEST_PART: u64 = 5 * 1024 * 1024;

/// An unfinished upload, as it is at one moment.
#[derive(Clone, Debug)]
pub(crate) struct UploadView {
    pub(crate) record: UploadRecord,
    /// By number.
    pub(crate) parts: BTreeMap<i32, PartRecord>,
}

impl UploadView {
    /// The checksum that the object will have.
    pub(crate) fn checksum(&self) -> (Algorithm, Kind) {
        checksum(&self.record)
    }
}

/// How an upload is completed.
#[derive(Clone, Debug)]
pub(crate) struct Completion {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) upload_id: String,
    pub(crate) parts: Vec<CompletionPart>,
    pub(crate) condition: WriteCondition,
    /// The object's checksum as the client computed it, verified before publishing.
    pub(crate) expected: Option<(Algorithm, String)>,
}

/// A part as the client names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CompletionPart {
    pub(crate) number: i32,
    /// Without quotes.
    pub(crate) etag: String,
    /// Base64, of the upload's algorithm.
    pub(crate) checksum: Option<String>,
}

impl ObjectStore {
    /// Begins an upload; returns its id.
    pub(crate) async fn create_upload(
        &self,
        bucket: &str,
        key: &str,
        meta: ObjectMeta,
        checksum: Option<(Algorithm, Kind)>,
    ) -> Result<String, StoreError> {
        check_key(key)?;
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        self.change(move |index, disk| {
            index.bucket(&bucket)?;
            let record = UploadRecord {
                id: random(
                    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                    64,
                ),
                bucket,
                key,
                initiated: now(),
                sequence: index.next_sequence(),
                meta,
                checksum,
            };
            disk.write_upload(&record)?;
            let id = record.id.clone();
            let parts = BTreeMap::new();
            index.uploads.insert(id.clone(), Upload { record, parts });
            Ok(id)
        })
        .await
    }

    /// An unfinished upload.
    pub(crate) async fn upload(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
    ) -> Result<UploadView, StoreError> {
        let index = self.index().await;
        index.bucket(bucket)?;
        let upload = index.upload(bucket, key, id)?;
        let parts = upload.parts.iter();
        Ok(UploadView {
            record: upload.record.clone(),
            parts: parts
                .map(|(number, (part, _))| (*number, part.clone()))
                .collect(),
        })
    }

    /// Adds received content as a part; one of the same number is replaced. The content was
    /// received with the upload's algorithm among its digests.
    pub(crate) async fn put_part(
        &self,
        upload: &UploadRecord,
        number: i32,
        received: Received,
    ) -> Result<PartRecord, StoreError> {
        let (algorithm, _) = checksum(upload);
        let digest = received.digest(algorithm).unwrap_or_default();
        let part = PartRecord {
            number,
            md5: hex::encode(received.md5),
            checksum: StoredChecksum::of_content(algorithm, digest),
            segment: received.segment,
            modified: now(),
        };
        let file = received.file;
        let UploadRecord {
            id, bucket, key, ..
        } = upload.clone();
        self.change(move |index, disk| {
            // It may have been completed or aborted while the part was on its way.
            index.upload(&bucket, &key, &id)?;
            disk.write_part(&id, &part)?;
            file.keep();
            if let Some(upload) = index.uploads.get_mut(&id)
                && let Some((_, old)) = upload.parts.insert(number, (part.clone(), file))
            {
                old.discard();
            }
            Ok(part)
        })
        .await
    }

    /// Makes the object out of its parts.
    ///
    /// # Errors
    ///
    /// Where a part is missing, differs, is out of order or too small, where the checksum differs,
    /// and where the condition does not hold; the upload stays then.
    pub(crate) async fn complete_upload(
        &self,
        completion: Completion,
    ) -> Result<Arc<Version>, StoreError> {
        let store = self.clone();
        self.change(move |index, disk| {
            let Completion {
                bucket,
                key,
                upload_id,
                ..
            } = &completion;
            if let Some(done) = completed_before(index, &completion)? {
                return Ok(done);
            }
            let upload = index.upload(bucket, key, upload_id)?;
            let (object, files) = assemble(upload, &completion)?;
            let current = index.current(bucket, key)?.map(Arc::as_ref);
            completion.condition.check(bucket, key, current)?;
            let version = index.publish(disk, bucket, key, Some(object), files)?;
            let numbers: Vec<i32> = completion.parts.iter().map(|part| part.number).collect();
            if let Err(error) = index.drop_upload(disk, upload_id, &numbers) {
                // The object is there: that is the answer. The next start removes the rest.
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "clearing up an upload"
                );
            }
            store.announce(&version);
            Ok(version)
        })
        .await
    }

    /// Throws an upload and its parts away.
    pub(crate) async fn abort_upload(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
    ) -> Result<(), StoreError> {
        let (bucket, key, id) = (bucket.to_owned(), key.to_owned(), id.to_owned());
        self.change(move |index, disk| {
            index.bucket(&bucket)?;
            index.upload(&bucket, &key, &id)?;
            index.drop_upload(disk, &id, &[])
        })
        .await
    }

    /// A page of a bucket's unfinished uploads, by key and then by age.
    pub(crate) async fn list_uploads(
        &self,
        bucket: &str,
        cut: Cut<'_>,
        id_marker: Option<&str>,
    ) -> Result<Page<UploadRecord>, StoreError> {
        let index = self.index().await;
        index.bucket(bucket)?;
        let marker = id_marker
            .and_then(|id| index.uploads.get(id))
            .map(|upload| (upload.record.key.as_str(), upload.record.sequence));
        let mut uploads: Vec<&UploadRecord> = index
            .uploads
            .values()
            .map(|upload| &upload.record)
            .filter(|record| record.bucket == bucket)
            .filter(|record| match (cut.marker, marker) {
                (None, _) => true,
                (Some(key), Some(marker)) if marker.0 == key => {
                    (record.key.as_str(), record.sequence) > marker
                }
                (Some(key), _) => record.key.as_str() > key,
            })
            .collect();
        uploads.sort_by(|a, b| (&a.key, a.sequence).cmp(&(&b.key, b.sequence)));
        let entries = uploads
            .into_iter()
            .map(|record| (record.key.as_str(), record.clone()));
        Ok(Page::cut(entries, cut))
    }
}

/// As AWS does since 2024 where nothing was declared.
fn checksum(upload: &UploadRecord) -> (Algorithm, Kind) {
    let default = (Algorithm::Crc64Nvme, Kind::FullObject);
    upload.checksum.unwrap_or(default)
}

fn completed_before(
    index: &Index,
    completion: &Completion,
) -> Result<Option<Arc<Version>>, StoreError> {
    let bucket = index.bucket(&completion.bucket)?;
    let mut versions = bucket.keys.get(&completion.key).into_iter().flatten();
    Ok(versions
        .find(|version| {
            let upload = version
                .object()
                .and_then(|object| object.upload_id.as_ref());
            upload == Some(&completion.upload_id)
        })
        .cloned())
}

type Files = Vec<Arc<super::data::DataFile>>;

fn assemble(upload: &Upload, completion: &Completion) -> Result<(ObjectRecord, Files), StoreError> {
    if !completion.parts.is_sorted_by(|a, b| a.number < b.number) {
        return Err(StoreError::InvalidPartOrder);
    }
    let mut parts = Vec::new();
    let mut files = Vec::new();
    let last = completion.parts.last().map(|part| part.number);
    for named in &completion.parts {
        let number = named.number;
        let Some((part, file)) = upload.parts.get(&number) else {
            return Err(StoreError::InvalidPart { number });
        };
        let differs = named
            .checksum
            .as_ref()
            .is_some_and(|checksum| *checksum != part.checksum.value);
        if part.md5 != named.etag || differs {
            return Err(StoreError::InvalidPart { number });
        }
        if part.segment.size < SMALLEST_PART && Some(number) != last {
            return Err(StoreError::PartTooSmall {
                number,
                size: part.segment.size,
            });
        }
        parts.push(part);
        files.push(Arc::clone(file));
    }
    let checksum = object_checksum(&upload.record, &parts);
    if let Some((algorithm, expected)) = &completion.expected {
        let matches = checksum
            .as_ref()
            .is_some_and(|sum| sum.algorithm == *algorithm && same_value(&sum.value, expected));
        if !matches {
            return Err(StoreError::BadDigest {
                digest: algorithm.name(),
            });
        }
    }
    let digests: Vec<Vec<u8>> = parts
        .iter()
        .map(|part| hex::decode(&part.md5).unwrap_or_default())
        .collect();
    let object = ObjectRecord {
        etag: multipart_etag(digests.iter().map(Vec::as_slice)),
        size: parts.iter().map(|part| part.segment.size).sum(),
        segments: parts.iter().map(|part| part.segment.clone()).collect(),
        checksum,
        meta: upload.record.meta.clone(),
        upload_id: Some(upload.record.id.clone()),
    };
    Ok((object, files))
}

fn object_checksum(upload: &UploadRecord, parts: &[&PartRecord]) -> Option<StoredChecksum> {
    let (algorithm, kind) = checksum(upload);
    let sums: Vec<(Vec<u8>, u64)> = parts
        .iter()
        .map(|part| {
            let sum = BASE64_STANDARD.decode(&part.checksum.value);
            (sum.unwrap_or_default(), part.segment.size)
        })
        .collect();
    combine(algorithm, kind, &sums)
}

/// A composite checksum may be sent with or without the number of parts.
fn same_value(stored: &str, expected: &str) -> bool {
    stored == expected
        || stored
            .rsplit_once('-')
            .is_some_and(|(sum, _)| sum == expected)
}
