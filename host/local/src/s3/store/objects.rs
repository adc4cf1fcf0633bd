//! [`ObjectStore`]: buckets and reading.

use std::ops::Bound;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{RwLock, RwLockReadGuard, broadcast};

use super::disk::Disk;
use super::index::{Bucket, Index, Version};
use super::page::{Cut, Page};
use super::record::{BucketRecord, ObjectMeta, Versioning, now};
use crate::s3::StoreError;

/// Notices kept for a receiver that is slow. One that lags is told so and looks for itself.
const NOTICES: usize = 1024;

/// Buckets and objects in a directory; a cheap clone shares them.
#[derive(Clone, Debug)]
pub(crate) struct ObjectStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    disk: Disk,
    index: Arc<RwLock<Index>>,
    published: broadcast::Sender<Published>,
}

/// An object became the latest version of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// `null` in a bucket that keeps no versions.
    pub(crate) version_id: String,
}

/// Names an object, or one version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// None: the latest.
    pub(crate) version_id: Option<String>,
}

/// What is known of an object without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectInfo {
    /// `null` in a bucket that keeps no versions.
    pub(crate) version_id: String,
    /// Without quotes.
    pub(crate) etag: String,
    /// Bytes.
    pub(crate) size: u64,
    pub(crate) last_modified: Timestamp,
    /// `x-amz-server-side-encryption`, as it was asked for.
    pub(crate) sse: String,
    /// The key id that came with the upload, verbatim.
    pub(crate) kms_key_id: Option<String>,
    /// Everything else that came with it.
    pub(crate) meta: ObjectMeta,
}

/// A version in a listing.
#[derive(Clone, Debug)]
pub(crate) struct VersionEntry {
    pub(crate) version: Arc<Version>,
    pub(crate) latest: bool,
}

/// One part of an object that was uploaded in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartView {
    /// Its place in the object, bytes.
    pub(crate) range: std::ops::Range<u64>,
    /// How many there are.
    pub(crate) count: usize,
}

impl ObjectStore {
    /// Opens the store in a directory, made if it is missing.
    ///
    /// # Errors
    ///
    /// Where the directory cannot be read or written, is something else, or is open elsewhere.
    pub(crate) async fn open(directory: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let directory = directory.into();
        let opening = tokio::task::spawn_blocking(move || {
            let (disk, found) = Disk::open(directory)?;
            let index = Index::load(&disk, found);
            Ok(Self(Arc::new(Inner {
                disk,
                index: Arc::new(RwLock::new(index)),
                published: broadcast::Sender::new(NOTICES),
            })))
        });
        opening.await.map_err(|_| StoreError::Stopping)?
    }

    /// Notices of objects as they are published, from now on.
    pub(crate) fn changes(&self) -> broadcast::Receiver<Published> {
        self.0.published.subscribe()
    }

    /// Makes a bucket. Returns whether it is new; an existing one keeps its content, and gets
    /// versioning where that is asked for.
    ///
    /// # Errors
    ///
    /// For a name that S3 forbids, and where the disk fails.
    pub(crate) async fn create_bucket(
        &self,
        name: &str,
        versioned: bool,
    ) -> Result<bool, StoreError> {
        if !s3s::path::check_bucket_name(name) {
            return Err(StoreError::InvalidBucketName {
                bucket: name.into(),
            });
        }
        let name = name.to_owned();
        self.change(move |index, disk| {
            let existing = index.buckets.get(&name).map(|bucket| bucket.record.clone());
            let created = existing.is_none();
            let old = existing.as_ref().map(|record| record.versioning);
            let mut record = existing.unwrap_or_else(|| BucketRecord {
                name: name.clone(),
                created: now(),
                versioning: Versioning::Never,
            });
            if versioned {
                record.versioning = Versioning::Enabled;
            }
            if old == Some(record.versioning) {
                return Ok(false);
            }
            disk.write_bucket(&record)?;
            match index.buckets.get_mut(&name) {
                Some(bucket) => bucket.record = record,
                None => {
                    let keys = Default::default();
                    index.buckets.insert(name, Bucket { record, keys });
                }
            }
            Ok(created)
        })
        .await
    }

    /// Removes an empty bucket.
    pub(crate) async fn delete_bucket(&self, name: &str) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.change(move |index, disk| {
            let used = !index.bucket(&name)?.keys.is_empty();
            let mut uploads = index.uploads.values();
            if used || uploads.any(|upload| upload.record.bucket == name) {
                return Err(StoreError::BucketNotEmpty { bucket: name });
            }
            disk.remove_bucket(&name)?;
            index.buckets.remove(&name);
            Ok(())
        })
        .await
    }

    /// Starts or suspends the keeping of versions.
    pub(crate) async fn set_versioning(
        &self,
        name: &str,
        versioning: Versioning,
    ) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.change(move |index, disk| {
            let bucket = index.bucket_mut(&name)?;
            let record = BucketRecord {
                versioning,
                ..bucket.record.clone()
            };
            disk.write_bucket(&record)?;
            bucket.record = record;
            Ok(())
        })
        .await
    }

    /// What is known of a bucket.
    pub(crate) async fn bucket(&self, name: &str) -> Result<BucketRecord, StoreError> {
        Ok(self.index().await.bucket(name)?.record.clone())
    }

    /// All buckets, by name.
    pub(crate) async fn buckets(&self) -> Vec<BucketRecord> {
        let index = self.index().await;
        let buckets = index.buckets.values();
        buckets.map(|bucket| bucket.record.clone()).collect()
    }

    /// The latest version of an object, none where there is none or it is deleted.
    ///
    /// # Errors
    ///
    /// Where the bucket does not exist.
    pub(crate) async fn head_latest(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<Option<ObjectInfo>, StoreError> {
        let index = self.index().await;
        Ok(index
            .current(bucket, key)?
            .and_then(|version| version.info()))
    }

    /// A version to read.
    ///
    /// # Errors
    ///
    /// Where bucket, key or version does not exist, or is a delete marker.
    pub(crate) async fn version(&self, location: &Location) -> Result<Arc<Version>, StoreError> {
        let index = self.index().await;
        let version_id = location.version_id.as_deref();
        let version = index.readable(&location.bucket, &location.key, version_id)?;
        Ok(Arc::clone(version))
    }

    /// A page of the latest versions of a bucket's keys.
    pub(crate) async fn list(
        &self,
        bucket: &str,
        cut: Cut<'_>,
    ) -> Result<Page<Arc<Version>>, StoreError> {
        let index = self.index().await;
        let keys = &index.bucket(bucket)?.keys;
        let entries = keys
            .range::<str, _>((after(cut.marker), Bound::Unbounded))
            .filter_map(|(key, versions)| Some((key, versions.first()?)))
            .filter(|(_, version)| version.object().is_some())
            .map(|(key, version)| (key.as_str(), Arc::clone(version)));
        Ok(Page::cut(entries, cut))
    }

    /// A page of all versions and delete markers. With a version marker, the page begins behind
    /// that version of the marker's key.
    pub(crate) async fn list_versions(
        &self,
        bucket: &str,
        cut: Cut<'_>,
        version_marker: Option<&str>,
    ) -> Result<Page<VersionEntry>, StoreError> {
        let index = self.index().await;
        let keys = &index.bucket(bucket)?.keys;
        let rest_of_marker = cut.marker.zip(version_marker).and_then(|(key, marker)| {
            let (key, versions) = keys.get_key_value(key)?;
            let place = versions
                .iter()
                .position(|version| version.record.version_id == marker)?;
            Some((key, versions, place + 1))
        });
        let others = keys
            .range::<str, _>((after(cut.marker), Bound::Unbounded))
            .map(|(key, versions)| (key, versions, 0));
        let entries = rest_of_marker
            .into_iter()
            .chain(others)
            .flat_map(|(key, versions, from)| {
                versions
                    .iter()
                    .enumerate()
                    .skip(from)
                    .map(|(place, version)| {
                        let entry = VersionEntry {
                            version: Arc::clone(version),
                            latest: place == 0,
                        };
                        (key.as_str(), entry)
                    })
            });
        Ok(Page::cut(entries, cut))
    }

    pub(super) fn disk(&self) -> &Disk {
        &self.0.disk
    }

    pub(super) async fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.0.index.read().await
    }

    /// Tells those who listen that a version is the latest.
    pub(super) fn announce(&self, version: &Version) {
        // Nobody listening is no error.
        let _ = self.0.published.send(Published {
            bucket: version.record.bucket.clone(),
            key: version.record.key.clone(),
            version_id: version.record.version_id.clone(),
        });
    }

    /// The one door for changes: see the module's page.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Index, &Disk) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let mut index = Arc::clone(&self.0.index).write_owned().await;
        let store = self.clone();
        tokio::task::spawn_blocking(move || change(&mut index, store.disk()))
            .await
            .map_err(|_| StoreError::Stopping)?
    }
}

fn after(marker: Option<&str>) -> Bound<&str> {
    marker.map_or(Bound::Unbounded, Bound::Excluded)
}

impl Version {
    /// What is known of it; none for a delete marker.
    pub(crate) fn info(&self) -> Option<ObjectInfo> {
        let object = self.object()?;
        Some(ObjectInfo {
            version_id: self.record.version_id.clone(),
            etag: object.etag.clone(),
            size: object.size,
            last_modified: Timestamp::from_millisecond(self.record.modified).unwrap_or_default(),
            sse: object.meta.encryption.algorithm.clone(),
            kms_key_id: object.meta.encryption.kms_key_id.clone(),
            meta: object.meta.clone(),
        })
    }

    /// The part of that number, from 1, where the object has it.
    pub(crate) fn part(&self, number: usize) -> Option<PartView> {
        let segments = &self.object()?.segments;
        let place = number.checked_sub(1)?;
        let size = segments.get(place)?.size;
        let start: u64 = segments[..place].iter().map(|segment| segment.size).sum();
        Some(PartView {
            range: start..start + size,
            count: segments.len(),
        })
    }
}
