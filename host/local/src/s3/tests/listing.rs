//! Listings over HTTP. (How a page is cut is tested beside the code that cuts it.)

use aws_sdk_s3::Client;
use aws_sdk_s3::types::EncodingType;

use super::harness::{Harness, as_refusal, refused};
use crate::s3::ObjectMeta;

async fn with_keys(keys: &[&str]) -> (Harness, Client) {
    let (harness, client) = Harness::with_bucket(true).await;
    for key in keys {
        let put = harness
            .store
            .put_bytes("bucket", key, "x", ObjectMeta::default());
        put.await.unwrap();
    }
    (harness, client)
}

/// Shows `ListObjectsV2` as on AWS: pages by token; prefix, delimiter and start-after.
#[tokio::test]
async fn the_second_version_pages_by_token() {
    let keys = ["a", "b/1", "b/2", "c/1", "d"];
    let (_harness, client) = with_keys(&keys).await;
    let mut pages = client
        .list_objects_v2()
        .bucket("bucket")
        .delimiter("/")
        .max_keys(2)
        .into_paginator()
        .send();
    let (mut found, mut prefixes, mut count) = (Vec::new(), Vec::new(), 0);
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        count += page.key_count().unwrap();
        found.extend(
            page.contents()
                .iter()
                .map(|object| object.key().unwrap().to_owned()),
        );
        prefixes.extend(
            page.common_prefixes()
                .iter()
                .map(|one| one.prefix().unwrap().to_owned()),
        );
    }
    assert_eq!(found, ["a", "d"]);
    assert_eq!(prefixes, ["b/", "c/"]);
    assert_eq!(count, 4);
    let list = || client.list_objects_v2().bucket("bucket");
    let after = list().start_after("b/1").prefix("b/").send().await.unwrap();
    assert_eq!(after.contents().len(), 1);
    assert_eq!(after.contents()[0].size(), Some(1));
    let bad = list().continuation_token("***").send().await;
    assert_eq!(refused(bad), as_refusal("InvalidArgument", 400));
    let bad = list().max_keys(-1).send().await;
    assert_eq!(refused(bad), as_refusal("InvalidArgument", 400));
}

/// Shows `ListObjects` as on AWS: pages by marker; prefixes count as entries.
#[tokio::test]
async fn the_first_version_pages_by_marker() {
    let (_harness, client) = with_keys(&["a", "b/1", "b/2", "c"]).await;
    let list = || {
        client
            .list_objects()
            .bucket("bucket")
            .delimiter("/")
            .max_keys(2)
    };
    let first = list().send().await.unwrap();
    assert_eq!(first.next_marker(), Some("b/"));
    assert_eq!(first.is_truncated(), Some(true));
    let rest = list().marker("b/").send().await.unwrap();
    assert_eq!(rest.contents()[0].key(), Some("c"));
    assert!(rest.common_prefixes().is_empty());
    assert_eq!(rest.is_truncated(), Some(false));
}

/// Shows `ListObjectsV2` as on AWS: keys are percent-encoded where `encoding-type` asks.
#[tokio::test]
async fn keys_travel_encoded_where_that_is_asked_for() {
    let (_harness, client) = with_keys(&["a b+c/ü&<"]).await;
    let list = || client.list_objects_v2().bucket("bucket");
    let encoded = list()
        .encoding_type(EncodingType::Url)
        .send()
        .await
        .unwrap();
    assert_eq!(encoded.contents()[0].key(), Some("a%20b%2Bc/%C3%BC%26%3C"));
    let plain = list().send().await.unwrap();
    assert_eq!(plain.contents()[0].key(), Some("a b+c/ü&<"));
}

/// Shows `ListObjectVersions` as on AWS: pages by key and version.
#[tokio::test]
async fn versions_page_within_a_key() {
    let (harness, client) = with_keys(&["a", "b", "b", "b", "c"]).await;
    client
        .delete_object()
        .bucket("bucket")
        .key("c")
        .send()
        .await
        .unwrap();
    let (mut key, mut version) = (None, None);
    let mut found = Vec::new();
    loop {
        let page = client
            .list_object_versions()
            .bucket("bucket")
            .max_keys(2)
            .set_key_marker(key)
            .set_version_id_marker(version)
            .send()
            .await
            .unwrap();
        assert!(page.versions().len() + page.delete_markers().len() <= 2);
        found.extend(
            page.versions()
                .iter()
                .map(|one| one.version_id().unwrap().to_owned()),
        );
        found.extend(
            page.delete_markers()
                .iter()
                .map(|one| one.version_id().unwrap().to_owned()),
        );
        if page.is_truncated() != Some(true) {
            break;
        }
        (key, version) = (page.next_key_marker, page.next_version_id_marker);
    }
    assert_eq!(found.len(), 6);
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 6);
    // A deleted key is in no listing of objects.
    let objects = client
        .list_objects_v2()
        .bucket("bucket")
        .send()
        .await
        .unwrap();
    assert_eq!(objects.contents().len(), 2);
    drop(harness);
}

/// Shows `ListMultipartUploads` as on AWS: uploads are listed by key and age, page by page.
#[tokio::test]
async fn uploads_are_listed_by_key_and_age() {
    let (_harness, client) = with_keys(&[]).await;
    let mut ids = Vec::new();
    for key in ["b", "a", "b"] {
        let create = client.create_multipart_upload().bucket("bucket").key(key);
        ids.push(create.send().await.unwrap().upload_id.unwrap());
    }
    let list = || {
        client
            .list_multipart_uploads()
            .bucket("bucket")
            .max_uploads(2)
    };
    let first = list().send().await.unwrap();
    let found = |page: &[aws_sdk_s3::types::MultipartUpload]| -> Vec<String> {
        page.iter()
            .map(|upload| upload.upload_id().unwrap().to_owned())
            .collect()
    };
    assert_eq!(found(first.uploads()), [ids[1].clone(), ids[0].clone()]);
    let rest = list()
        .set_key_marker(first.next_key_marker)
        .set_upload_id_marker(first.next_upload_id_marker)
        .send()
        .await
        .unwrap();
    assert_eq!(found(rest.uploads()), [ids[2].clone()]);
}
