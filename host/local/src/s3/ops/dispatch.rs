//! The table of operations.

use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result};

use crate::s3::ObjectStore;

/// The S3 operations over a store.
#[derive(Clone, Debug)]
pub(in crate::s3) struct Operations {
    pub(super) store: ObjectStore,
    /// What GetBucketLocation tells, and CreateBucket accepts.
    pub(super) region: String,
}

impl Operations {
    pub(in crate::s3) fn new(store: ObjectStore, region: &str) -> Self {
        let region = region.to_owned();
        Self { store, region }
    }
}

/// Implements each operation of the trait by the function behind it, and names them all.
macro_rules! operations {
    ($($name:literal $method:ident($input:ident) -> $output:ident = $function:ident;)*) => {
        /// The operations that are built. Every other one is answered with its name.
        pub(in crate::s3) const BUILT: &[&str] = &[$($name),*];

        #[async_trait::async_trait]
        impl S3 for Operations {
            $(
                async fn $method(&self, req: S3Request<$input>) -> S3Result<S3Response<$output>> {
                    self.$function(req).await
                }
            )*
        }
    };
}

operations! {
    "AbortMultipartUpload" abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput = abort;
    "CompleteMultipartUpload" complete_multipart_upload(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput = complete;
    "CopyObject" copy_object(CopyObjectInput) -> CopyObjectOutput = copy;
    "CreateBucket" create_bucket(CreateBucketInput) -> CreateBucketOutput = make_bucket;
    "CreateMultipartUpload" create_multipart_upload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput = create_upload;
    "DeleteBucket" delete_bucket(DeleteBucketInput) -> DeleteBucketOutput = remove_bucket;
    "DeleteObject" delete_object(DeleteObjectInput) -> DeleteObjectOutput = remove_object;
    "DeleteObjects" delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput = remove_objects;
    "GetBucketLocation" get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput = location;
    "GetBucketVersioning" get_bucket_versioning(GetBucketVersioningInput) -> GetBucketVersioningOutput = versioning;
    "GetObject" get_object(GetObjectInput) -> GetObjectOutput = get;
    "GetObjectTagging" get_object_tagging(GetObjectTaggingInput) -> GetObjectTaggingOutput = tags;
    "HeadBucket" head_bucket(HeadBucketInput) -> HeadBucketOutput = probe_bucket;
    "HeadObject" head_object(HeadObjectInput) -> HeadObjectOutput = head;
    "ListBuckets" list_buckets(ListBucketsInput) -> ListBucketsOutput = all_buckets;
    "ListMultipartUploads" list_multipart_uploads(ListMultipartUploadsInput) -> ListMultipartUploadsOutput = list_uploads;
    "ListObjectVersions" list_object_versions(ListObjectVersionsInput) -> ListObjectVersionsOutput = list_versions;
    "ListObjects" list_objects(ListObjectsInput) -> ListObjectsOutput = list_v1;
    "ListObjectsV2" list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output = list_v2;
    "ListParts" list_parts(ListPartsInput) -> ListPartsOutput = list_parts_of;
    "PutBucketVersioning" put_bucket_versioning(PutBucketVersioningInput) -> PutBucketVersioningOutput = set_versioning;
    "PutObject" put_object(PutObjectInput) -> PutObjectOutput = put;
    "UploadPart" upload_part(UploadPartInput) -> UploadPartOutput = put_part;
    "UploadPartCopy" upload_part_copy(UploadPartCopyInput) -> UploadPartCopyOutput = copy_part;
}
