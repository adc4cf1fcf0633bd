//! The records on disk, JSON.
//!
//! Their form is version 1 of `FORMAT`; a store of another version is refused and not guessed at.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::s3::checksum::{Algorithm, Kind, StoredChecksum};

/// The version id of objects of a bucket that keeps no versions.
pub(crate) const NULL_VERSION: &str = "null";

/// A bucket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BucketRecord {
    pub(crate) name: String,
    /// Milliseconds since the epoch.
    pub(crate) created: i64,
    pub(crate) versioning: Versioning,
}

/// Whether a bucket keeps versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Versioning {
    /// It never did.
    #[default]
    Never,
    /// Every write makes a new version.
    Enabled,
    /// Versions are kept, new writes replace the version `null`.
    Suspended,
}

/// A version of an object, or a delete marker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct VersionRecord {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) version_id: String,
    /// Grows with every write to the store: the highest of a key is its latest version.
    pub(crate) sequence: u64,
    /// Milliseconds since the epoch.
    pub(crate) modified: i64,
    /// None: a delete marker.
    pub(crate) object: Option<ObjectRecord>,
}

/// What a version holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ObjectRecord {
    /// Without quotes.
    pub(crate) etag: String,
    /// Bytes.
    pub(crate) size: u64,
    /// The content, in order: one segment, or one for each part of a multipart upload.
    pub(crate) segments: Vec<SegmentRecord>,
    pub(crate) checksum: Option<StoredChecksum>,
    pub(crate) meta: ObjectMeta,
    /// The upload that it was assembled by: makes a repeated completion succeed.
    pub(crate) upload_id: Option<String>,
}

/// A piece of content in a file of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SegmentRecord {
    /// The file's name under `data/`.
    pub(crate) data: String,
    /// Bytes.
    pub(crate) size: u64,
}

/// An unfinished multipart upload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UploadRecord {
    pub(crate) id: String,
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// Milliseconds since the epoch.
    pub(crate) initiated: i64,
    /// Orders uploads of one key.
    pub(crate) sequence: u64,
    pub(crate) meta: ObjectMeta,
    /// What the client declared; None: CRC64NVME of the full object, and parts may bring any.
    pub(crate) checksum: Option<(Algorithm, Kind)>,
}

/// A part of an unfinished upload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PartRecord {
    pub(crate) number: i32,
    pub(crate) segment: SegmentRecord,
    /// MD5, hex: the part's entity tag.
    pub(crate) md5: String,
    /// The checksum that the object's will be made of.
    pub(crate) checksum: StoredChecksum,
    /// Milliseconds since the epoch.
    pub(crate) modified: i64,
}

/// What a client says about an object and gets back with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ObjectMeta {
    /// `Content-Type`.
    pub(crate) content_type: Option<String>,
    /// `Cache-Control`.
    pub(crate) cache_control: Option<String>,
    /// `Content-Disposition`.
    pub(crate) content_disposition: Option<String>,
    /// `Content-Encoding`, without `aws-chunked`.
    pub(crate) content_encoding: Option<String>,
    /// `Content-Language`.
    pub(crate) content_language: Option<String>,
    /// `Expires`, seconds since the epoch.
    pub(crate) expires: Option<i64>,
    /// `x-amz-website-redirect-location`.
    pub(crate) website_redirect: Option<String>,
    /// `x-amz-storage-class`, where it is not STANDARD. Kept and told, without effect.
    pub(crate) storage_class: Option<String>,
    /// `x-amz-meta-*`.
    pub(crate) user: BTreeMap<String, String>,
    /// How the object would be encrypted on AWS. Nothing is encrypted here.
    pub(crate) encryption: Encryption,
}

/// The server-side encryption that was asked for: kept and echoed, not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Encryption {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    pub(crate) algorithm: String,
    /// The key named in the request, verbatim.
    pub(crate) kms_key_id: Option<String>,
    /// `x-amz-server-side-encryption-context`.
    pub(crate) context: Option<String>,
    /// `x-amz-server-side-encryption-bucket-key-enabled`.
    pub(crate) bucket_key: Option<bool>,
}

impl Default for Encryption {
    /// What S3 does since 2023 with an object that asks for nothing.
    fn default() -> Self {
        Self {
            algorithm: "AES256".into(),
            kms_key_id: None,
            context: None,
            bucket_key: None,
        }
    }
}

impl Encryption {
    /// `aws:kms` with the key given, or with the account's default key.
    pub(crate) fn kms(key_id: Option<String>) -> Self {
        Self {
            algorithm: "aws:kms".into(),
            kms_key_id: key_id,
            ..Self::default()
        }
    }
}

/// Now, in the records' unit.
pub(super) fn now() -> i64 {
    Timestamp::now().as_millisecond()
}
