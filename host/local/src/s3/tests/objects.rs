//! Put, copy, delete, and what goes with an object.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, ChecksumType, Delete, MetadataDirective, ObjectIdentifier,
    ServerSideEncryption,
};
use tokio::task::JoinSet;

use super::harness::{Harness, as_refusal, noise, refused};

pub(super) async fn body(client: &Client, key: &str) -> Vec<u8> {
    let got = client.get_object().bucket("bucket").key(key).send().await;
    got.unwrap().body.collect().await.unwrap().to_vec()
}

async fn put(client: &Client, key: &str, content: &[u8]) {
    client
        .put_object()
        .bucket("bucket")
        .key(key)
        .body(ByteStream::from(content.to_vec()))
        .send()
        .await
        .unwrap();
}

/// Shows `PutObject`, `GetObject`, `HeadObject` as on AWS: headers, metadata and encryption are told as they were
/// sent; `response-content-type` and its like replace a header of the answer.
#[tokio::test]
async fn what_was_put_comes_back_with_all_that_went_with_it() {
    let (_harness, client) = Harness::with_bucket(false).await;
    let put = client
        .put_object()
        .bucket("bucket")
        .key("a/b c+d/ü")
        .body(ByteStream::from_static(b"hello"))
        .content_type("text/plain; charset=utf-8")
        .content_encoding("identity")
        .cache_control("no-store")
        .content_disposition("attachment")
        .content_language("de")
        .metadata("colour", "blue")
        .metadata("Umlaut", "grün")
        .server_side_encryption(ServerSideEncryption::AwsKms)
        .ssekms_key_id("arn:aws:kms:us-east-1:000000000000:key/1234")
        .bucket_key_enabled(true)
        .send()
        .await
        .unwrap();
    assert_eq!(put.e_tag(), Some("\"5d41402abc4b2a76b9719d911017c592\""));
    assert_eq!(
        put.server_side_encryption(),
        Some(&ServerSideEncryption::AwsKms)
    );
    assert_eq!(
        put.ssekms_key_id(),
        Some("arn:aws:kms:us-east-1:000000000000:key/1234")
    );
    assert_eq!(put.version_id(), None);
    let head = client
        .head_object()
        .bucket("bucket")
        .key("a/b c+d/ü")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_length(), Some(5));
    assert_eq!(head.content_type(), Some("text/plain; charset=utf-8"));
    assert_eq!(head.content_encoding(), Some("identity"));
    assert_eq!(head.cache_control(), Some("no-store"));
    assert_eq!(head.content_disposition(), Some("attachment"));
    assert_eq!(head.content_language(), Some("de"));
    assert_eq!(head.metadata().unwrap()["colour"], "blue");
    assert_eq!(
        head.server_side_encryption(),
        Some(&ServerSideEncryption::AwsKms)
    );
    assert_eq!(
        head.ssekms_key_id(),
        Some("arn:aws:kms:us-east-1:000000000000:key/1234")
    );
    assert_eq!(head.bucket_key_enabled(), Some(true));
    let got = client
        .get_object()
        .bucket("bucket")
        .key("a/b c+d/ü")
        .response_content_type("application/octet-stream")
        .send()
        .await
        .unwrap();
    assert_eq!(got.content_type(), Some("application/octet-stream"));
    let head = client.head_object().bucket("bucket").key("a/b c+d/ü");
    let head = head
        .response_content_type("application/zip")
        .response_cache_control("max-age=1")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_type(), Some("application/zip"));
    assert_eq!(head.cache_control(), Some("max-age=1"));
    assert_eq!(head.content_language(), Some("de"));
    assert_eq!(
        got.server_side_encryption(),
        Some(&ServerSideEncryption::AwsKms)
    );
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"hello");
}

/// Shows `PutObject`, `HeadObject` as on AWS: an object is told as AES256 where nothing else was asked for.
#[tokio::test]
async fn an_object_without_wishes_is_told_as_aes256_and_octet_stream() {
    let (_harness, client) = Harness::with_bucket(false).await;
    put(&client, "plain", b"").await;
    let head = client
        .head_object()
        .bucket("bucket")
        .key("plain")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_length(), Some(0));
    assert_eq!(head.content_type(), Some("application/octet-stream"));
    assert_eq!(
        head.server_side_encryption(),
        Some(&ServerSideEncryption::Aes256)
    );
    assert_eq!(body(&client, "plain").await, b"");
}

/// Shows `PutObject`, `GetObject` as on AWS: CRC32, CRC32C, CRC64NVME, SHA-1 and SHA-256 are kept, and told where
/// `x-amz-checksum-mode` asks.
#[tokio::test]
async fn every_checksum_is_verified_and_told() {
    let (_harness, client) = Harness::with_bucket(false).await;
    for algorithm in [
        ChecksumAlgorithm::Crc32,
        ChecksumAlgorithm::Crc32C,
        ChecksumAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Sha1,
        ChecksumAlgorithm::Sha256,
    ] {
        let key = algorithm.as_str();
        client
            .put_object()
            .bucket("bucket")
            .key(key)
            .checksum_algorithm(algorithm.clone())
            .body(ByteStream::from(noise(300_000)))
            .send()
            .await
            .unwrap();
        // The SDK verifies the answer against the checksum that comes with it.
        let got = client
            .get_object()
            .bucket("bucket")
            .key(key)
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await
            .unwrap();
        assert_eq!(got.checksum_type(), Some(&ChecksumType::FullObject));
        let told = [
            got.checksum_crc32().is_some(),
            got.checksum_crc32_c().is_some(),
            got.checksum_crc64_nvme().is_some(),
            got.checksum_sha1().is_some(),
            got.checksum_sha256().is_some(),
        ];
        assert_eq!(told.into_iter().filter(|told| *told).count(), 1, "{key}");
        assert_eq!(got.body.collect().await.unwrap().to_vec(), noise(300_000));
    }
}

/// Shows `PutObject` as on AWS: content that differs from its checksum or Content-MD5 is a BadDigest, and is never
/// seen.
#[tokio::test]
async fn content_that_differs_from_its_digest_is_never_published() {
    let (harness, client) = Harness::with_bucket(false).await;
    let put = || {
        client
            .put_object()
            .bucket("bucket")
            .key("k")
            .body(ByteStream::from_static(b"hello"))
    };
    let bad = put().checksum_crc32("AAAAAA==").send().await;
    assert_eq!(refused(bad), as_refusal("BadDigest", 400));
    let bad = put()
        .checksum_sha256("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
        .send()
        .await;
    assert_eq!(refused(bad), as_refusal("BadDigest", 400));
    let bad = put().content_md5("AAAAAAAAAAAAAAAAAAAAAA==").send().await;
    assert_eq!(refused(bad), as_refusal("BadDigest", 400));
    let bad = put().content_md5("short").send().await;
    assert_eq!(refused(bad), as_refusal("InvalidDigest", 400));
    assert_eq!(
        harness.store.head_latest("bucket", "k").await.unwrap(),
        None
    );
    assert_eq!(harness.content_files(), 0);
    put()
        .content_md5("XUFAKrxLKna5cZ2REBfFkg==")
        .send()
        .await
        .unwrap();
    assert_eq!(body(&client, "k").await, b"hello");
}

/// Shows `PutObject` as on AWS: of many writers with `If-None-Match: *` one wins.
#[tokio::test]
async fn of_sixteen_first_writers_one_wins() {
    let (harness, client) = Harness::with_bucket(false).await;
    let mut writers = JoinSet::new();
    for writer in 0..16_u8 {
        let put = client
            .put_object()
            .bucket("bucket")
            .key("once")
            .if_none_match("*")
            .body(ByteStream::from(vec![writer; 10_000]));
        writers.spawn(async move { (writer, put.send().await) });
    }
    let mut winners = Vec::new();
    for (writer, result) in writers.join_all().await {
        match result {
            Ok(_) => winners.push(writer),
            lost => assert_eq!(refused(lost), as_refusal("PreconditionFailed", 412)),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(body(&client, "once").await, vec![winners[0]; 10_000]);
    assert_eq!(harness.content_files(), 1);
}

/// Shows `PutObject` as on AWS: If-Match replaces only the content that it names.
#[tokio::test]
async fn a_conditional_write_replaces_only_what_it_names() {
    let (_harness, client) = Harness::with_bucket(false).await;
    let write = |tag: &str, content: &'static [u8]| {
        let put = client.put_object().bucket("bucket").key("k").if_match(tag);
        put.body(ByteStream::from_static(content)).send()
    };
    assert_eq!(
        refused(write("\"x\"", b"1").await),
        as_refusal("NoSuchKey", 404)
    );
    put(&client, "k", b"1").await;
    assert_eq!(
        refused(write("\"x\"", b"2").await),
        as_refusal("PreconditionFailed", 412)
    );
    write("\"c4ca4238a0b923820dcc509a6f75849b\"", b"2")
        .await
        .unwrap();
    assert_eq!(body(&client, "k").await, b"2");
}

/// Shows `DeleteObject` as on AWS: without versions the object is gone; to delete it again is a success.
#[tokio::test]
async fn an_overwritten_or_deleted_object_leaves_nothing_behind() {
    let (harness, client) = Harness::with_bucket(false).await;
    put(&client, "k", b"1").await;
    put(&client, "k", b"2").await;
    assert_eq!(harness.content_files(), 1);
    client
        .delete_object()
        .bucket("bucket")
        .key("k")
        .send()
        .await
        .unwrap();
    client
        .delete_object()
        .bucket("bucket")
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(harness.content_files(), 0);
    let gone = client.get_object().bucket("bucket").key("k").send().await;
    assert_eq!(refused(gone), as_refusal("NoSuchKey", 404));
}

/// Shows `DeleteObjects` as on AWS: several go at once; a key that is not there counts as deleted.
#[tokio::test]
async fn several_objects_are_deleted_at_once() {
    let (harness, client) = Harness::with_bucket(false).await;
    for key in ["a", "b", "c"] {
        put(&client, key, b"x").await;
    }
    let object = |key: &str| ObjectIdentifier::builder().key(key).build().unwrap();
    let delete = Delete::builder()
        .objects(object("a"))
        .objects(object("b"))
        .objects(object("never"))
        .build()
        .unwrap();
    let deleted = client
        .delete_objects()
        .bucket("bucket")
        .delete(delete)
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.deleted().len(), 3);
    assert!(deleted.errors().is_empty());
    assert_eq!(harness.content_files(), 1);
}

/// Shows `CopyObject` as on AWS: metadata is copied or replaced, the encryption is the copy's own; a copy onto itself
/// that changes nothing is an InvalidRequest.
#[tokio::test]
async fn a_copy_has_the_content_and_its_own_encryption() {
    let (harness, client) = Harness::with_bucket(false).await;
    client
        .put_object()
        .bucket("bucket")
        .key("from/ü")
        .metadata("colour", "blue")
        .server_side_encryption(ServerSideEncryption::AwsKms)
        .body(ByteStream::from_static(b"content"))
        .send()
        .await
        .unwrap();
    let copy = || {
        client
            .copy_object()
            .bucket("bucket")
            .key("to")
            .copy_source("bucket/from/%C3%BC")
    };
    let copied = copy().send().await.unwrap();
    assert_eq!(
        copied.server_side_encryption(),
        Some(&ServerSideEncryption::Aes256)
    );
    let head = || client.head_object().bucket("bucket").key("to").send();
    assert_eq!(head().await.unwrap().metadata().unwrap()["colour"], "blue");
    let copied = copy()
        .metadata_directive(MetadataDirective::Replace)
        .metadata("shape", "round")
        .server_side_encryption(ServerSideEncryption::AwsKms)
        .ssekms_key_id("key")
        .send()
        .await
        .unwrap();
    assert_eq!(copied.ssekms_key_id(), Some("key"));
    let replaced = head().await.unwrap();
    assert_eq!(replaced.metadata().unwrap().get("colour"), None);
    assert_eq!(replaced.metadata().unwrap()["shape"], "round");
    assert_eq!(replaced.ssekms_key_id(), Some("key"));
    // The copy does not depend on its source.
    client
        .delete_object()
        .bucket("bucket")
        .key("from/ü")
        .send()
        .await
        .unwrap();
    assert_eq!(body(&client, "to").await, b"content");
    assert_eq!(harness.content_files(), 1);
    let missing = copy().send().await;
    assert_eq!(refused(missing), as_refusal("NoSuchKey", 404));
    let same = client
        .copy_object()
        .bucket("bucket")
        .key("to")
        .copy_source("bucket/to");
    assert_eq!(
        refused(same.send().await),
        as_refusal("InvalidRequest", 400)
    );
}

/// Shows `CopyObject` as on AWS: conditions on the source that do not hold are a PreconditionFailed.
#[tokio::test]
async fn the_copy_of_a_changed_source_is_refused() {
    let (_harness, client) = Harness::with_bucket(false).await;
    put(&client, "from", b"1").await;
    let copy = || {
        client
            .copy_object()
            .bucket("bucket")
            .key("to")
            .copy_source("bucket/from")
    };
    let failed = copy().copy_source_if_match("\"other\"").send().await;
    assert_eq!(refused(failed), as_refusal("PreconditionFailed", 412));
    let tag = "\"c4ca4238a0b923820dcc509a6f75849b\"";
    let failed = copy().copy_source_if_none_match(tag).send().await;
    assert_eq!(refused(failed), as_refusal("PreconditionFailed", 412));
    copy().copy_source_if_match(tag).send().await.unwrap();
}

/// Shows `PutObject` as on AWS: an unknown encryption, or a key without `aws:kms`, is an InvalidArgument.
#[tokio::test]
async fn wrong_encryption_is_refused_with_advice() {
    let (_harness, client) = Harness::with_bucket(false).await;
    let put = || {
        client
            .put_object()
            .bucket("bucket")
            .key("k")
            .body(ByteStream::from_static(b"x"))
    };
    let unknown = put().server_side_encryption("rot13".into()).send().await;
    assert_eq!(refused(unknown), as_refusal("InvalidArgument", 400));
    let half = put().ssekms_key_id("key").send().await;
    assert_eq!(refused(half), as_refusal("InvalidArgument", 400));
}
