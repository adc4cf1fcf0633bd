//! Single objects: put, get, head.

use std::ops::Range as Bytes;
use std::sync::Arc;

use http::StatusCode;
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Operations;
use super::convert::{
    custom, etag, etag_condition, object_meta, seconds, show_checksum, show_encryption, time,
    time_of_seconds, write_condition,
};
use super::digests::Declared;
use crate::s3::checksum::Algorithm;
use crate::s3::store::{Location, Publication, ReadConditions, Version, Versioning};

/// S3's limit for one PUT, and for one part: 5 GiB.
pub(super) const LARGEST_PUT: i64 = 5 * 1024 * 1024 * 1024;

impl Operations {
    pub(super) async fn put(
        &self,
        req: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let declared = Declared::from_headers(&req.headers)?;
        let mut input = req.input;
        let expected = announced(input.content_length)?;
        let to = Publication {
            meta: object_meta!(input),
            condition: write_condition(input.if_match.take(), input.if_none_match.take())?,
            bucket: input.bucket,
            key: input.key,
        };
        self.store.check_write(&to).await?;
        let content = input.body.take().ok_or_else(missing_content)?;
        // CRC64NVME is what S3 computes where a client names nothing.
        let algorithm = declared.algorithm().unwrap_or(Algorithm::Crc64Nvme);
        let received = self.store.receive(content, &[algorithm], expected).await?;
        declared.verify(&received, req.trailing_headers.as_ref())?;
        let version = self.store.publish(to, received).await?;
        let object = version.content()?;
        let mut output = PutObjectOutput {
            e_tag: etag(&object.etag),
            version_id: self.shown_version(&version).await,
            ssekms_encryption_context: object.meta.encryption.context.clone(),
            ..Default::default()
        };
        show_encryption!(output, &object.meta.encryption);
        if let Some(checksum) = &object.checksum {
            show_checksum!(output, checksum.algorithm, checksum.value.clone());
            output.checksum_type = Some(ChecksumType::from_static(checksum.kind.name()));
        }
        Ok(S3Response::new(output))
    }

    pub(super) async fn get(
        &self,
        req: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let input = req.input;
        let location = Location {
            bucket: input.bucket,
            key: input.key,
            version_id: input.version_id,
        };
        let version = self.store.version(&location).await?;
        let object = version.content()?;
        let conditions = ReadConditions {
            if_match: input.if_match.map(etag_condition),
            if_none_match: input.if_none_match.map(etag_condition),
            if_modified_since: input.if_modified_since.as_ref().and_then(seconds),
            if_unmodified_since: input.if_unmodified_since.as_ref().and_then(seconds),
        };
        conditions.check(&object.etag, version.record.modified)?;
        let slice = Slice::of(&version, input.range, input.part_number)?;
        let meta = object.meta.clone();
        let mut output = GetObjectOutput {
            accept_ranges: Some("bytes".into()),
            body: Some(StreamingBlob::wrap(version.read(slice.bytes.clone()))),
            cache_control: meta.cache_control,
            content_disposition: meta.content_disposition,
            content_encoding: meta.content_encoding,
            content_language: meta.content_language,
            content_length: i64::try_from(slice.bytes.end - slice.bytes.start).ok(),
            content_range: slice.header(),
            content_type: Some(content_type(meta.content_type)),
            e_tag: etag(&object.etag),
            expires: meta.expires.and_then(time_of_seconds),
            last_modified: time(version.record.modified),
            metadata: (!meta.user.is_empty()).then(|| meta.user.into_iter().collect()),
            parts_count: slice.parts,
            storage_class: meta.storage_class.map(StorageClass::from),
            version_id: self.shown_version(&version).await,
            website_redirect_location: meta.website_redirect,
            ..Default::default()
        };
        show_encryption!(output, &meta.encryption);
        if let Some(checksum) = &object.checksum
            && input.checksum_mode.is_some()
            && slice.is_whole()
        {
            show_checksum!(output, checksum.algorithm, checksum.value.clone());
            output.checksum_type = Some(ChecksumType::from_static(checksum.kind.name()));
        }
        Ok(S3Response::new(output))
    }

    /// What GetObject answers, without the content.
    pub(super) async fn head(
        &self,
        req: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        // What the answer's headers are to be instead; for GetObject, s3s sees to it.
        let wanted = req.input.clone();
        let get = req.map_input(|input| GetObjectInput {
            bucket: input.bucket,
            checksum_mode: input.checksum_mode,
            if_match: input.if_match,
            if_modified_since: input.if_modified_since,
            if_none_match: input.if_none_match,
            if_unmodified_since: input.if_unmodified_since,
            key: input.key,
            part_number: input.part_number,
            range: input.range,
            version_id: input.version_id,
            ..Default::default()
        });
        let got = self.get(get).await?.output;
        let status = match got.content_range {
            Some(_) => StatusCode::PARTIAL_CONTENT,
            None => StatusCode::OK,
        };
        let output = HeadObjectOutput {
            accept_ranges: got.accept_ranges,
            bucket_key_enabled: got.bucket_key_enabled,
            cache_control: wanted.response_cache_control.or(got.cache_control),
            checksum_crc32: got.checksum_crc32,
            checksum_crc32c: got.checksum_crc32c,
            checksum_crc64nvme: got.checksum_crc64nvme,
            checksum_sha1: got.checksum_sha1,
            checksum_sha256: got.checksum_sha256,
            checksum_type: got.checksum_type,
            content_disposition: wanted
                .response_content_disposition
                .or(got.content_disposition),
            content_encoding: wanted.response_content_encoding.or(got.content_encoding),
            content_language: wanted.response_content_language.or(got.content_language),
            content_length: got.content_length,
            content_range: got.content_range,
            content_type: wanted.response_content_type.or(got.content_type),
            e_tag: got.e_tag,
            expires: wanted.response_expires.or(got.expires),
            last_modified: got.last_modified,
            metadata: got.metadata,
            parts_count: got.parts_count,
            ssekms_key_id: got.ssekms_key_id,
            server_side_encryption: got.server_side_encryption,
            storage_class: got.storage_class,
            version_id: got.version_id,
            website_redirect_location: got.website_redirect_location,
            ..Default::default()
        };
        Ok(S3Response::with_status(output, status))
    }

    /// Objects cannot be tagged here, so none has tags. (The AWS CLI asks before large copies.)
    pub(super) async fn tags(
        &self,
        req: S3Request<GetObjectTaggingInput>,
    ) -> S3Result<S3Response<GetObjectTaggingOutput>> {
        let location = Location {
            bucket: req.input.bucket,
            key: req.input.key,
            version_id: req.input.version_id,
        };
        let version = self.store.version(&location).await?;
        Ok(S3Response::new(GetObjectTaggingOutput {
            tag_set: Vec::new(),
            version_id: self.shown_version(&version).await,
        }))
    }

    /// Version ids are told of buckets that keep versions, or once did.
    pub(super) async fn shown_version(&self, version: &Arc<Version>) -> Option<String> {
        let bucket = self.store.bucket(&version.record.bucket).await.ok()?;
        (bucket.versioning != Versioning::Never).then(|| version.record.version_id.clone())
    }
}

/// The bytes that a read asks for.
struct Slice {
    bytes: Bytes<u64>,
    size: u64,
    partial: bool,
    parts: Option<i32>,
}

impl Slice {
    fn of(version: &Version, range: Option<Range>, part: Option<i32>) -> S3Result<Self> {
        let size = version.object().map_or(0, |object| object.size);
        let whole = Self {
            bytes: 0..size,
            size,
            partial: false,
            parts: None,
        };
        match (range, part) {
            (None, None) => Ok(whole),
            (Some(_), Some(_)) => Err(s3_error!(
                InvalidRequest,
                "Cannot specify both Range header and partNumber query parameter"
            )),
            (Some(range), None) => {
                let bytes = range.check(size).map_err(|_| {
                    s3_error!(
                        InvalidRange,
                        "The requested range is not satisfiable: the object has {size} bytes"
                    )
                })?;
                Ok(Self {
                    bytes,
                    partial: true,
                    ..whole
                })
            }
            (None, Some(number)) => {
                let part = usize::try_from(number)
                    .ok()
                    .and_then(|number| version.part(number))
                    .ok_or_else(|| {
                        let mut error = custom(
                            "InvalidPartNumber",
                            format!("the object has no part {number}"),
                        );
                        error.set_status_code(StatusCode::RANGE_NOT_SATISFIABLE);
                        error
                    })?;
                Ok(Self {
                    // An empty object has an empty part, and no range to name.
                    partial: size > 0,
                    bytes: part.range,
                    size,
                    parts: i32::try_from(part.count).ok(),
                })
            }
        }
    }

    fn is_whole(&self) -> bool {
        self.bytes == (0..self.size)
    }

    fn header(&self) -> Option<String> {
        let Bytes { start, end } = self.bytes;
        self.partial
            .then(|| format!("bytes {start}-{}/{}", end.saturating_sub(1), self.size))
    }
}

/// The announced length of an upload, checked against S3's limit.
pub(super) fn announced(length: Option<i64>) -> S3Result<Option<u64>> {
    if length.is_some_and(|length| length > LARGEST_PUT) {
        return Err(s3_error!(
            EntityTooLarge,
            "one upload has at most {LARGEST_PUT} bytes; use a multipart upload"
        ));
    }
    Ok(length.and_then(|length| u64::try_from(length).ok()))
}

pub(super) fn missing_content() -> s3s::S3Error {
    s3_error!(MissingRequestBodyError, "the request has no content")
}

/// S3's default.
fn content_type(declared: Option<String>) -> String {
    declared.unwrap_or_else(|| "binary/octet-stream".into())
}
