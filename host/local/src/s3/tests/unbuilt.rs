//! What S3 has and this service has not: each request is refused, and what it asked for is named.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketInfo, BucketType, BucketVersioningStatus, CreateBucketConfiguration, DataRedundancy,
    LocationInfo, LocationType, MfaDelete, ObjectCannedAcl, ObjectOwnership,
    VersioningConfiguration,
};

use super::harness::{Harness, as_refusal, refused};
use super::wire::Signed;
use crate::s3::model::OPERATIONS;
use crate::s3::operation::Target;
use crate::s3::ops::BUILT;

/// Shows every other operation of S3 not built: a request is a NotImplemented that names the operation.
#[tokio::test]
async fn every_operation_that_is_not_built_is_refused_by_name() {
    let (harness, client) = Harness::with_bucket(false).await;
    let object = client.put_object().bucket("bucket").key("k");
    let object = object.body(ByteStream::from_static(b"kept"));
    object.send().await.unwrap();
    let unbuilt = OPERATIONS
        .iter()
        .filter(|operation| !BUILT.contains(&operation.name));
    let mut count = 0;
    for operation in unbuilt {
        let mut query: Vec<String> = operation
            .query
            .iter()
            .map(|parameter| match parameter.contains('=') {
                true => (*parameter).to_owned(),
                false => format!("{parameter}="),
            })
            .collect();
        // As a signature has them: by name.
        query.sort_by_key(|parameter| parameter.split('=').next().map(str::to_owned));
        let header = operation.header.map(|name| (name, "x".to_owned()));
        let request = Signed {
            method: operation.method,
            path: match operation.target {
                Target::Service => "/",
                Target::Bucket if operation.name == "WriteGetObjectResponse" => {
                    "/WriteGetObjectResponse"
                }
                Target::Bucket => "/bucket",
                Target::Object => "/bucket/k",
            },
            query: &query.join("&"),
            extra: header
                .into_iter()
                .chain([("content-length", "4".to_owned())])
                .collect(),
            ..Signed::default()
        };
        let answer = request.send(&harness, b"<x/>").await;
        let refusal = (answer.status, answer.code());
        assert_eq!(refusal, (501, "NotImplemented"), "{}", operation.name);
        let named = format!("{} is not built", operation.name);
        assert!(answer.message().starts_with(&named), "{}", answer.message());
        count += 1;
    }
    assert_eq!(count, OPERATIONS.len() - BUILT.len());
    // None of them did what a plainer operation would have done.
    let object = client.get_object().bucket("bucket").key("k");
    let body = object.send().await.unwrap().body.collect().await.unwrap();
    assert_eq!(body.to_vec(), b"kept");
}

/// Shows `PutObject`, `CopyObject`, `CreateMultipartUpload` not built: object tags, object lock, grants, SSE-C and appending: a
/// request with a header of theirs is a NotImplemented that names both.
#[tokio::test]
async fn headers_of_what_is_not_built_are_refused_by_name() {
    let (harness, _) = Harness::with_bucket(false).await;
    for (header, feature) in [
        ("x-amz-tagging", "object tags"),
        ("x-amz-object-lock-mode", "object lock"),
        ("x-amz-object-lock-retain-until-date", "object lock"),
        ("x-amz-object-lock-legal-hold", "object lock"),
        ("x-amz-grant-read", "access control lists"),
        ("x-amz-grant-full-control", "access control lists"),
        ("x-amz-server-side-encryption-customer-algorithm", "SSE-C"),
        ("x-amz-write-offset-bytes", "appending"),
    ] {
        for (method, query, copy) in [
            ("PUT", "", None),
            ("PUT", "", Some(("x-amz-copy-source", "bucket/from".into()))),
            ("POST", "uploads=", None),
        ] {
            let request = Signed {
                method,
                query,
                extra: [
                    ("content-length", "1".to_owned()),
                    (header, "value".to_owned()),
                ]
                .into_iter()
                .chain(copy)
                .collect(),
                ..Signed::default()
            };
            let answer = request.send(&harness, b"x").await;
            let refusal = (answer.status, answer.code());
            assert_eq!(refusal, (501, "NotImplemented"), "{header}");
            let named = format!("{feature} (the header {header}) is not built");
            assert!(answer.message().starts_with(&named), "{}", answer.message());
        }
    }
    let object = harness.store.head_latest("bucket", "k").await.unwrap();
    assert_eq!(object, None);
}

/// Shows `PutObject` as on AWS: a canned access list that opens the object is an AccessControlListNotSupported, as where the
/// bucket's owner owns all of it.
#[tokio::test]
async fn an_access_list_says_what_is_so_anyway_or_is_refused() {
    let (_harness, client) = Harness::with_bucket(false).await;
    let put = |acl: ObjectCannedAcl| {
        let put = client.put_object().bucket("bucket").key("k").acl(acl);
        put.body(ByteStream::from_static(b"x")).send()
    };
    for acl in [
        ObjectCannedAcl::PublicRead,
        ObjectCannedAcl::AuthenticatedRead,
    ] {
        let expected = as_refusal("AccessControlListNotSupported", 400);
        assert_eq!(refused(put(acl).await), expected);
    }
    for acl in [
        ObjectCannedAcl::Private,
        ObjectCannedAcl::BucketOwnerFullControl,
    ] {
        put(acl).await.unwrap();
    }
}

/// Shows `CreateBucket` not built: object lock, and object ownership other than BucketOwnerEnforced.
/// Shows `CreateBucket` not built: directory buckets.
#[tokio::test]
async fn buckets_of_other_kinds_are_refused_by_name() {
    let harness = Harness::start().await;
    let client = harness.root();
    let create = || client.create_bucket().bucket("bucket");
    let lock = create().object_lock_enabled_for_bucket(true).send().await;
    let writer = create().object_ownership(ObjectOwnership::ObjectWriter);
    let directory = CreateBucketConfiguration::builder()
        .bucket(
            BucketInfo::builder()
                .r#type(BucketType::Directory)
                .data_redundancy(DataRedundancy::SingleAvailabilityZone)
                .build(),
        )
        .location(
            LocationInfo::builder()
                .r#type(LocationType::AvailabilityZone)
                .name("use1-az5")
                .build(),
        );
    let directory = create().create_bucket_configuration(directory.build());
    for (result, named) in [
        (lock, "object lock"),
        (writer.send().await, "object ownership other than"),
        (directory.send().await, "a directory bucket"),
    ] {
        let error = result.as_ref().unwrap_err();
        let message = aws_sdk_s3::error::ProvideErrorMetadata::message(error);
        assert!(message.unwrap().starts_with(named), "{message:?}");
        assert_eq!(refused(result), as_refusal("NotImplemented", 501));
    }
    assert!(harness.store.buckets().await.is_empty());
    let enforced = create().object_ownership(ObjectOwnership::BucketOwnerEnforced);
    enforced.send().await.unwrap();
}

/// Shows `PutBucketVersioning` not built: MFA delete.
#[tokio::test]
async fn mfa_delete_is_refused_by_name() {
    let (_harness, client) = Harness::with_bucket(false).await;
    let configuration = VersioningConfiguration::builder()
        .status(BucketVersioningStatus::Enabled)
        .mfa_delete(MfaDelete::Enabled)
        .build();
    let put = client.put_bucket_versioning().bucket("bucket");
    let put = put.versioning_configuration(configuration).send().await;
    let message = aws_sdk_s3::error::ProvideErrorMetadata::message(put.as_ref().unwrap_err());
    assert!(message.unwrap().starts_with("MFA delete is not built"));
    assert_eq!(refused(put), as_refusal("NotImplemented", 501));
    let got = client.get_bucket_versioning().bucket("bucket").send().await;
    assert_eq!(got.unwrap().status(), None);
}

/// Shows `CopyObject` not built: copies from access points.
#[tokio::test]
async fn a_copy_from_an_access_point_is_refused_by_name() {
    let (_harness, client) = Harness::with_bucket(false).await;
    let source = "arn:aws:s3:us-east-1:000000000000:accesspoint/point/object/k";
    let copy = client.copy_object().bucket("bucket").key("to");
    let copy = copy.copy_source(source).send().await;
    let message = aws_sdk_s3::error::ProvideErrorMetadata::message(copy.as_ref().unwrap_err());
    assert!(
        message
            .unwrap()
            .starts_with("a copy from an access point is not built")
    );
    assert_eq!(refused(copy), as_refusal("NotImplemented", 501));
}

/// Shows `S3` not built: the bucket's name in the host's (virtual-hosted style): the path's first part is taken for it.
#[tokio::test]
async fn the_bucket_is_never_taken_from_the_host() {
    let (harness, _) = Harness::with_bucket(false).await;
    let request = Signed {
        path: "/some-key",
        host: Some(format!("bucket.localhost:{}", harness.address.port())),
        ..Signed::default()
    };
    let answer = request.send(&harness, b"").await;
    assert_eq!((answer.status, answer.code()), (404, "NoSuchBucket"));
    assert!(
        answer.message().contains("some-key"),
        "{}",
        answer.message()
    );
}
