//! Listings.
//!
//! Keys are any text, and XML is not: with `encoding-type=url` (which boto3 and the AWS CLI ask for)
//! they travel percent-encoded.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Operations;
use super::buckets::owner;
use super::convert::{etag, time};
use crate::s3::store::{Cut, Page, Version};

/// S3's page, and its limit.
const PAGE: i32 = 1000;

/// What S3 leaves as it is in an encoded key.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'*')
    .remove(b'/');

impl Operations {
    pub(super) async fn list_v1(
        &self,
        req: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        let input = req.input;
        let text = Text::of(input.encoding_type)?;
        let max = max(input.max_keys)?;
        let cut = Cut {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref(),
            marker: input.marker.as_deref().filter(|marker| !marker.is_empty()),
            max: max as usize,
        };
        let page = self.store.list(&input.bucket, cut).await?;
        Ok(S3Response::new(ListObjectsOutput {
            common_prefixes: Some(text.prefixes(&page)),
            is_truncated: Some(page.truncated),
            // S3 tells it only with a delimiter; a client that needs it otherwise takes the last key.
            next_marker: text.opt(page.last.filter(|_| page.truncated)),
            contents: Some(
                page.items
                    .iter()
                    .map(|version| text.object(version, true))
                    .collect(),
            ),
            delimiter: text.opt(input.delimiter),
            marker: text.opt(Some(input.marker.unwrap_or_default())),
            max_keys: Some(max),
            prefix: text.opt(Some(input.prefix.unwrap_or_default())),
            name: Some(input.bucket),
            encoding_type: text.encoding_type(),
            ..Default::default()
        }))
    }

    pub(super) async fn list_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input;
        let text = Text::of(input.encoding_type)?;
        let max = max(input.max_keys)?;
        let resumed = match &input.continuation_token {
            Some(token) => Some(token_to_marker(token)?),
            None => None,
        };
        let start_after = input.start_after.as_deref();
        let cut = Cut {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref(),
            marker: resumed
                .as_deref()
                .or(start_after.filter(|marker| !marker.is_empty())),
            max: max as usize,
        };
        let page = self.store.list(&input.bucket, cut).await?;
        let with_owner = input.fetch_owner.unwrap_or(false);
        let contents: Vec<_> = page
            .items
            .iter()
            .map(|version| text.object(version, with_owner))
            .collect();
        let next = page.last.as_deref().filter(|_| page.truncated);
        Ok(S3Response::new(ListObjectsV2Output {
            key_count: i32::try_from(contents.len() + page.prefixes.len()).ok(),
            common_prefixes: Some(text.prefixes(&page)),
            contents: Some(contents),
            continuation_token: input.continuation_token,
            delimiter: text.opt(input.delimiter),
            encoding_type: text.encoding_type(),
            is_truncated: Some(page.truncated),
            max_keys: Some(max),
            next_continuation_token: next.map(|last| BASE64_URL_SAFE_NO_PAD.encode(last)),
            prefix: text.opt(Some(input.prefix.unwrap_or_default())),
            start_after: text.opt(input.start_after),
            name: Some(input.bucket),
            ..Default::default()
        }))
    }

    pub(super) async fn list_versions(
        &self,
        req: S3Request<ListObjectVersionsInput>,
    ) -> S3Result<S3Response<ListObjectVersionsOutput>> {
        let input = req.input;
        let text = Text::of(input.encoding_type)?;
        let max = max(input.max_keys)?;
        let version_marker = input
            .version_id_marker
            .as_deref()
            .filter(|id| !id.is_empty());
        let key_marker = input.key_marker.as_deref().filter(|key| !key.is_empty());
        if version_marker.is_some() && key_marker.is_none() {
            return Err(s3_error!(
                InvalidArgument,
                "A version-id marker cannot be specified without a key marker."
            ));
        }
        let cut = Cut {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref(),
            marker: key_marker,
            max: max as usize,
        };
        let page = self
            .store
            .list_versions(&input.bucket, cut, version_marker)
            .await?;
        let mut versions = Vec::new();
        let mut markers = Vec::new();
        for entry in &page.items {
            let record = &entry.version.record;
            match &record.object {
                Some(object) => versions.push(ObjectVersion {
                    e_tag: etag(&object.etag),
                    is_latest: Some(entry.latest),
                    key: Some(text.key(&record.key)),
                    last_modified: time(record.modified),
                    owner: Some(owner()),
                    size: i64::try_from(object.size).ok(),
                    storage_class: Some(ObjectVersionStorageClass::from_static(
                        ObjectVersionStorageClass::STANDARD,
                    )),
                    version_id: Some(record.version_id.clone()),
                    ..Default::default()
                }),
                None => markers.push(DeleteMarkerEntry {
                    is_latest: Some(entry.latest),
                    key: Some(text.key(&record.key)),
                    last_modified: time(record.modified),
                    owner: Some(owner()),
                    version_id: Some(record.version_id.clone()),
                }),
            }
        }
        let last_version = page
            .items
            .last()
            .filter(|_| page.truncated && page.last_is_item)
            .map(|entry| entry.version.record.version_id.clone());
        Ok(S3Response::new(ListObjectVersionsOutput {
            common_prefixes: Some(text.prefixes(&page)),
            is_truncated: Some(page.truncated),
            next_key_marker: text.opt(page.last.filter(|_| page.truncated)),
            next_version_id_marker: last_version,
            delete_markers: Some(markers),
            versions: Some(versions),
            delimiter: text.opt(input.delimiter),
            encoding_type: text.encoding_type(),
            key_marker: text.opt(Some(input.key_marker.unwrap_or_default())),
            version_id_marker: Some(input.version_id_marker.unwrap_or_default()),
            max_keys: Some(max),
            prefix: text.opt(Some(input.prefix.unwrap_or_default())),
            name: Some(input.bucket),
            ..Default::default()
        }))
    }

    pub(super) async fn list_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let input = req.input;
        let text = Text::of(input.encoding_type)?;
        let max = max(input.max_uploads)?;
        let cut = Cut {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref(),
            marker: input.key_marker.as_deref().filter(|key| !key.is_empty()),
            max: max as usize,
        };
        let id_marker = input.upload_id_marker.as_deref();
        let page = self
            .store
            .list_uploads(&input.bucket, cut, id_marker)
            .await?;
        let uploads = page.items.iter().map(|upload| MultipartUpload {
            initiated: time(upload.initiated),
            key: Some(text.key(&upload.key)),
            owner: Some(owner()),
            upload_id: Some(upload.id.clone()),
            checksum_algorithm: upload
                .checksum
                .map(|(algorithm, _)| ChecksumAlgorithm::from_static(algorithm.name())),
            checksum_type: upload
                .checksum
                .map(|(_, kind)| ChecksumType::from_static(kind.name())),
            storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
            ..Default::default()
        });
        let uploads = uploads.collect();
        let last_id = page
            .items
            .last()
            .filter(|_| page.truncated && page.last_is_item)
            .map(|upload| upload.id.clone());
        Ok(S3Response::new(ListMultipartUploadsOutput {
            common_prefixes: Some(text.prefixes(&page)),
            is_truncated: Some(page.truncated),
            next_key_marker: text.opt(page.last.filter(|_| page.truncated)),
            next_upload_id_marker: last_id,
            uploads: Some(uploads),
            delimiter: text.opt(input.delimiter),
            encoding_type: text.encoding_type(),
            key_marker: text.opt(Some(input.key_marker.unwrap_or_default())),
            upload_id_marker: Some(input.upload_id_marker.unwrap_or_default()),
            max_uploads: Some(max),
            prefix: text.opt(Some(input.prefix.unwrap_or_default())),
            bucket: Some(input.bucket),
            ..Default::default()
        }))
    }
}

/// How keys are written in an answer.
#[derive(Clone, Copy)]
struct Text {
    encoded: bool,
}

impl Text {
    fn of(encoding: Option<EncodingType>) -> S3Result<Self> {
        match encoding.as_ref().map(EncodingType::as_str) {
            None => Ok(Self { encoded: false }),
            Some(EncodingType::URL) => Ok(Self { encoded: true }),
            Some(other) => Err(s3_error!(
                InvalidArgument,
                "encoding-type is url or absent, not {other:?}"
            )),
        }
    }

    fn key(self, key: &str) -> String {
        if self.encoded {
            utf8_percent_encode(key, ENCODED).to_string()
        } else {
            key.to_owned()
        }
    }

    fn opt(self, key: Option<String>) -> Option<String> {
        key.map(|key| self.key(&key))
    }

    fn encoding_type(self) -> Option<EncodingType> {
        self.encoded
            .then(|| EncodingType::from_static(EncodingType::URL))
    }

    fn prefixes<T>(self, page: &Page<T>) -> Vec<CommonPrefix> {
        let prefixes = page.prefixes.iter();
        prefixes
            .map(|prefix| CommonPrefix {
                prefix: Some(self.key(prefix)),
            })
            .collect()
    }

    fn object(self, version: &Version, with_owner: bool) -> Object {
        let record = &version.record;
        let object = record.object.as_ref();
        let checksum = object.and_then(|object| object.checksum.as_ref());
        Object {
            checksum_algorithm: checksum
                .map(|sum| vec![ChecksumAlgorithm::from_static(sum.algorithm.name())]),
            checksum_type: checksum.map(|sum| ChecksumType::from_static(sum.kind.name())),
            e_tag: object.and_then(|object| etag(&object.etag)),
            key: Some(self.key(&record.key)),
            last_modified: time(record.modified),
            owner: with_owner.then(owner),
            size: object.and_then(|object| i64::try_from(object.size).ok()),
            storage_class: Some(
                match object.and_then(|object| object.meta.storage_class.clone()) {
                    Some(class) => ObjectStorageClass::from(class),
                    None => ObjectStorageClass::from_static(ObjectStorageClass::STANDARD),
                },
            ),
            ..Default::default()
        }
    }
}

/// A page has at most a thousand entries, whatever is asked for.
pub(super) fn max(asked: Option<i32>) -> S3Result<i32> {
    match asked.unwrap_or(PAGE) {
        negative @ ..0 => Err(s3_error!(
            InvalidArgument,
            "the size of a page is 0 to 2147483647, not {negative}"
        )),
        asked => Ok(asked.min(PAGE)),
    }
}

fn token_to_marker(token: &str) -> S3Result<String> {
    BASE64_URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|marker| String::from_utf8(marker).ok())
        .ok_or_else(|| {
            s3_error!(
                InvalidArgument,
                "The continuation token provided is incorrect"
            )
        })
}
