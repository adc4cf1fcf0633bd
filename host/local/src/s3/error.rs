//! What can go wrong in the store, and how S3 says it.

use std::io;
use std::path::PathBuf;

use s3s::{S3Error, S3ErrorCode};

/// A step of the object store that failed.
///
/// The messages reach the client as they are, so each says what to do where something can be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The bucket is not there.
    #[error("the bucket {bucket} does not exist; create it with CreateBucket")]
    NoSuchBucket {
        /// Its name.
        bucket: String,
    },
    /// The name breaks S3's rules for bucket names.
    #[error(
        "{bucket:?} is not a bucket name: 3 to 63 characters of a-z, 0-9, - and ., starting and ending with a letter or digit"
    )]
    InvalidBucketName {
        /// What was given.
        bucket: String,
    },
    /// The key is empty or longer than S3 allows.
    #[error("an object key has 1 to 1024 bytes; this one has {bytes}")]
    InvalidKey {
        /// Its length.
        bytes: usize,
    },
    /// The bucket still holds objects, versions or unfinished uploads.
    #[error(
        "the bucket {bucket} is not empty; delete its objects, all versions and unfinished uploads first"
    )]
    BucketNotEmpty {
        /// Its name.
        bucket: String,
    },
    /// No object under the key, or its latest version is a delete marker.
    #[error("the key {key:?} does not exist in the bucket {bucket}")]
    NoSuchKey {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// The delete marker's version, where one hides the object.
        marker: Option<String>,
    },
    /// The key has no such version.
    #[error("the key {key:?} has no version {version_id:?} in the bucket {bucket}")]
    NoSuchVersion {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// The version asked for.
        version_id: String,
    },
    /// The version asked for is a delete marker, which has no content.
    #[error("the version {version_id} is a delete marker; it can be deleted and not read")]
    DeleteMarker {
        /// The marker's version.
        version_id: String,
    },
    /// The upload was never made, was completed or was aborted.
    #[error("the upload does not exist; it was completed, aborted or never created")]
    NoSuchUpload,
    /// A condition of a write, or of a read, does not hold.
    #[error("at least one of the pre-conditions you specified did not hold: {condition}")]
    Precondition {
        /// The header that failed.
        condition: &'static str,
    },
    /// A conditional read found nothing new.
    #[error("not modified")]
    NotModified {
        /// The entity tag, without quotes.
        etag: String,
    },
    /// A part named in a completion is missing or its entity tag differs.
    #[error("part {number} was not uploaded, or its ETag differs from the one uploaded")]
    InvalidPart {
        /// The part's number.
        number: i32,
    },
    /// The parts of a completion are not in ascending order.
    #[error("the list of parts is not in ascending order by part number")]
    InvalidPartOrder,
    /// A part other than the last is below the minimum.
    #[error("part {number} has {size} bytes; every part but the last needs at least 5242880")]
    PartTooSmall {
        /// The part's number.
        number: i32,
        /// Its size, bytes.
        size: u64,
    },
    /// A digest that came with the content is not the content's.
    #[error("the {digest} you specified did not match what we received")]
    BadDigest {
        /// Which digest.
        digest: &'static str,
    },
    /// The content ended early, or was longer than announced.
    #[error("{expected} bytes were announced and {received} came")]
    IncompleteBody {
        /// Bytes announced.
        expected: u64,
        /// Bytes that came.
        received: u64,
    },
    /// The content could not be read from its sender.
    #[error("the content could not be received")]
    Receive(#[source] s3s::StdError),
    /// The disk said no.
    #[error("could not {step} {}", path.display())]
    Io {
        /// What was being done.
        step: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file of the store is not what this version writes.
    #[error("{} is not a record of the object store; restore or remove the directory", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The directory belongs to another version of the store, or to something else.
    #[error("{} is not an object store of this version; name an empty directory", path.display())]
    Format {
        /// The directory.
        path: PathBuf,
    },
    /// Another process has the directory open.
    #[error("{} is in use by another process; stop it or name another directory", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The runtime is shutting down.
    #[error("the object store is stopping")]
    Stopping,
}

impl StoreError {
    /// Wraps an I/O error with the step that met it.
    pub(super) fn io(
        step: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { step, path, source }
    }

    fn code(&self) -> S3ErrorCode {
        match self {
            Self::NoSuchBucket { .. } => S3ErrorCode::NoSuchBucket,
            Self::InvalidBucketName { .. } => S3ErrorCode::InvalidBucketName,
            Self::InvalidKey { .. } => S3ErrorCode::KeyTooLongError,
            Self::BucketNotEmpty { .. } => S3ErrorCode::BucketNotEmpty,
            Self::NoSuchKey { .. } => S3ErrorCode::NoSuchKey,
            Self::NoSuchVersion { .. } => S3ErrorCode::NoSuchVersion,
            Self::DeleteMarker { .. } => S3ErrorCode::MethodNotAllowed,
            Self::NoSuchUpload => S3ErrorCode::NoSuchUpload,
            Self::Precondition { .. } => S3ErrorCode::PreconditionFailed,
            Self::NotModified { .. } => S3ErrorCode::NotModified,
            Self::InvalidPart { .. } => S3ErrorCode::InvalidPart,
            Self::InvalidPartOrder => S3ErrorCode::InvalidPartOrder,
            Self::PartTooSmall { .. } => S3ErrorCode::EntityTooSmall,
            Self::BadDigest { .. } => S3ErrorCode::BadDigest,
            Self::IncompleteBody { .. } => S3ErrorCode::IncompleteBody,
            Self::Stopping => S3ErrorCode::ServiceUnavailable,
            Self::Receive(source) => receive_code(&source.to_string()),
            Self::Io { .. } | Self::Record { .. } | Self::Format { .. } | Self::InUse { .. } => {
                S3ErrorCode::InternalError
            }
        }
    }
}

/// The types of s3s's body errors are private, so they are told apart by what they print.
fn receive_code(printed: &str) -> S3ErrorCode {
    if printed.contains("Sha256Mismatch") {
        S3ErrorCode::from_bytes(b"XAmzContentSHA256Mismatch").unwrap_or(S3ErrorCode::BadDigest)
    } else if printed.contains("SignatureMismatch") {
        S3ErrorCode::SignatureDoesNotMatch
    } else if printed.contains("FormatError") || printed.contains("TooLarge") {
        S3ErrorCode::InvalidRequest
    } else {
        S3ErrorCode::IncompleteBody
    }
}

impl From<StoreError> for S3Error {
    fn from(error: StoreError) -> Self {
        let mut answer = S3Error::with_message(error.code(), error.to_string());
        if answer.status_code().is_none() {
            answer.set_status_code(http::StatusCode::BAD_REQUEST);
        }
        let mut headers = http::HeaderMap::new();
        let marker = match &error {
            StoreError::NoSuchKey {
                marker: Some(version_id),
                ..
            }
            | StoreError::DeleteMarker { version_id } => Some(version_id),
            _ => None,
        };
        if let Some(version_id) = marker {
            headers.insert(
                "x-amz-delete-marker",
                http::HeaderValue::from_static("true"),
            );
            if let Ok(value) = version_id.parse() {
                headers.insert("x-amz-version-id", value);
            }
        }
        if let StoreError::NotModified { etag } = &error
            && let Ok(value) = format!("\"{etag}\"").parse()
        {
            headers.insert(http::header::ETAG, value);
        }
        if !headers.is_empty() {
            headers.insert(
                http::header::CONTENT_TYPE,
                http::HeaderValue::from_static("application/xml"),
            );
            answer.set_headers(headers);
        }
        if answer.code() == &S3ErrorCode::InternalError {
            tracing::error!(error = &error as &dyn std::error::Error, "object store");
        }
        answer.set_source(Box::new(error));
        answer
    }
}
