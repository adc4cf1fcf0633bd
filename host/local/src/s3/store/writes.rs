//! [`ObjectStore`]: publishing, copying and deleting objects.

use std::sync::Arc;

use super::condition::WriteCondition;
use super::index::{DeleteOutcome, Version};
use super::objects::{Location, ObjectStore};
use super::receive::Received;
use super::record::{ObjectMeta, ObjectRecord, SegmentRecord};
use crate::s3::StoreError;
use crate::s3::checksum::StoredChecksum;

/// S3's limit for keys, bytes.
const LONGEST_KEY: usize = 1024;

/// Where an object goes, and what goes with it.
#[derive(Clone, Debug)]
pub(crate) struct Publication {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) meta: ObjectMeta,
    pub(crate) condition: WriteCondition,
}

impl ObjectStore {
    /// Refuses early what [`ObjectStore::publish`] would refuse after the content was received.
    pub(crate) async fn check_write(&self, to: &Publication) -> Result<(), StoreError> {
        check_key(&to.key)?;
        let index = self.index().await;
        let current = index.current(&to.bucket, &to.key)?;
        let current = current.map(Arc::as_ref);
        to.condition.check(&to.bucket, &to.key, current)
    }

    /// Makes received content an object: the latest version of its key.
    ///
    /// # Errors
    ///
    /// Where the condition does not hold at this moment; nothing is changed then.
    pub(crate) async fn publish(
        &self,
        to: Publication,
        received: Received,
    ) -> Result<Arc<Version>, StoreError> {
        let checksum = received
            .digests
            .first()
            .map(|(algorithm, digest)| StoredChecksum::of_content(*algorithm, digest));
        let object = ObjectRecord {
            etag: hex::encode(received.md5),
            size: received.segment.size,
            segments: vec![received.segment],
            checksum,
            meta: to.meta,
            upload_id: None,
        };
        let store = self.clone();
        self.change(move |index, disk| {
            let current = index.current(&to.bucket, &to.key)?.map(Arc::as_ref);
            to.condition.check(&to.bucket, &to.key, current)?;
            let files = vec![received.file];
            let version = index.publish(disk, &to.bucket, &to.key, Some(object), files)?;
            store.announce(&version);
            Ok(version)
        })
        .await
    }

    /// Makes a copy of a version the latest version of a key. The copy keeps the entity tag and
    /// checksum of its source; `meta` replaces what the source has.
    ///
    /// # Errors
    ///
    /// Where source or bucket does not exist, and where the disk fails.
    pub(crate) async fn copy(
        &self,
        source: &Arc<Version>,
        to: Publication,
    ) -> Result<Arc<Version>, StoreError> {
        self.check_write(&to).await?;
        let source = Arc::clone(source);
        let store = self.clone();
        // Links are made outside the index's lock: where the file system cannot, bytes are copied.
        let linking = tokio::task::spawn_blocking(move || {
            let segments = source.object().map_or(&[][..], |object| &object.segments);
            let mut copies = (Vec::new(), Vec::new());
            for (segment, file) in segments.iter().zip(&source.files) {
                let (data, file) = store.disk().link_data(file)?;
                copies.0.push(SegmentRecord {
                    data,
                    size: segment.size,
                });
                copies.1.push(file);
            }
            Ok::<_, StoreError>((source, copies))
        });
        let (source, (segments, files)) = linking.await.map_err(|_| StoreError::Stopping)??;
        let object = ObjectRecord {
            segments,
            meta: to.meta,
            upload_id: None,
            ..source.content()?.clone()
        };
        let store = self.clone();
        self.change(move |index, disk| {
            let current = index.current(&to.bucket, &to.key)?.map(Arc::as_ref);
            to.condition.check(&to.bucket, &to.key, current)?;
            let version = index.publish(disk, &to.bucket, &to.key, Some(object), files)?;
            store.announce(&version);
            Ok(version)
        })
        .await
    }

    /// Deletes a version; without one named, hides the object behind a delete marker, or removes
    /// it where the bucket keeps no versions. Deleting nothing is no error.
    pub(crate) async fn delete(
        &self,
        location: Location,
        condition: WriteCondition,
    ) -> Result<DeleteOutcome, StoreError> {
        self.change(move |index, disk| {
            let Location {
                bucket,
                key,
                version_id,
            } = location;
            let current = index.current(&bucket, &key)?.map(Arc::as_ref);
            condition.check(&bucket, &key, current)?;
            index.delete(disk, &bucket, &key, version_id.as_deref())
        })
        .await
    }
}

/// S3's rule for keys.
pub(super) fn check_key(key: &str) -> Result<(), StoreError> {
    match key.len() {
        1..=LONGEST_KEY => Ok(()),
        bytes => Err(StoreError::InvalidKey { bytes }),
    }
}
