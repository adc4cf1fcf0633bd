//! Buckets and versions.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration,
    VersioningConfiguration,
};
use tempfile::TempDir;

use super::harness::{Harness, as_refusal, refused};
use super::objects::body;

async fn put(client: &Client, content: &'static [u8]) -> String {
    let put = client.put_object().bucket("bucket").key("k");
    let put = put
        .body(ByteStream::from_static(content))
        .send()
        .await
        .unwrap();
    put.version_id.unwrap()
}

async fn set(client: &Client, status: BucketVersioningStatus) {
    let configuration = VersioningConfiguration::builder().status(status).build();
    let set = client.put_bucket_versioning().bucket("bucket");
    set.versioning_configuration(configuration)
        .send()
        .await
        .unwrap();
}

/// Shows `CreateBucket`, `HeadBucket`, `ListBuckets`, `DeleteBucket` as on AWS: buckets are made, found, and removed
/// when they are empty; to make one's own again is a success in us-east-1.
/// Shows `GetBucketLocation` as on AWS: us-east-1 is told as nothing.
#[tokio::test]
async fn buckets_are_made_found_and_removed() {
    let harness = Harness::start().await;
    let client = harness.root();
    let missing = client.head_bucket().bucket("bucket").send().await;
    assert_eq!(refused(missing).1, 404);
    client
        .create_bucket()
        .bucket("bucket")
        .send()
        .await
        .unwrap();
    client
        .create_bucket()
        .bucket("another")
        .send()
        .await
        .unwrap();
    // Again: a success in us-east-1, and nothing is lost.
    client
        .create_bucket()
        .bucket("bucket")
        .send()
        .await
        .unwrap();
    let head = client.head_bucket().bucket("bucket").send().await.unwrap();
    assert_eq!(head.bucket_region(), Some("us-east-1"));
    let location = client
        .get_bucket_location()
        .bucket("bucket")
        .send()
        .await
        .unwrap();
    let location = location
        .location_constraint()
        .map_or("", |location| location.as_str());
    assert_eq!(location, "");
    let list = client.list_buckets().send().await.unwrap();
    let names: Vec<_> = list
        .buckets()
        .iter()
        .filter_map(|bucket| bucket.name())
        .collect();
    assert_eq!(names, ["another", "bucket"]);
    let put = client
        .put_object()
        .bucket("bucket")
        .key("k")
        .body(ByteStream::from_static(b"x"));
    put.send().await.unwrap();
    let full = client.delete_bucket().bucket("bucket").send().await;
    assert_eq!(refused(full), as_refusal("BucketNotEmpty", 409));
    client
        .delete_object()
        .bucket("bucket")
        .key("k")
        .send()
        .await
        .unwrap();
    client
        .delete_bucket()
        .bucket("bucket")
        .send()
        .await
        .unwrap();
    let gone = client.list_objects_v2().bucket("bucket").send().await;
    assert_eq!(refused(gone), as_refusal("NoSuchBucket", 404));
    let bad = client.create_bucket().bucket("Not_A_Bucket").send().await;
    assert_eq!(refused(bad), as_refusal("InvalidBucketName", 400));
}

/// Shows `CreateBucket` as on AWS: a bucket for another Region than the endpoint's is an
/// IllegalLocationConstraintException.
#[tokio::test]
async fn a_bucket_is_made_in_the_endpoints_own_region() {
    let harness = Harness::start_in(TempDir::new().unwrap(), "us-east-1").await;
    let elsewhere = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuCentral1)
        .build();
    let client = harness.root();
    let create = client
        .create_bucket()
        .bucket("bucket")
        .create_bucket_configuration(elsewhere);
    let refusal = refused(create.send().await);
    assert_eq!(
        refusal,
        as_refusal("IllegalLocationConstraintException", 400)
    );
}

/// Shows `PutObject`, `GetObject`, `CopyObject` as on AWS: in a bucket with versions every write makes one, and old
/// ones can be read and copied.
/// Shows `GetBucketVersioning` as on AWS: tells whether a bucket keeps versions.
#[tokio::test]
async fn every_write_makes_a_version_and_old_ones_stay_readable() {
    let (harness, client) = Harness::with_bucket(true).await;
    let got = client
        .get_bucket_versioning()
        .bucket("bucket")
        .send()
        .await
        .unwrap();
    assert_eq!(got.status(), Some(&BucketVersioningStatus::Enabled));
    let (first, second) = (put(&client, b"1").await, put(&client, b"2").await);
    assert_ne!(first, second);
    assert_eq!(body(&client, "k").await, b"2");
    let get = |version: &str| {
        client
            .get_object()
            .bucket("bucket")
            .key("k")
            .version_id(version)
    };
    let old = get(&first).send().await.unwrap();
    assert_eq!(old.version_id(), Some(&*first));
    assert_eq!(old.body.collect().await.unwrap().to_vec(), b"1");
    assert_eq!(
        refused(get("nonsense").send().await),
        as_refusal("NoSuchVersion", 404)
    );
    let info = harness
        .store
        .head_latest("bucket", "k")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(info.version_id, second);
    // The source of a copy may be an old version.
    let copy = client.copy_object().bucket("bucket").key("k");
    let copied = copy
        .copy_source(format!("bucket/k?versionId={first}"))
        .send()
        .await
        .unwrap();
    assert_eq!(copied.copy_source_version_id(), Some(&*first));
    assert_eq!(body(&client, "k").await, b"1");
}

/// Shows `DeleteObject` as on AWS: a delete marker hides the object; without it, the object is seen again.
/// Shows `ListObjectVersions` as on AWS: versions and delete markers are listed, the latest first.
#[tokio::test]
async fn deleting_hides_behind_a_marker_and_deleting_the_marker_shows_again() {
    let (harness, client) = Harness::with_bucket(true).await;
    let first = put(&client, b"1").await;
    let delete = || client.delete_object().bucket("bucket").key("k");
    let hidden = delete().send().await.unwrap();
    assert_eq!(hidden.delete_marker(), Some(true));
    let marker = hidden.version_id.unwrap();
    let get = || client.get_object().bucket("bucket").key("k");
    assert_eq!(refused(get().send().await), as_refusal("NoSuchKey", 404));
    let of_marker = get().version_id(&marker).send().await;
    assert_eq!(refused(of_marker), as_refusal("MethodNotAllowed", 405));
    // To a conditional write, a deleted object is absent.
    let put_again = client
        .put_object()
        .bucket("bucket")
        .key("k")
        .if_none_match("*");
    let second = put_again
        .body(ByteStream::from_static(b"2"))
        .send()
        .await
        .unwrap();
    let listed = client
        .list_object_versions()
        .bucket("bucket")
        .send()
        .await
        .unwrap();
    let versions: Vec<_> = listed
        .versions()
        .iter()
        .map(|version| (version.version_id().unwrap(), version.is_latest().unwrap()))
        .collect();
    assert_eq!(
        versions,
        [(second.version_id().unwrap(), true), (&*first, false)]
    );
    assert_eq!(listed.delete_markers()[0].version_id(), Some(&*marker));
    delete()
        .version_id(second.version_id().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(refused(get().send().await), as_refusal("NoSuchKey", 404));
    let removed = delete().version_id(&marker).send().await.unwrap();
    assert_eq!(removed.delete_marker(), Some(true));
    assert_eq!(body(&client, "k").await, b"1");
    delete().version_id(&first).send().await.unwrap();
    assert_eq!(harness.content_files(), 0);
    client
        .delete_bucket()
        .bucket("bucket")
        .send()
        .await
        .unwrap();
}

/// Shows `PutBucketVersioning` as on AWS: while versions are suspended, a write replaces the null version only.
#[tokio::test]
async fn a_suspended_bucket_replaces_its_null_version_only() {
    let (_harness, client) = Harness::with_bucket(true).await;
    let kept = put(&client, b"kept").await;
    set(&client, BucketVersioningStatus::Suspended).await;
    assert_eq!(put(&client, b"null 1").await, "null");
    assert_eq!(put(&client, b"null 2").await, "null");
    let listed = client
        .list_object_versions()
        .bucket("bucket")
        .send()
        .await
        .unwrap();
    let ids: Vec<_> = listed
        .versions()
        .iter()
        .filter_map(|version| version.version_id())
        .collect();
    assert_eq!(ids, ["null", &kept]);
    assert_eq!(body(&client, "k").await, b"null 2");
    set(&client, BucketVersioningStatus::Enabled).await;
    assert_ne!(put(&client, b"new").await, "null");
}

#[tokio::test]
async fn those_who_listen_hear_of_every_object() {
    let (harness, client) = Harness::with_bucket(true).await;
    let mut changes = harness.store.changes();
    let version = put(&client, b"1").await;
    let published = changes.recv().await.unwrap();
    assert_eq!((&*published.bucket, &*published.key), ("bucket", "k"));
    assert_eq!(published.version_id, version);
    client
        .delete_object()
        .bucket("bucket")
        .key("k")
        .send()
        .await
        .unwrap();
    let second = put(&client, b"2").await;
    // A delete marker is no object.
    assert_eq!(changes.recv().await.unwrap().version_id, second);
}
