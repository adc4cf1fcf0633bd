//! Between s3s's types and the store's.

use std::time::SystemTime;

use jiff::Timestamp as Time;
use s3s::dto::{
    ETag, ETagCondition, IfMatch, IfNoneMatch, ServerSideEncryption, Timestamp, TimestampFormat,
};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

use crate::s3::store::{Encryption, EtagCondition, WriteCondition};

/// An error with a code that s3s has no name for.
pub(in crate::s3) fn custom(code: &str, message: String) -> S3Error {
    let code = S3ErrorCode::from_bytes(code.as_bytes()).unwrap_or(S3ErrorCode::InvalidRequest);
    let mut error = S3Error::with_message(code, message);
    if error.status_code().is_none() {
        error.set_status_code(http::StatusCode::BAD_REQUEST);
    }
    error
}

pub(super) fn etag(value: &str) -> Option<ETag> {
    Some(ETag::Strong(value.to_owned()))
}

/// From the records' milliseconds.
pub(super) fn time(milliseconds: i64) -> Option<Timestamp> {
    let time = Time::from_millisecond(milliseconds).ok()?;
    Some(SystemTime::from(time).into())
}

/// From `Expires`, which the records keep in seconds.
pub(super) fn time_of_seconds(seconds: i64) -> Option<Timestamp> {
    time(seconds.checked_mul(1000)?)
}

/// To seconds since the epoch. (The text is the one thing that s3s's type gives without naming the
/// crate behind it.)
pub(super) fn seconds(timestamp: &Timestamp) -> Option<i64> {
    let mut text = Vec::new();
    timestamp
        .format(TimestampFormat::DateTime, &mut text)
        .ok()?;
    let time: Time = std::str::from_utf8(&text).ok()?.parse().ok()?;
    Some(time.as_second())
}

pub(super) fn etag_condition(condition: ETagCondition) -> EtagCondition {
    match condition {
        ETagCondition::Any => EtagCondition::Any,
        ETagCondition::ETag(etag) => EtagCondition::Is(etag.into_value()),
    }
}

/// The condition of a write: `If-None-Match` takes `*` only, as on S3.
pub(super) fn write_condition(
    if_match: Option<IfMatch>,
    if_none_match: Option<IfNoneMatch>,
) -> S3Result<WriteCondition> {
    match (if_match, if_none_match) {
        (None, None) => Ok(WriteCondition::None),
        (None, Some(ETagCondition::Any)) => Ok(WriteCondition::Absent),
        (Some(ETagCondition::Any), None) => Ok(WriteCondition::Present),
        (Some(ETagCondition::ETag(etag)), None) => Ok(WriteCondition::Etag(etag.into_value())),
        (None, Some(ETagCondition::ETag(_))) => Err(s3_error!(
            NotImplemented,
            "If-None-Match of a write takes * and no ETag"
        )),
        (Some(_), Some(_)) => Err(s3_error!(
            InvalidRequest,
            "send If-Match or If-None-Match, not both"
        )),
    }
}

/// The encryption that a request asks for.
pub(super) fn encryption(
    algorithm: Option<ServerSideEncryption>,
    kms_key_id: Option<String>,
    context: Option<String>,
    bucket_key: Option<bool>,
) -> S3Result<Encryption> {
    let Some(algorithm) = algorithm else {
        if kms_key_id.is_some() {
            return Err(s3_error!(
                InvalidArgument,
                "x-amz-server-side-encryption-aws-kms-key-id needs x-amz-server-side-encryption: aws:kms"
            ));
        }
        return Ok(Encryption::default());
    };
    match algorithm.as_str() {
        ServerSideEncryption::AES256 if kms_key_id.is_some() => Err(s3_error!(
            InvalidArgument,
            "x-amz-server-side-encryption-aws-kms-key-id does not go with AES256"
        )),
        ServerSideEncryption::AES256
        | ServerSideEncryption::AWS_KMS
        | ServerSideEncryption::AWS_KMS_DSSE => Ok(Encryption {
            algorithm: algorithm.as_str().to_owned(),
            kms_key_id,
            context,
            bucket_key,
        }),
        other => Err(s3_error!(
            InvalidArgument,
            "the encryption method {other:?} is not supported; send AES256, aws:kms or aws:kms:dsse"
        )),
    }
}

/// Collects what goes with an object out of an input; the three inputs that have it share no type.
macro_rules! object_meta {
    ($input:expr) => {
        crate::s3::store::ObjectMeta {
            content_type: $input.content_type.take(),
            cache_control: $input.cache_control.take(),
            content_disposition: $input.content_disposition.take(),
            content_encoding: $crate::s3::ops::convert::content_encoding(
                $input.content_encoding.take(),
            ),
            content_language: $input.content_language.take(),
            expires: $input
                .expires
                .as_ref()
                .and_then($crate::s3::ops::convert::seconds),
            website_redirect: $input.website_redirect_location.take(),
            storage_class: $input
                .storage_class
                .take()
                .map(|class| class.as_str().to_owned())
                .filter(|class| class != "STANDARD"),
            user: $input
                .metadata
                .take()
                .unwrap_or_default()
                .into_iter()
                .collect(),
            encryption: $crate::s3::ops::convert::encryption(
                $input.server_side_encryption.take(),
                $input.ssekms_key_id.take(),
                $input.ssekms_encryption_context.take(),
                $input.bucket_key_enabled.take(),
            )?,
        }
    };
}

/// Puts an object's encryption into an output.
macro_rules! show_encryption {
    ($output:expr, $encryption:expr) => {{
        let encryption: &crate::s3::store::Encryption = $encryption;
        $output.server_side_encryption = Some(encryption.algorithm.clone().into());
        $output.ssekms_key_id = encryption.kms_key_id.clone();
        $output.bucket_key_enabled = encryption.bucket_key;
    }};
}

/// Puts a checksum into an output, under its algorithm's own field.
macro_rules! show_checksum {
    ($output:expr, $algorithm:expr, $value:expr) => {{
        let value: String = $value;
        match $algorithm {
            crate::s3::checksum::Algorithm::Crc32 => $output.checksum_crc32 = Some(value),
            crate::s3::checksum::Algorithm::Crc32c => $output.checksum_crc32c = Some(value),
            crate::s3::checksum::Algorithm::Crc64Nvme => $output.checksum_crc64nvme = Some(value),
            crate::s3::checksum::Algorithm::Sha1 => $output.checksum_sha1 = Some(value),
            crate::s3::checksum::Algorithm::Sha256 => $output.checksum_sha256 = Some(value),
        }
    }};
}

pub(super) use {object_meta, show_checksum, show_encryption};

/// What is left of `Content-Encoding` once the transfer is done.
pub(super) fn content_encoding(header: Option<String>) -> Option<String> {
    let header = header?;
    let codings: Vec<&str> = header
        .split(',')
        .map(str::trim)
        .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("aws-chunked"))
        .collect();
    (!codings.is_empty()).then(|| codings.join(","))
}
