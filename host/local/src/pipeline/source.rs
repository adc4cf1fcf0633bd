//! The engine's effects on objects: what it has done in S3.

use super::event::ErrorDetails;
use super::model::EncryptionKey;
use super::runs::Fetched;
use super::state::epoch;
use crate::auth::ObjectRef;
use crate::s3::{
    Encryption, Location, ObjectMeta, ObjectStore, Publication, Versioning, WriteCondition,
};

/// Copies the newest version of a source object to where its artifact is to be.
///
/// # Errors
/// What the source action fails with.
pub(super) async fn fetch(
    store: &ObjectStore,
    (bucket, key): &ObjectRef,
    (to_bucket, to_key): &ObjectRef,
    encryption_key: Option<EncryptionKey>,
) -> Result<Fetched, ErrorDetails> {
    let configuration = |message: String| ErrorDetails::new("ConfigurationError", message);
    let record = store
        .bucket(bucket)
        .await
        .map_err(|error| configuration(error.to_string()))?;
    if record.versioning != Versioning::Enabled {
        return Err(configuration(format!(
            "the source bucket '{bucket}' is not versioned, and an S3 source action needs \
             versions; turn them on: aws s3api put-bucket-versioning --bucket {bucket} \
             --versioning-configuration Status=Enabled"
        )));
    }
    let unavailable = |message: String| ErrorDetails::new("RevisionUnavailable", message);
    let info = store
        .head_latest(bucket, key)
        .await
        .map_err(|error| unavailable(error.to_string()))?
        .ok_or_else(|| {
            unavailable(format!(
                "there is no object with the key '{key}' in the source bucket '{bucket}'; upload \
                 it, and start the pipeline again"
            ))
        })?;
    let system = |error: crate::s3::StoreError| {
        ErrorDetails::new(
            "SystemUnavailable",
            format!("the source could not be copied: {error}"),
        )
    };
    let location = Location {
        bucket: bucket.clone(),
        key: key.clone(),
        version_id: Some(info.version_id.clone()),
    };
    let version = store.version(&location).await.map_err(system)?;
    // On AWS every artifact is encrypted: with the pipeline's key, or with the account's own.
    let meta = ObjectMeta {
        encryption: Encryption::kms(encryption_key.map(|key| key.id)),
        ..info.meta.clone()
    };
    let to = Publication {
        bucket: to_bucket.clone(),
        key: to_key.clone(),
        meta,
        condition: WriteCondition::None,
    };
    store.copy(&version, to).await.map_err(system)?;
    Ok(Fetched {
        version_id: info.version_id,
        etag: info.etag,
        modified: epoch(info.last_modified),
    })
}

/// Sees that every declared output artifact is there.
///
/// # Errors
/// What the action fails with: the first artifact that is missing, and where it should be.
pub(super) async fn verify(
    store: &ObjectStore,
    objects: &[(String, ObjectRef)],
) -> Result<(), ErrorDetails> {
    for (name, (bucket, key)) in objects {
        let found = store.head_latest(bucket, key).await;
        if !matches!(found, Ok(Some(_))) {
            return Err(ErrorDetails::new(
                "JobFailed",
                format!(
                    "the action reported success, but its output artifact '{name}' is not at \
                     s3://{bucket}/{key}; every declared output artifact must be uploaded before \
                     PutJobSuccessResult"
                ),
            ));
        }
    }
    Ok(())
}

/// The version that a source object has now; none where there is no object.
pub(super) async fn look(store: &ObjectStore, (bucket, key): &ObjectRef) -> Option<String> {
    store
        .head_latest(bucket, key)
        .await
        .ok()
        .flatten()
        .map(|info| info.version_id)
}
