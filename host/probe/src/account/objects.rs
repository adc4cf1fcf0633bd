//! Objects and buckets: with a job's credentials what a worker does, with the user's own what tidies up.

use aws_sdk_s3::config::Builder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, ServerSideEncryption,
};

use super::{Account, Job};
use crate::call::{Call, CallError, Timed, make};

/// An archive without entries: the end record of a zip (APPNOTE.TXT, 4.3.16).
const EMPTY_ZIP: [u8; 22] = [
    b'P', b'K', 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

/// Where an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) bucket: String,
    pub(crate) key: String,
}

/// An object, or the version of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) place: Place,
    pub(crate) version: Option<String>,
}

impl Account {
    /// Uploads an empty artifact as a worker would.
    pub(crate) async fn upload(&self, job: &Job) -> Result<Option<Written>, CallError> {
        let Some(place) = &job.output else {
            return Ok(None);
        };
        let put = make(Call::safe("PutObject"), || {
            self.s3
                .put_object()
                .bucket(&place.bucket)
                .key(&place.key)
                .server_side_encryption(ServerSideEncryption::AwsKms)
                .set_ssekms_key_id(job.key.clone())
                .body(ByteStream::from_static(&EMPTY_ZIP))
                .customize()
                .config_override(signed_by(job))
                .send()
        })
        .await?;
        Ok(Some(Written {
            place: place.clone(),
            version: put.value.version_id,
        }))
    }

    /// Reads a job's input with the credentials that it was handed out with.
    pub(crate) async fn read_input(&self, job: &Job) -> Result<Timed<()>, CallError> {
        const CALL: Call = Call::safe("GetObject").quiet();
        let Some(place) = &job.input else {
            return Err(super::pipelines::incomplete(CALL.operation));
        };
        let got = make(CALL, || {
            self.s3
                .get_object()
                .bucket(&place.bucket)
                .key(&place.key)
                .customize()
                .config_override(signed_by(job))
                .send()
        })
        .await?;
        Ok(got.map(|_| ()))
    }

    pub(crate) async fn create_bucket(&self, bucket: &str) -> Result<(), CallError> {
        // The first Region has no constraint (reference of CreateBucket).
        let place = (self.region != "us-east-1").then(|| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(self.region.as_str()))
                .build()
        });
        make(Call::once("CreateBucket"), || {
            let create = self.s3.create_bucket().bucket(bucket);
            create.set_create_bucket_configuration(place.clone()).send()
        })
        .await?;
        Ok(())
    }

    /// One that is not there is deleted already.
    pub(crate) async fn delete_bucket(&self, bucket: &str) -> Result<(), CallError> {
        let deleted = make(Call::safe("DeleteBucket"), || {
            self.s3.delete_bucket().bucket(bucket).send()
        })
        .await;
        gone(deleted, "NoSuchBucket")
    }

    pub(crate) async fn delete_object(&self, object: &Written) -> Result<(), CallError> {
        let deleted = make(Call::safe("DeleteObject"), || {
            self.s3
                .delete_object()
                .bucket(&object.place.bucket)
                .key(&object.place.key)
                .set_version_id(object.version.clone())
                .send()
        })
        .await;
        gone(deleted, "NoSuchBucket")
    }

    /// Every version below a prefix, delete markers included.
    pub(crate) async fn objects(
        &self,
        bucket: &str,
        prefix: &str,
    ) -> Result<Vec<Written>, CallError> {
        let mut found = Vec::new();
        let mut next = (None, None);
        loop {
            let page = make(Call::safe("ListObjectVersions"), || {
                self.s3
                    .list_object_versions()
                    .bucket(bucket)
                    .prefix(prefix)
                    .set_key_marker(next.0.clone())
                    .set_version_id_marker(next.1.clone())
                    .send()
            })
            .await?
            .value;
            let versions = page.versions.unwrap_or_default().into_iter();
            let markers = page.delete_markers.unwrap_or_default().into_iter();
            let all = versions
                .map(|version| (version.key, version.version_id))
                .chain(markers.map(|marker| (marker.key, marker.version_id)));
            found.extend(all.filter_map(|(key, version)| {
                let bucket = bucket.to_owned();
                Some(Written {
                    place: Place { bucket, key: key? },
                    version,
                })
            }));
            if page.is_truncated != Some(true) {
                return Ok(found);
            }
            next = (page.next_key_marker, page.next_version_id_marker);
        }
    }

    /// Names of the account's buckets that begin so.
    pub(crate) async fn buckets(&self, prefix: &str) -> Result<Vec<String>, CallError> {
        let listed = make(Call::safe("ListBuckets"), || self.s3.list_buckets().send()).await?;
        let names = listed.value.buckets.unwrap_or_default().into_iter();
        let names = names.filter_map(|bucket| bucket.name);
        Ok(names.filter(|name| name.starts_with(prefix)).collect())
    }
}

fn gone<T>(deleted: Result<Timed<T>, CallError>, code: &str) -> Result<(), CallError> {
    match deleted {
        Err(error) if !error.is(code) => Err(error),
        _ => Ok(()),
    }
}

/// A job without credentials is refused as one whose credentials are wrong.
fn signed_by(job: &Job) -> Builder {
    let given = job.credentials.clone();
    let none = || aws_credential_types::Credentials::new("none", "none", None, None, "none");
    Builder::new().credentials_provider(given.unwrap_or_else(none))
}
