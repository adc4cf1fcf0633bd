//! Multipart uploads.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::create_multipart_upload::builders::CreateMultipartUploadFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart,
    ServerSideEncryption,
};

use super::harness::{Harness, as_refusal, noise, refused};
use super::objects::body;

const MIB: usize = 1024 * 1024;

fn create(client: &Client) -> CreateMultipartUploadFluentBuilder {
    client.create_multipart_upload().bucket("bucket").key("k")
}

async fn begin(client: &Client) -> String {
    create(client).send().await.unwrap().upload_id.unwrap()
}

async fn part(client: &Client, id: &str, number: i32, content: Vec<u8>) -> CompletedPart {
    let upload = client.upload_part().bucket("bucket").key("k").upload_id(id);
    let sent = upload
        .part_number(number)
        .body(ByteStream::from(content))
        .send()
        .await
        .unwrap();
    let part = CompletedPart::builder()
        .part_number(number)
        .set_e_tag(sent.e_tag);
    part.set_checksum_crc32(sent.checksum_crc32).build()
}

fn upload(parts: impl IntoIterator<Item = CompletedPart>) -> CompletedMultipartUpload {
    let parts = parts.into_iter().collect();
    CompletedMultipartUpload::builder()
        .set_parts(Some(parts))
        .build()
}

macro_rules! complete {
    ($client:expr, $id:expr, $parts:expr) => {
        $client
            .complete_multipart_upload()
            .bucket("bucket")
            .key("k")
            .upload_id($id)
            .multipart_upload(upload($parts))
    };
}

/// Shows `CreateMultipartUpload`, `UploadPart`, `CompleteMultipartUpload` as on AWS: parts that come in any order
/// become one object, which is seen once it is complete, with the headers and encryption of the upload.
/// Shows `GetObject` as on AWS: a part is read by its number.
#[tokio::test]
async fn six_mebibytes_in_two_parts_become_one_object() {
    let (harness, client) = Harness::with_bucket(true).await;
    let content = noise(6 * MIB);
    let created = create(&client)
        .content_type("application/zip")
        .metadata("colour", "blue")
        .server_side_encryption(ServerSideEncryption::AwsKms)
        .ssekms_key_id("key")
        .send()
        .await
        .unwrap();
    assert_eq!(
        created.server_side_encryption(),
        Some(&ServerSideEncryption::AwsKms)
    );
    let id = created.upload_id.unwrap();
    let second = part(&client, &id, 2, content[5 * MIB..].to_vec()).await;
    let first = part(&client, &id, 1, content[..5 * MIB].to_vec()).await;
    let missing = client.head_object().bucket("bucket").key("k").send().await;
    assert_eq!(refused(missing).1, 404);
    let done = complete!(client, &id, [first, second])
        .send()
        .await
        .unwrap();
    let tag = done.e_tag().unwrap().trim_matches('"');
    assert!(tag.ends_with("-2") && tag.len() == 34, "{tag}");
    assert_eq!(done.ssekms_key_id(), Some("key"));
    assert!(done.version_id().is_some());
    let got = client
        .get_object()
        .bucket("bucket")
        .key("k")
        .checksum_mode(ChecksumMode::Enabled);
    let got = got.send().await.unwrap();
    assert_eq!(got.content_type(), Some("application/zip"));
    assert_eq!(got.metadata().unwrap()["colour"], "blue");
    assert_eq!(got.ssekms_key_id(), Some("key"));
    assert_eq!(got.checksum_type(), Some(&ChecksumType::FullObject));
    // The SDK verifies the object's CRC64NVME, which was made of the parts'.
    assert!(got.body.collect().await.unwrap().to_vec() == content);
    // Across the border of the parts, and a part by its number.
    let range = client
        .get_object()
        .bucket("bucket")
        .key("k")
        .range("bytes=5242870-5242890");
    let range = range
        .send()
        .await
        .unwrap()
        .body
        .collect()
        .await
        .unwrap()
        .to_vec();
    assert!(range == content[5_242_870..=5_242_890]);
    let second = client
        .get_object()
        .bucket("bucket")
        .key("k")
        .part_number(2)
        .send()
        .await
        .unwrap();
    assert_eq!(second.parts_count(), Some(2));
    assert!(second.body.collect().await.unwrap().to_vec() == content[5 * MIB..]);
    assert_eq!(harness.content_files(), 2);
}

/// Shows `CompleteMultipartUpload` as on AWS: parts that are missing, in another order or too small, and unknown
/// uploads, are refused with the exception of each.
#[tokio::test]
async fn a_completion_is_held_to_what_was_uploaded() {
    let (_harness, client) = Harness::with_bucket(false).await;
    let id = begin(&client).await;
    let small = part(&client, &id, 1, noise(10)).await;
    let last = part(&client, &id, 2, noise(20)).await;
    let never = CompletedPart::builder()
        .part_number(9)
        .e_tag("\"x\"")
        .build();
    let wrong = CompletedPart::builder()
        .part_number(1)
        .e_tag("\"x\"")
        .build();
    let swapped = complete!(client, &id, [last.clone(), small.clone()]);
    for (refusal, parts) in [
        (swapped.send().await, "InvalidPartOrder"),
        (complete!(client, &id, [never]).send().await, "InvalidPart"),
        (complete!(client, &id, [wrong]).send().await, "InvalidPart"),
        (
            complete!(client, &id, [small.clone(), last.clone()])
                .send()
                .await,
            "EntityTooSmall",
        ),
        (complete!(client, &id, []).send().await, "MalformedXML"),
        (
            complete!(client, "unknown", [small.clone()]).send().await,
            "NoSuchUpload",
        ),
    ] {
        assert_eq!(refused(refusal).0, parts);
    }
    // The upload is still there; a part that is not named goes.
    complete!(client, &id, [last]).send().await.unwrap();
    assert_eq!(body(&client, "k").await, noise(20));
}

/// Shows `CompleteMultipartUpload` as on AWS: one whose answer was lost may be repeated, and makes no second version.
#[tokio::test]
async fn a_completion_whose_answer_was_lost_may_be_repeated() {
    let (harness, client) = Harness::with_bucket(true).await;
    let id = begin(&client).await;
    let part = part(&client, &id, 1, noise(10)).await;
    let first = complete!(client, &id, [part.clone()]).send().await.unwrap();
    let again = complete!(client, &id, [part]).send().await.unwrap();
    assert_eq!(first.version_id(), again.version_id());
    let listed = client
        .list_object_versions()
        .bucket("bucket")
        .send()
        .await
        .unwrap();
    assert_eq!(listed.versions().len(), 1);
    assert_eq!(harness.content_files(), 1);
}

/// Shows `AbortMultipartUpload` as on AWS: parts and upload are gone.
/// Shows `DeleteBucket` as assumed: an unfinished upload holds its bucket.
#[tokio::test]
async fn an_aborted_upload_leaves_nothing() {
    let (harness, client) = Harness::with_bucket(false).await;
    let id = begin(&client).await;
    let part = part(&client, &id, 1, noise(10)).await;
    let list = client
        .list_multipart_uploads()
        .bucket("bucket")
        .send()
        .await
        .unwrap();
    assert_eq!(list.uploads()[0].upload_id(), Some(&*id));
    let full = client.delete_bucket().bucket("bucket").send().await;
    assert_eq!(refused(full), as_refusal("BucketNotEmpty", 409));
    let abort = || {
        client
            .abort_multipart_upload()
            .bucket("bucket")
            .key("k")
            .upload_id(&id)
    };
    abort().send().await.unwrap();
    assert_eq!(
        refused(abort().send().await),
        as_refusal("NoSuchUpload", 404)
    );
    let late = complete!(client, &id, [part]).send().await;
    assert_eq!(refused(late), as_refusal("NoSuchUpload", 404));
    assert_eq!(harness.content_files(), 0);
    client
        .delete_bucket()
        .bucket("bucket")
        .send()
        .await
        .unwrap();
}

/// Shows `ListParts` as on AWS: parts are listed page by page.
/// Shows `UploadPart` as on AWS: a part that comes again replaces the first.
#[tokio::test]
async fn parts_are_listed_page_by_page_and_replaced() {
    let (harness, client) = Harness::with_bucket(false).await;
    let id = begin(&client).await;
    for number in [1, 2, 3] {
        part(&client, &id, number, noise(number as usize)).await;
    }
    part(&client, &id, 2, noise(77)).await;
    assert_eq!(harness.content_files(), 3);
    let list = || {
        client
            .list_parts()
            .bucket("bucket")
            .key("k")
            .upload_id(&id)
            .max_parts(2)
    };
    let first = list().send().await.unwrap();
    let sizes: Vec<_> = first
        .parts()
        .iter()
        .map(|part| part.size().unwrap())
        .collect();
    assert_eq!(sizes, [1, 77]);
    assert_eq!(first.is_truncated(), Some(true));
    let marker = first.next_part_number_marker().unwrap();
    let rest = list().part_number_marker(marker).send().await.unwrap();
    assert_eq!(rest.parts().len(), 1);
    assert_eq!(rest.is_truncated(), Some(false));
    let zero = client
        .upload_part()
        .bucket("bucket")
        .key("k")
        .upload_id(&id)
        .part_number(0);
    let zero = zero.body(ByteStream::from_static(b"x")).send().await;
    assert_eq!(refused(zero), as_refusal("InvalidArgument", 400));
}

/// Shows `UploadPart`, `CompleteMultipartUpload` as on AWS: a composite checksum needs those of the parts.
#[tokio::test]
async fn a_composite_checksum_needs_those_of_the_parts_as_on_aws() {
    let (_harness, client) = Harness::with_bucket(false).await;
    let created = create(&client)
        .checksum_algorithm(ChecksumAlgorithm::Crc32)
        .send()
        .await
        .unwrap();
    assert_eq!(created.checksum_type(), Some(&ChecksumType::Composite));
    let id = created.upload_id.unwrap();
    let upload = client
        .upload_part()
        .bucket("bucket")
        .key("k")
        .upload_id(&id)
        .part_number(1);
    let other = upload.checksum_algorithm(ChecksumAlgorithm::Sha256);
    let other = other.body(ByteStream::from_static(b"x")).send().await;
    assert_eq!(refused(other), as_refusal("InvalidRequest", 400));
    let part = part(&client, &id, 1, noise(100)).await;
    let bare = CompletedPart::builder()
        .part_number(1)
        .set_e_tag(part.e_tag.clone())
        .build();
    let without = complete!(client, &id, [bare]).send().await;
    assert_eq!(refused(without), as_refusal("InvalidRequest", 400));
    let done = complete!(client, &id, [part]).send().await.unwrap();
    assert!(done.checksum_crc32().unwrap().ends_with("-1"));
}

/// Shows `CompleteMultipartUpload` as on AWS: the full object's checksum is verified before it is seen.
#[tokio::test]
async fn the_full_objects_checksum_is_verified_before_publishing() {
    let (harness, client) = Harness::with_bucket(false).await;
    let created = create(&client)
        .checksum_algorithm(ChecksumAlgorithm::Crc32)
        .checksum_type(ChecksumType::FullObject)
        .send()
        .await
        .unwrap();
    let id = created.upload_id.unwrap();
    let first = part(&client, &id, 1, noise(5 * MIB)).await;
    let second = part(&client, &id, 2, b"123456789".to_vec()).await;
    let wrong = complete!(client, &id, [first.clone(), second.clone()]).checksum_crc32("AAAAAA==");
    assert_eq!(refused(wrong.send().await), as_refusal("BadDigest", 400));
    assert_eq!(
        harness.store.head_latest("bucket", "k").await.unwrap(),
        None
    );
    let mut whole = crc32fast::Hasher::new();
    whole.update(&noise(5 * MIB));
    whole.update(b"123456789");
    let whole = base64::Engine::encode(
        &base64::prelude::BASE64_STANDARD,
        whole.finalize().to_be_bytes(),
    );
    let right = complete!(client, &id, [first, second]).checksum_crc32(&whole);
    assert_eq!(right.send().await.unwrap().checksum_crc32(), Some(&*whole));
}

/// Shows `UploadPartCopy` as on AWS: a part is copied from a range of an object.
#[tokio::test]
async fn a_part_may_be_copied_from_an_object() {
    let (_harness, client) = Harness::with_bucket(false).await;
    let source = client.put_object().bucket("bucket").key("from");
    source
        .body(ByteStream::from(noise(1000)))
        .send()
        .await
        .unwrap();
    let id = begin(&client).await;
    let copy = client
        .upload_part_copy()
        .bucket("bucket")
        .key("k")
        .upload_id(&id)
        .part_number(1);
    let copied = copy
        .copy_source("bucket/from")
        .copy_source_range("bytes=100-199")
        .send()
        .await
        .unwrap();
    let tag = copied.copy_part_result().unwrap().e_tag().unwrap();
    let part = CompletedPart::builder().part_number(1).e_tag(tag).build();
    complete!(client, &id, [part]).send().await.unwrap();
    assert_eq!(body(&client, "k").await, noise(1000)[100..200]);
}

/// Shows `CompleteMultipartUpload` as on AWS: with `If-None-Match: *` it loses to an object that came first.
#[tokio::test]
async fn a_conditional_completion_loses_to_an_object_that_came_first() {
    let (_harness, client) = Harness::with_bucket(false).await;
    let id = begin(&client).await;
    let part = part(&client, &id, 1, noise(10)).await;
    let rival = client
        .put_object()
        .bucket("bucket")
        .key("k")
        .body(ByteStream::from_static(b"x"));
    rival.send().await.unwrap();
    let late = complete!(client, &id, [part])
        .if_none_match("*")
        .send()
        .await;
    assert_eq!(refused(late), as_refusal("PreconditionFailed", 412));
    assert_eq!(body(&client, "k").await, b"x");
}
