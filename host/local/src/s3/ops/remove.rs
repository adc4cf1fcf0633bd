//! Deletions.

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Operations;
use super::convert::write_condition;
use crate::s3::store::{DeleteOutcome, Location, WriteCondition};

/// S3's limit for one DeleteObjects.
const MOST_AT_ONCE: usize = 1000;

impl Operations {
    pub(super) async fn remove_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = req.input;
        if input.if_match_size.is_some() || input.if_match_last_modified_time.is_some() {
            return Err(s3_error!(
                NotImplemented,
                "conditions on size and time are of directory buckets; send If-Match"
            ));
        }
        let condition = write_condition(input.if_match, None)?;
        let location = Location {
            bucket: input.bucket,
            key: input.key,
            version_id: input.version_id,
        };
        let deleted = self.store.delete(location, condition).await?;
        Ok(S3Response::new(DeleteObjectOutput {
            delete_marker: deleted.marker.then_some(true),
            version_id: deleted.version_id,
            ..Default::default()
        }))
    }

    /// Each object succeeds or fails for itself.
    pub(super) async fn remove_objects(
        &self,
        req: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let input = req.input;
        self.store.bucket(&input.bucket).await?;
        let count = input.delete.objects.len();
        if !(1..=MOST_AT_ONCE).contains(&count) {
            return Err(s3_error!(
                MalformedXML,
                "a DeleteObjects names 1 to {MOST_AT_ONCE} objects, not {count}"
            ));
        }
        let quiet = input.delete.quiet.unwrap_or(false);
        let mut deleted = Vec::new();
        let mut errors = Vec::new();
        for object in input.delete.objects {
            let condition = match &object.e_tag {
                Some(etag) => WriteCondition::Etag(etag.value().to_owned()),
                None => WriteCondition::None,
            };
            let location = Location {
                bucket: input.bucket.clone(),
                key: object.key.clone(),
                version_id: object.version_id.clone(),
            };
            match self.store.delete(location, condition).await {
                Ok(_) if quiet => {}
                Ok(outcome) => deleted.push(entry(object, outcome)),
                Err(error) => {
                    let error = s3s::S3Error::from(error);
                    errors.push(Error {
                        code: Some(error.code().as_str().to_owned()),
                        message: error.message().map(str::to_owned),
                        key: Some(object.key),
                        version_id: object.version_id,
                    });
                }
            }
        }
        Ok(S3Response::new(DeleteObjectsOutput {
            deleted: Some(deleted),
            errors: Some(errors),
            ..Default::default()
        }))
    }
}

fn entry(object: ObjectIdentifier, outcome: DeleteOutcome) -> DeletedObject {
    DeletedObject {
        delete_marker: outcome.marker.then_some(true),
        delete_marker_version_id: outcome.version_id.filter(|_| outcome.marker),
        key: Some(object.key),
        version_id: object.version_id,
    }
}
