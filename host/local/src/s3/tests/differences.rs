//! Where this service does otherwise than S3, and what is easily taken to differ.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ServerSideEncryption, StorageClass};

use super::harness::{Harness, as_refusal, refused};

/// Shows `PutObject`, `GetObject` unlike AWS: on AWS content is encrypted, by a key that must be there and that its reader may
/// use; here the encryption is told as it was asked for, any key's name is taken, and the content lies on the disk as it came.
#[tokio::test]
async fn encryption_is_told_and_not_done() {
    let (harness, client) = Harness::with_bucket(false).await;
    let nobodys = "arn:aws:kms:eu-west-1:999999999999:key/no-such-key";
    let put = client.put_object().bucket("bucket").key("k");
    let put = put
        .server_side_encryption(ServerSideEncryption::AwsKms)
        .ssekms_key_id(nobodys)
        .body(ByteStream::from_static(b"in clear"));
    put.send().await.unwrap();
    let got = client.get_object().bucket("bucket").key("k").send().await;
    let got = got.unwrap();
    assert_eq!(
        got.server_side_encryption(),
        Some(&ServerSideEncryption::AwsKms)
    );
    assert_eq!(got.ssekms_key_id(), Some(nobodys));
    let mut folders = vec![harness.directory.path().join("data")];
    let mut contents = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => contents.push(std::fs::read(path).unwrap()),
            }
        }
    }
    assert_eq!(contents, [b"in clear"]);
}

/// Shows `PutObject`, `GetObject` unlike AWS: on AWS an object in an archive class must be restored before it is read; here a
/// storage class is told, and has no effect.
#[tokio::test]
async fn a_storage_class_is_told_and_has_no_effect() {
    let (_harness, client) = Harness::with_bucket(false).await;
    let put = client.put_object().bucket("bucket").key("k");
    let put = put
        .storage_class(StorageClass::DeepArchive)
        .body(ByteStream::from_static(b"at hand"));
    put.send().await.unwrap();
    let got = client.get_object().bucket("bucket").key("k").send().await;
    let got = got.unwrap();
    assert_eq!(got.storage_class(), Some(&StorageClass::DeepArchive));
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"at hand");
}

/// Shows `ListObjects` unlike AWS: on AWS NextMarker comes with a delimiter only; here with every page that is not the last.
#[tokio::test]
async fn the_next_marker_comes_without_a_delimiter_too() {
    let (harness, client) = Harness::with_bucket(false).await;
    for key in ["a", "b"] {
        let meta = crate::s3::ObjectMeta::default();
        let put = harness.store.put_bytes("bucket", key, "x", meta);
        put.await.unwrap();
    }
    let list = client.list_objects().bucket("bucket").max_keys(1);
    let page = list.send().await.unwrap();
    assert_eq!(page.is_truncated(), Some(true));
    assert_eq!(page.next_marker(), Some("a"));
}

/// Shows `S3` as on AWS: a request that expects another owner of its bucket is an AccessDenied.
#[tokio::test]
async fn another_owner_than_the_expected_one_is_refused() {
    let (_harness, client) = Harness::with_bucket(false).await;
    let put = |owner: &str| {
        let put = client.put_object().bucket("bucket").key("k");
        put.expected_bucket_owner(owner)
            .body(ByteStream::from_static(b"x"))
            .send()
    };
    let denied = as_refusal("AccessDenied", 403);
    assert_eq!(refused(put("999999999999").await), denied);
    put("000000000000").await.unwrap();
    let copy = client.copy_object().bucket("bucket").key("to");
    let copy = copy
        .copy_source("bucket/k")
        .expected_source_bucket_owner("999999999999");
    assert_eq!(refused(copy.send().await), denied);
}

/// Shows `GetObjectTagging` as on AWS: an object that was given no tags has none.
#[tokio::test]
async fn an_object_has_no_tags() {
    let (_harness, client) = Harness::with_bucket(false).await;
    let tags = || client.get_object_tagging().bucket("bucket").key("k").send();
    assert_eq!(refused(tags().await), as_refusal("NoSuchKey", 404));
    let put = client.put_object().bucket("bucket").key("k");
    let put = put.body(ByteStream::from_static(b"x"));
    put.send().await.unwrap();
    assert!(tags().await.unwrap().tag_set().is_empty());
}
