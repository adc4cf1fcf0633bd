//! Multipart uploads.

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Operations;
use super::buckets::owner;
use super::convert::{etag, object_meta, show_checksum, show_encryption, time, write_condition};
use super::digests::Declared;
use super::list;
use super::objects::{announced, missing_content};
use crate::s3::checksum::{Algorithm, Kind};
use crate::s3::store::{Completion, CompletionPart, Publication, WriteCondition};

impl Operations {
    pub(super) async fn create_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let mut input = req.input;
        let checksum =
            declared_checksum(input.checksum_algorithm.take(), input.checksum_type.take())?;
        let to = Publication {
            meta: object_meta!(input),
            bucket: input.bucket,
            key: input.key,
            condition: WriteCondition::None,
        };
        self.store.check_write(&to).await?;
        let encryption = to.meta.encryption.clone();
        let id = self
            .store
            .create_upload(&to.bucket, &to.key, to.meta, checksum)
            .await?;
        let mut output = CreateMultipartUploadOutput {
            bucket: Some(to.bucket),
            key: Some(to.key),
            upload_id: Some(id),
            checksum_algorithm: checksum
                .map(|(algorithm, _)| ChecksumAlgorithm::from_static(algorithm.name())),
            checksum_type: checksum.map(|(_, kind)| ChecksumType::from_static(kind.name())),
            ssekms_encryption_context: encryption.context.clone(),
            ..Default::default()
        };
        show_encryption!(output, &encryption);
        Ok(S3Response::new(output))
    }

    pub(super) async fn put_part(
        &self,
        req: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let declared = Declared::from_headers(&req.headers)?;
        let mut input = req.input;
        let number = part_number(input.part_number)?;
        let expected = announced(input.content_length)?;
        let upload = self
            .store
            .upload(&input.bucket, &input.key, &input.upload_id)
            .await?;
        let (algorithm, kind) = upload.checksum();
        let sent = declared.algorithm();
        let composite = upload.record.checksum.is_some() && kind == Kind::Composite;
        let differs = match sent {
            Some(sent) => upload.record.checksum.is_some() && sent != algorithm,
            None => composite,
        };
        if differs {
            return Err(s3_error!(
                InvalidRequest,
                "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
                algorithm.name().to_ascii_lowercase(),
                sent.map_or("null".into(), |sent| sent.name().to_ascii_lowercase())
            ));
        }
        let mut algorithms = vec![algorithm];
        algorithms.extend(sent.filter(|sent| *sent != algorithm));
        let content = input.body.take().ok_or_else(missing_content)?;
        let received = self.store.receive(content, &algorithms, expected).await?;
        declared.verify(&received, req.trailing_headers.as_ref())?;
        let shown = sent.unwrap_or(algorithm);
        let digest = received.digest(shown).unwrap_or_default().to_vec();
        let part = self
            .store
            .put_part(&upload.record, number, received)
            .await?;
        let mut output = UploadPartOutput {
            e_tag: etag(&part.md5),
            ..Default::default()
        };
        show_encryption!(output, &upload.record.meta.encryption);
        let sum = crate::s3::checksum::StoredChecksum::of_content(shown, &digest);
        show_checksum!(output, shown, sum.value);
        Ok(S3Response::new(output))
    }

    pub(super) async fn complete(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = req.input;
        let sums = [
            (Algorithm::Crc32, input.checksum_crc32),
            (Algorithm::Crc32c, input.checksum_crc32c),
            (Algorithm::Crc64Nvme, input.checksum_crc64nvme),
            (Algorithm::Sha1, input.checksum_sha1),
            (Algorithm::Sha256, input.checksum_sha256),
        ];
        let expected = sums
            .into_iter()
            .find_map(|(algorithm, sum)| Some((algorithm, sum?)));
        let named = input.multipart_upload.and_then(|upload| upload.parts);
        let named = named.unwrap_or_default();
        if named.is_empty() {
            return Err(s3_error!(
                MalformedXML,
                "a CompleteMultipartUpload names at least one part; put an empty object with PutObject"
            ));
        }
        // Absent where the completion is repeated: the store knows.
        let upload = self
            .store
            .upload(&input.bucket, &input.key, &input.upload_id)
            .await
            .ok();
        let declared = upload.as_ref().and_then(|upload| upload.record.checksum);
        let parts = named
            .into_iter()
            .map(|part| completion_part(part, declared))
            .collect::<S3Result<Vec<_>>>()?;
        if let (Some(upload), Some(size)) = (&upload, input.mpu_object_size) {
            check_size(size, &parts, upload)?;
        }
        let completion = Completion {
            condition: write_condition(input.if_match, input.if_none_match)?,
            bucket: input.bucket,
            key: input.key,
            upload_id: input.upload_id,
            parts,
            expected,
        };
        let version = self.store.complete_upload(completion).await?;
        let object = version.content()?;
        let mut output = CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", version.record.bucket, version.record.key)),
            bucket: Some(version.record.bucket.clone()),
            key: Some(version.record.key.clone()),
            e_tag: etag(&object.etag),
            version_id: self.shown_version(&version).await,
            ..Default::default()
        };
        show_encryption!(output, &object.meta.encryption);
        if let Some(checksum) = &object.checksum {
            show_checksum!(output, checksum.algorithm, checksum.value.clone());
            output.checksum_type = Some(ChecksumType::from_static(checksum.kind.name()));
        }
        Ok(S3Response::new(output))
    }

    pub(super) async fn abort(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let input = req.input;
        self.store
            .abort_upload(&input.bucket, &input.key, &input.upload_id)
            .await?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }

    pub(super) async fn list_parts_of(
        &self,
        req: S3Request<ListPartsInput>,
    ) -> S3Result<S3Response<ListPartsOutput>> {
        let input = req.input;
        let max = list::max(input.max_parts)?;
        let marker = input.part_number_marker.unwrap_or_default();
        let upload = self
            .store
            .upload(&input.bucket, &input.key, &input.upload_id)
            .await?;
        let mut rest = upload.parts.range(marker.saturating_add(1)..);
        let page: Vec<Part> = rest
            .by_ref()
            .take(max.unsigned_abs() as usize)
            .map(|(number, record)| {
                let mut part = Part {
                    e_tag: etag(&record.md5),
                    last_modified: time(record.modified),
                    part_number: Some(*number),
                    size: i64::try_from(record.segment.size).ok(),
                    ..Default::default()
                };
                if upload.record.checksum.is_some() {
                    let sum = &record.checksum;
                    show_checksum!(part, sum.algorithm, sum.value.clone());
                }
                part
            })
            .collect();
        let truncated = max > 0 && rest.next().is_some();
        let declared = upload.record.checksum;
        Ok(S3Response::new(ListPartsOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            max_parts: Some(max),
            part_number_marker: Some(marker),
            next_part_number_marker: page.last().and_then(|part| part.part_number),
            is_truncated: Some(truncated),
            parts: Some(page),
            owner: Some(owner()),
            storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
            checksum_algorithm: declared
                .map(|(algorithm, _)| ChecksumAlgorithm::from_static(algorithm.name())),
            checksum_type: declared.map(|(_, kind)| ChecksumType::from_static(kind.name())),
            ..Default::default()
        }))
    }
}

/// S3's part numbers.
pub(super) fn part_number(number: i32) -> S3Result<i32> {
    match number {
        1..=10_000 => Ok(number),
        _ => Err(s3_error!(
            InvalidArgument,
            "Part number must be an integer between 1 and 10000, inclusive"
        )),
    }
}

fn declared_checksum(
    algorithm: Option<ChecksumAlgorithm>,
    kind: Option<ChecksumType>,
) -> S3Result<Option<(Algorithm, Kind)>> {
    let Some(name) = algorithm else {
        return match kind {
            None => Ok(None),
            Some(_) => Err(s3_error!(
                InvalidRequest,
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
            )),
        };
    };
    let algorithm = Algorithm::from_name(name.as_str()).ok_or_else(|| {
        s3_error!(
            InvalidRequest,
            "{:?} is not a checksum algorithm; send CRC32, CRC32C, CRC64NVME, SHA1 or SHA256",
            name.as_str()
        )
    })?;
    let kind = match kind {
        None => algorithm.default_kind(),
        Some(kind) => Kind::from_name(kind.as_str())
            .filter(|kind| algorithm.supports(*kind))
            .ok_or_else(|| {
                s3_error!(
                    InvalidRequest,
                    "The {} checksum type cannot be used with the {} checksum algorithm.",
                    kind.as_str(),
                    algorithm.name().to_ascii_lowercase()
                )
            })?,
    };
    Ok(Some((algorithm, kind)))
}

fn completion_part(
    part: CompletedPart,
    declared: Option<(Algorithm, Kind)>,
) -> S3Result<CompletionPart> {
    let (Some(number), Some(etag)) = (part.part_number, part.e_tag) else {
        return Err(s3_error!(
            MalformedXML,
            "each part of a CompleteMultipartUpload has a PartNumber and an ETag"
        ));
    };
    let checksum = match declared.map(|(algorithm, _)| algorithm) {
        Some(Algorithm::Crc32) => part.checksum_crc32,
        Some(Algorithm::Crc32c) => part.checksum_crc32c,
        Some(Algorithm::Crc64Nvme) => part.checksum_crc64nvme,
        Some(Algorithm::Sha1) => part.checksum_sha1,
        Some(Algorithm::Sha256) => part.checksum_sha256,
        None => None,
    };
    if let Some((algorithm, Kind::Composite)) = declared
        && checksum.is_none()
    {
        return Err(s3_error!(
            InvalidRequest,
            "The upload was created using a {} checksum. The complete request must include the checksum for each part. It was missing for part {number} in the request.",
            algorithm.name().to_ascii_lowercase()
        ));
    }
    Ok(CompletionPart {
        number,
        etag: etag.into_value(),
        checksum,
    })
}

fn check_size(
    announced: i64,
    parts: &[CompletionPart],
    upload: &crate::s3::store::UploadView,
) -> S3Result<()> {
    let sizes = parts.iter().filter_map(|part| {
        let part = upload.parts.get(&part.number)?;
        Some(part.segment.size)
    });
    let size: u64 = sizes.sum();
    if u64::try_from(announced).ok() != Some(size) {
        return Err(s3_error!(
            InvalidRequest,
            "x-amz-mp-object-size announces {announced} bytes and the parts have {size}"
        ));
    }
    Ok(())
}
