//! All records, in memory: what exists, which version is the latest, what a change does.
//!
//! Methods that change something write the disk first and themselves after; they are called with
//! the index held exclusively (see the store's own page), so nobody sees a state in between.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::data::DataFile;
use super::disk::{Disk, Found};
use super::record::{
    BucketRecord, NULL_VERSION, ObjectRecord, PartRecord, UploadRecord, VersionRecord, Versioning,
    now,
};
use crate::auth::random;
use crate::s3::StoreError;

/// A version with its content.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) record: VersionRecord,
    /// One for each segment.
    pub(super) files: Vec<Arc<DataFile>>,
}

impl Version {
    /// What it holds; none for a delete marker.
    pub(crate) fn object(&self) -> Option<&ObjectRecord> {
        self.record.object.as_ref()
    }

    /// What it holds.
    ///
    /// # Errors
    ///
    /// Where it is a delete marker.
    pub(crate) fn content(&self) -> Result<&ObjectRecord, StoreError> {
        self.object().ok_or_else(|| StoreError::DeleteMarker {
            version_id: self.record.version_id.clone(),
        })
    }
}

#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) record: BucketRecord,
    /// The versions of each key, the latest first; never empty.
    pub(super) keys: BTreeMap<String, Vec<Arc<Version>>>,
}

#[derive(Clone, Debug)]
pub(super) struct Upload {
    pub(super) record: UploadRecord,
    pub(super) parts: BTreeMap<i32, (PartRecord, Arc<DataFile>)>,
}

#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) buckets: BTreeMap<String, Bucket>,
    pub(super) uploads: HashMap<String, Upload>,
    sequence: u64,
}

/// What a deletion did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeleteOutcome {
    /// The version that was deleted, or the delete marker that was made.
    pub(crate) version_id: Option<String>,
    /// Whether that is a delete marker.
    pub(crate) marker: bool,
}

impl Index {
    pub(super) fn load(disk: &Disk, found: Found) -> Self {
        let mut index = Self::default();
        for record in found.buckets {
            let bucket = Bucket {
                record,
                keys: BTreeMap::new(),
            };
            index.buckets.insert(bucket.record.name.clone(), bucket);
        }
        for record in found.versions {
            index.sequence = index.sequence.max(record.sequence);
            let Some(bucket) = index.buckets.get_mut(&record.bucket) else {
                continue;
            };
            let segments = record.object.iter().flat_map(|object| &object.segments);
            let files = segments
                .map(|segment| disk.existing_data(segment))
                .collect();
            let versions = bucket.keys.entry(record.key.clone()).or_default();
            versions.push(Arc::new(Version { record, files }));
        }
        for bucket in index.buckets.values_mut() {
            for versions in bucket.keys.values_mut() {
                versions.sort_by_key(|version| std::cmp::Reverse(version.record.sequence));
            }
        }
        for (record, parts) in found.uploads {
            index.sequence = index.sequence.max(record.sequence);
            let parts = parts
                .into_iter()
                .map(|part| {
                    let file = disk.existing_data(&part.segment);
                    (part.number, (part, file))
                })
                .collect();
            index
                .uploads
                .insert(record.id.clone(), Upload { record, parts });
        }
        index
    }

    pub(super) fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    pub(super) fn bucket(&self, name: &str) -> Result<&Bucket, StoreError> {
        self.buckets.get(name).ok_or_else(|| no_such_bucket(name))
    }

    pub(super) fn bucket_mut(&mut self, name: &str) -> Result<&mut Bucket, StoreError> {
        self.buckets
            .get_mut(name)
            .ok_or_else(|| no_such_bucket(name))
    }

    /// The latest version, unless that is a delete marker or there is none.
    pub(super) fn current(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<Option<&Arc<Version>>, StoreError> {
        let latest = self
            .bucket(bucket)?
            .keys
            .get(key)
            .and_then(|all| all.first());
        Ok(latest.filter(|version| version.object().is_some()))
    }

    /// The object that a read names: that version, or the latest.
    pub(super) fn readable(
        &self,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
    ) -> Result<&Arc<Version>, StoreError> {
        let versions = self.bucket(bucket)?.keys.get(key);
        let mut versions = versions.into_iter().flatten();
        match version_id {
            None => match versions.next() {
                Some(version) if version.object().is_some() => Ok(version),
                hidden => Err(StoreError::NoSuchKey {
                    bucket: bucket.into(),
                    key: key.into(),
                    marker: hidden.map(|marker| marker.record.version_id.clone()),
                }),
            },
            Some(version_id) => {
                let version = versions
                    .find(|version| version.record.version_id == version_id)
                    .ok_or_else(|| StoreError::NoSuchVersion {
                        bucket: bucket.into(),
                        key: key.into(),
                        version_id: version_id.into(),
                    })?;
                match version.object() {
                    Some(_) => Ok(version),
                    None => Err(StoreError::DeleteMarker {
                        version_id: version_id.into(),
                    }),
                }
            }
        }
    }

    pub(super) fn upload(&self, bucket: &str, key: &str, id: &str) -> Result<&Upload, StoreError> {
        self.uploads
            .get(id)
            .filter(|upload| upload.record.bucket == bucket && upload.record.key == key)
            .ok_or(StoreError::NoSuchUpload)
    }

    /// Makes an object, or a delete marker, the latest version of its key.
    pub(super) fn publish(
        &mut self,
        disk: &Disk,
        bucket: &str,
        key: &str,
        object: Option<ObjectRecord>,
        files: Vec<Arc<DataFile>>,
    ) -> Result<Arc<Version>, StoreError> {
        let sequence = self.next_sequence();
        let bucket = self.bucket_mut(bucket)?;
        let version_id = match bucket.record.versioning {
            Versioning::Enabled => new_version_id(),
            Versioning::Never | Versioning::Suspended => NULL_VERSION.into(),
        };
        let version = Arc::new(Version {
            record: VersionRecord {
                bucket: bucket.record.name.clone(),
                key: key.into(),
                version_id,
                sequence,
                modified: now(),
                object,
            },
            files,
        });
        disk.write_version(&version.record)?;
        for file in &version.files {
            file.keep();
        }
        let versions = bucket.keys.entry(key.to_owned()).or_default();
        // The record of a version with the same id was replaced by the write above.
        versions.retain(|old| {
            let stays = old.record.version_id != version.record.version_id;
            if !stays {
                discard(old);
            }
            stays
        });
        versions.insert(0, Arc::clone(&version));
        Ok(version)
    }

    /// What DeleteObject does; nothing to delete is a success, as on S3.
    pub(super) fn delete(
        &mut self,
        disk: &Disk,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
    ) -> Result<DeleteOutcome, StoreError> {
        match (version_id, self.bucket(bucket)?.record.versioning) {
            (None, Versioning::Never) => {
                self.remove(disk, bucket, key, NULL_VERSION)?;
                Ok(DeleteOutcome::default())
            }
            (None, Versioning::Enabled | Versioning::Suspended) => {
                let marker = self.publish(disk, bucket, key, None, Vec::new())?;
                Ok(DeleteOutcome {
                    version_id: Some(marker.record.version_id.clone()),
                    marker: true,
                })
            }
            (Some(version_id), _) => {
                let removed = self.remove(disk, bucket, key, version_id)?;
                Ok(DeleteOutcome {
                    version_id: Some(version_id.into()),
                    marker: removed.is_some_and(|version| version.object().is_none()),
                })
            }
        }
    }

    fn remove(
        &mut self,
        disk: &Disk,
        bucket: &str,
        key: &str,
        version_id: &str,
    ) -> Result<Option<Arc<Version>>, StoreError> {
        let bucket = self.bucket_mut(bucket)?;
        let Some(versions) = bucket.keys.get_mut(key) else {
            return Ok(None);
        };
        let Some(place) = versions
            .iter()
            .position(|version| version.record.version_id == version_id)
        else {
            return Ok(None);
        };
        disk.remove_version(&versions[place].record)?;
        let version = versions.remove(place);
        if versions.is_empty() {
            bucket.keys.remove(key);
        }
        discard(&version);
        Ok(Some(version))
    }

    /// Forgets an upload. Its parts go, but for those that a version took over.
    pub(super) fn drop_upload(
        &mut self,
        disk: &Disk,
        id: &str,
        kept: &[i32],
    ) -> Result<(), StoreError> {
        disk.remove_upload(id)?;
        if let Some(upload) = self.uploads.remove(id) {
            for (number, (_, file)) in upload.parts {
                if !kept.contains(&number) {
                    file.discard();
                }
            }
        }
        Ok(())
    }
}

fn discard(version: &Version) {
    for file in &version.files {
        file.discard();
    }
}

fn no_such_bucket(name: &str) -> StoreError {
    StoreError::NoSuchBucket {
        bucket: name.into(),
    }
}

/// 32 characters, as S3's version ids have.
fn new_version_id() -> String {
    random(
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._",
        32,
    )
}
