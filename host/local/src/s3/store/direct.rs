//! Content in and out without HTTP, for tests of what lies around the store.

use bytes::Bytes;
use futures::TryStreamExt;

use super::condition::WriteCondition;
use super::objects::{Location, ObjectStore};
use super::record::ObjectMeta;
use super::writes::Publication;
use crate::s3::StoreError;
use crate::s3::checksum::Algorithm;

impl ObjectStore {
    /// Publishes bytes as an object; returns its version id.
    ///
    /// # Errors
    ///
    /// Where the bucket does not exist, the key is not one, or the disk fails.
    pub(crate) async fn put_bytes(
        &self,
        bucket: &str,
        key: &str,
        content: impl Into<Bytes>,
        meta: ObjectMeta,
    ) -> Result<String, StoreError> {
        let to = Publication {
            bucket: bucket.into(),
            key: key.into(),
            meta,
            condition: WriteCondition::None,
        };
        self.check_write(&to).await?;
        let content = futures::stream::iter([Ok(content.into())]);
        let received = self.receive(content, &[Algorithm::Crc64Nvme], None).await?;
        let version = self.publish(to, received).await?;
        Ok(version.record.version_id.clone())
    }

    /// All of an object.
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::version`], and where the disk fails.
    pub(crate) async fn get_bytes(&self, location: &Location) -> Result<Vec<u8>, StoreError> {
        let version = self.version(location).await?;
        let size = version.object().map_or(0, |object| object.size);
        let content = version.read(0..size);
        content
            .try_fold(Vec::new(), |mut all, chunk| async move {
                all.extend_from_slice(&chunk);
                Ok(all)
            })
            .await
    }
}
