//! Copies: of objects, and of ranges of them into parts.

use std::sync::Arc;

use s3s::dto::*;
use s3s::{S3Error, S3Request, S3Response, S3Result, s3_error};

use super::Operations;
use super::convert::{
    etag, etag_condition, object_meta, seconds, show_checksum, show_encryption, time,
};
use super::objects::LARGEST_PUT;
use super::uploads::part_number;
use crate::s3::StoreError;
use crate::s3::access::LIST;
use crate::s3::store::{
    Location, ObjectMeta, Publication, ReadConditions, Version, WriteCondition,
};

impl Operations {
    pub(super) async fn copy(
        &self,
        req: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let mut input = req.input;
        let from = location(&input.copy_source)?;
        let source = self.store.version(&from).await?;
        let original = source.content()?;
        source_conditions(
            &source,
            ReadConditions {
                if_match: input.copy_source_if_match.take().map(etag_condition),
                if_none_match: input.copy_source_if_none_match.take().map(etag_condition),
                if_modified_since: input
                    .copy_source_if_modified_since
                    .as_ref()
                    .and_then(seconds),
                if_unmodified_since: input
                    .copy_source_if_unmodified_since
                    .as_ref()
                    .and_then(seconds),
            },
        )?;
        let replace = match input
            .metadata_directive
            .as_ref()
            .map(MetadataDirective::as_str)
        {
            None | Some(MetadataDirective::COPY) => false,
            Some(MetadataDirective::REPLACE) => true,
            Some(other) => {
                return Err(s3_error!(
                    InvalidArgument,
                    "x-amz-metadata-directive is COPY or REPLACE, not {other:?}"
                ));
            }
        };
        let same =
            from.bucket == input.bucket && from.key == input.key && from.version_id.is_none();
        let changes = replace
            || input.server_side_encryption.is_some()
            || input.storage_class.is_some()
            || input.website_redirect_location.is_some();
        if same && !changes {
            return Err(s3_error!(
                InvalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."
            ));
        }
        let asked: ObjectMeta = object_meta!(input);
        let meta = if replace {
            asked
        } else {
            // What stays is what describes the content; the rest is the copy's own.
            ObjectMeta {
                encryption: asked.encryption,
                storage_class: asked.storage_class,
                website_redirect: asked.website_redirect,
                ..original.meta.clone()
            }
        };
        let to = Publication {
            bucket: input.bucket,
            key: input.key,
            meta,
            condition: WriteCondition::None,
        };
        let copy = self.store.copy(&source, to).await?;
        let object = copy.content()?;
        let mut result = CopyObjectResult {
            e_tag: etag(&object.etag),
            last_modified: time(copy.record.modified),
            ..Default::default()
        };
        if let Some(checksum) = &object.checksum {
            show_checksum!(result, checksum.algorithm, checksum.value.clone());
            result.checksum_type = Some(ChecksumType::from_static(checksum.kind.name()));
        }
        let mut output = CopyObjectOutput {
            copy_object_result: Some(result),
            copy_source_version_id: self.shown_version(&source).await,
            version_id: self.shown_version(&copy).await,
            ssekms_encryption_context: object.meta.encryption.context.clone(),
            ..Default::default()
        };
        show_encryption!(output, &object.meta.encryption);
        Ok(S3Response::new(output))
    }

    pub(super) async fn copy_part(
        &self,
        req: S3Request<UploadPartCopyInput>,
    ) -> S3Result<S3Response<UploadPartCopyOutput>> {
        let input = req.input;
        let number = part_number(input.part_number)?;
        let upload = self
            .store
            .upload(&input.bucket, &input.key, &input.upload_id)
            .await?;
        let source = self.store.version(&location(&input.copy_source)?).await?;
        source_conditions(
            &source,
            ReadConditions {
                if_match: input.copy_source_if_match.map(etag_condition),
                if_none_match: input.copy_source_if_none_match.map(etag_condition),
                if_modified_since: input
                    .copy_source_if_modified_since
                    .as_ref()
                    .and_then(seconds),
                if_unmodified_since: input
                    .copy_source_if_unmodified_since
                    .as_ref()
                    .and_then(seconds),
            },
        )?;
        let size = source.object().map_or(0, |object| object.size);
        let range = match input.copy_source_range {
            None => 0..size,
            Some(header) => Range::parse(&header)
                .ok()
                .and_then(|range| range.check(size).ok())
                .ok_or_else(|| {
                    s3_error!(
                        InvalidArgument,
                        "{header:?} is not a range of the source, which has {size} bytes"
                    )
                })?,
        };
        if range.end - range.start > LARGEST_PUT.unsigned_abs() {
            return Err(s3_error!(
                InvalidRequest,
                "a part has at most {LARGEST_PUT} bytes; name a range with x-amz-copy-source-range"
            ));
        }
        let (algorithm, _) = upload.checksum();
        let length = range.end - range.start;
        let content = StreamingBlob::wrap(source.read(range));
        let received = self
            .store
            .receive(content, &[algorithm], Some(length))
            .await?;
        let part = self
            .store
            .put_part(&upload.record, number, received)
            .await?;
        let mut result = CopyPartResult {
            e_tag: etag(&part.md5),
            last_modified: time(part.modified),
            ..Default::default()
        };
        show_checksum!(result, algorithm, part.checksum.value.clone());
        let mut output = UploadPartCopyOutput {
            copy_part_result: Some(result),
            copy_source_version_id: self.shown_version(&source).await,
            ..Default::default()
        };
        show_encryption!(output, &upload.record.meta.encryption);
        Ok(S3Response::new(output))
    }
}

fn location(source: &CopySource) -> S3Result<Location> {
    match source {
        CopySource::Bucket {
            bucket,
            key,
            version_id,
        } => Ok(Location {
            bucket: bucket.to_string(),
            key: key.to_string(),
            version_id: version_id.as_ref().map(ToString::to_string),
        }),
        _ => Err(s3_error!(
            NotImplemented,
            "a copy from an access point is not built: name a bucket and key; {LIST}"
        )),
    }
}

/// A copy knows no 304: a source that was not modified fails the precondition.
fn source_conditions(source: &Arc<Version>, conditions: ReadConditions) -> S3Result<()> {
    let etag = source.object().map_or("", |object| &object.etag);
    match conditions.check(etag, source.record.modified) {
        Err(StoreError::NotModified { .. }) => Err(S3Error::from(StoreError::Precondition {
            condition: "x-amz-copy-source-if-none-match or -if-modified-since",
        })),
        other => Ok(other?),
    }
}
