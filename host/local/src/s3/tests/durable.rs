//! What the directory holds, and what survives in it.

use std::os::unix::fs::MetadataExt;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, ServerSideEncryption};
use proptest::prelude::*;
use tempfile::TempDir;

use super::harness::Harness;
use super::objects::body;
use crate::s3::{Location, ObjectMeta, ObjectStore, StoreError};

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let (harness, client) = Harness::with_bucket(true).await;
    let put = client
        .put_object()
        .bucket("bucket")
        .key("k")
        .metadata("colour", "blue");
    let put = put
        .server_side_encryption(ServerSideEncryption::AwsKms)
        .ssekms_key_id("key");
    let first = put
        .body(ByteStream::from_static(b"1"))
        .send()
        .await
        .unwrap();
    let put = client.put_object().bucket("bucket").key("k");
    let second = put
        .body(ByteStream::from_static(b"2"))
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
    let create = client
        .create_multipart_upload()
        .bucket("bucket")
        .key("parts");
    let upload = create.send().await.unwrap().upload_id.unwrap();
    let part = client
        .upload_part()
        .bucket("bucket")
        .key("parts")
        .upload_id(&upload);
    let part = part
        .part_number(1)
        .body(ByteStream::from_static(b"part"))
        .send()
        .await
        .unwrap();
    // What a dying process leaves: content without a record, a record that was never renamed.
    let data = harness.directory.path().join("data/zz");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("orphan"), "x").unwrap();
    let records = harness.directory.path().join("objects/zz");
    std::fs::create_dir_all(&records).unwrap();
    std::fs::write(records.join("half.draft"), "{").unwrap();
    drop(client);

    let harness = harness.restart().await;
    let client = harness.root();
    assert_eq!(harness.content_files(), 3);
    assert!(!records.join("half.draft").exists());
    let listed = client
        .list_object_versions()
        .bucket("bucket")
        .send()
        .await
        .unwrap();
    assert_eq!(listed.versions().len(), 2);
    assert_eq!(listed.versions()[0].version_id(), second.version_id());
    assert_eq!(listed.delete_markers()[0].is_latest(), Some(true));
    let get = client
        .get_object()
        .bucket("bucket")
        .key("k")
        .version_id(first.version_id().unwrap());
    let old = get.send().await.unwrap();
    assert_eq!(old.metadata().unwrap()["colour"], "blue");
    assert_eq!(old.ssekms_key_id(), Some("key"));
    assert_eq!(old.e_tag(), first.e_tag());
    assert_eq!(old.body.collect().await.unwrap().to_vec(), b"1");
    let part = CompletedPart::builder()
        .part_number(1)
        .set_e_tag(part.e_tag)
        .build();
    let complete = client
        .complete_multipart_upload()
        .bucket("bucket")
        .key("parts");
    complete
        .upload_id(&upload)
        .multipart_upload(CompletedMultipartUpload::builder().parts(part).build())
        .send()
        .await
        .unwrap();
    assert_eq!(body(&client, "parts").await, b"part");
    let put = client
        .put_object()
        .bucket("bucket")
        .key("k")
        .body(ByteStream::from_static(b"3"));
    put.send().await.unwrap();
    assert_eq!(body(&client, "k").await, b"3");
}

#[tokio::test]
async fn a_directory_has_one_process_and_is_a_store_of_ours() {
    let directory = TempDir::new().unwrap();
    let store = ObjectStore::open(directory.path()).await.unwrap();
    let second = ObjectStore::open(directory.path()).await;
    assert!(matches!(second, Err(StoreError::InUse { .. })));
    drop(store);
    ObjectStore::open(directory.path()).await.unwrap();
    let other = TempDir::new().unwrap();
    std::fs::write(other.path().join("thesis.txt"), "mine").unwrap();
    let foreign = ObjectStore::open(other.path()).await;
    assert!(matches!(foreign, Err(StoreError::Format { .. })));
    std::fs::remove_file(other.path().join("thesis.txt")).unwrap();
    std::fs::write(other.path().join("FORMAT"), "pipefitter object store 99\n").unwrap();
    let newer = ObjectStore::open(other.path()).await;
    assert!(matches!(newer, Err(StoreError::Format { .. })));
}

/// A first start writes its format elsewhere and renames it: killed in the midst, it leaves a draft.
#[tokio::test]
async fn a_first_start_that_was_killed_leaves_a_directory_that_can_be_opened() {
    for left in ["", "pipefitter obj"] {
        let directory = TempDir::new().unwrap();
        let draft = directory.path().join("FORMAT.draft");
        std::fs::write(directory.path().join("LOCK"), "").unwrap();
        std::fs::write(&draft, left).unwrap();
        let file = std::fs::metadata(&draft).unwrap().ino();
        let store = ObjectStore::open(directory.path()).await.unwrap();
        let format = directory.path().join("FORMAT");
        let written = std::fs::metadata(&format).unwrap().ino();
        assert_eq!(written, file, "it is the draft, renamed");
        assert!(!draft.exists());
        drop(store);
        ObjectStore::open(directory.path()).await.unwrap();
    }
}

/// Every path below a directory, from it.
fn paths(root: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            }
            let path = entry.path();
            found.push(
                path.strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned(),
            );
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Keys that would leave the directory, or collide in it, if they were ever file names.
    #[test]
    fn no_key_is_ever_a_path(
        keys in prop::collection::btree_map(
            prop_oneof![
                "(\\.\\./|/|\\./|a|%2e%2e/|\\\\){1,12}",
                "\\PC{1,40}",
                prop::collection::vec(any::<char>(), 1..30).prop_map(String::from_iter),
            ],
            prop::collection::vec(any::<u8>(), 0..40),
            1..6,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let outer = TempDir::new().unwrap();
            let store = ObjectStore::open(outer.path().join("store")).await.unwrap();
            store.create_bucket("bucket", false).await.unwrap();
            for (key, content) in &keys {
                store
                    .put_bytes("bucket", key, content.clone(), ObjectMeta::default())
                    .await
                    .unwrap();
            }
            drop(store);
            let store = ObjectStore::open(outer.path().join("store")).await.unwrap();
            for (key, content) in &keys {
                let location = Location {
                    bucket: "bucket".into(),
                    key: key.clone(),
                    version_id: None,
                };
                assert_eq!(&store.get_bytes(&location).await.unwrap(), content);
            }
            for path in paths(outer.path()) {
                assert!(path.starts_with("store"), "{path}");
                let ours = |c: char| c.is_ascii_alphanumeric() || "/.".contains(c);
                assert!(path.chars().all(ours) && !path.contains(".."), "{path}");
            }
        });
    }
}
