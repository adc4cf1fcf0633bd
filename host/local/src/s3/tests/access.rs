//! Who may do what.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Credentials;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, ServerSideEncryption, Tagging};

use super::harness::{Harness, as_refusal, refused};
use super::wire;
use crate::auth::{JobAccess, KeyRule, Scope};
use crate::s3::ObjectMeta;

/// A bucket with an input and another job's object, and a job's session.
async fn with_job(require_kms: Option<KeyRule>) -> (Harness, Arc<JobAccess>) {
    let (harness, _) = Harness::with_bucket(false).await;
    for key in ["in", "other"] {
        let put = harness
            .store
            .put_bytes("bucket", key, "content", ObjectMeta::default());
        put.await.unwrap();
    }
    let object = |key: &str| ("bucket".to_owned(), key.to_owned());
    let scope = Scope {
        reads: vec![object("in")],
        writes: vec![object("out")],
        require_kms,
    };
    let access = harness.registry.issue(scope, Duration::from_secs(900));
    (harness, access)
}

fn get(
    client: &Client,
    key: &str,
) -> aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder {
    client.get_object().bucket("bucket").key(key)
}

fn put(
    client: &Client,
    key: &str,
) -> aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder {
    let content = ByteStream::from(vec![b'x'; 100_000]);
    client.put_object().bucket("bucket").key(key).body(content)
}

/// Shows `S3` as assumed: a job's credentials read its input artifacts, write its output artifacts, and do nothing
/// else.
#[tokio::test]
async fn a_job_reads_its_inputs_and_writes_its_outputs_and_nothing_else() {
    let (harness, access) = with_job(None).await;
    let job = harness.job(&access);
    get(&job, "in").send().await.unwrap();
    job.head_object()
        .bucket("bucket")
        .key("in")
        .send()
        .await
        .unwrap();
    put(&job, "out").send().await.unwrap();
    let id = job
        .create_multipart_upload()
        .bucket("bucket")
        .key("out")
        .send()
        .await
        .unwrap();
    let id = id.upload_id.unwrap();
    let part = job
        .upload_part()
        .bucket("bucket")
        .key("out")
        .upload_id(&id)
        .part_number(1);
    let part = part
        .body(ByteStream::from_static(b"x"))
        .send()
        .await
        .unwrap();
    let part = CompletedPart::builder()
        .part_number(1)
        .set_e_tag(part.e_tag)
        .build();
    job.complete_multipart_upload()
        .bucket("bucket")
        .key("out")
        .upload_id(&id)
        .multipart_upload(CompletedMultipartUpload::builder().parts(part).build())
        .send()
        .await
        .unwrap();
    let denied = as_refusal("AccessDenied", 403);
    assert_eq!(refused(get(&job, "other").send().await), denied);
    assert_eq!(refused(get(&job, "out").send().await), denied);
    assert_eq!(refused(put(&job, "in").send().await), denied);
    assert_eq!(refused(put(&job, "other").send().await), denied);
    let delete = job.delete_object().bucket("bucket").key("out").send().await;
    assert_eq!(refused(delete), denied);
    let copy = job
        .copy_object()
        .bucket("bucket")
        .key("out")
        .copy_source("bucket/other");
    assert_eq!(refused(copy.send().await), denied);
    assert_eq!(
        refused(job.list_objects_v2().bucket("bucket").send().await),
        denied
    );
    assert_eq!(refused(job.list_buckets().send().await), denied);
    assert_eq!(
        refused(job.get_bucket_location().bucket("bucket").send().await),
        denied
    );
    assert_eq!(
        refused(job.create_bucket().bucket("mine").send().await),
        denied
    );
    assert_eq!(
        refused(job.delete_bucket().bucket("bucket").send().await),
        denied
    );
}

/// Shows `S3` as on AWS: temporary credentials need their session token, and end with an ExpiredToken.
#[tokio::test]
async fn a_session_is_its_token_and_ends() {
    let (harness, access) = with_job(None).await;
    let with_token = |token: Option<&str>| {
        harness.client(Credentials::new(
            &access.access_key_id,
            &access.secret,
            token.map(str::to_owned),
            None,
            "test",
        ))
    };
    let invalid = as_refusal("InvalidToken", 400);
    assert_eq!(refused(get(&with_token(None), "in").send().await), invalid);
    assert_eq!(
        refused(get(&with_token(Some("wrong")), "in").send().await),
        invalid
    );
    let root = Credentials::new("local", "local", Some("left over".into()), None, "test");
    assert_eq!(
        refused(get(&harness.client(root), "in").send().await),
        invalid
    );
    let job = harness.job(&access);
    get(&job, "in").send().await.unwrap();
    harness.clock.advance(Duration::from_secs(900));
    let expired = as_refusal("ExpiredToken", 400);
    assert_eq!(refused(get(&job, "in").send().await), expired);
    assert_eq!(refused(put(&job, "out").send().await), expired);
    harness.registry.revoke([access.access_key_id.as_str()]);
    let unknown = as_refusal("InvalidAccessKeyId", 403);
    assert_eq!(refused(get(&job, "in").send().await), unknown);
}

/// Shows `S3` as on AWS: a wrong secret is a SignatureDoesNotMatch, an unknown key an InvalidAccessKeyId.
#[tokio::test]
async fn a_wrong_secret_or_an_unknown_key_is_refused() {
    let (harness, _) = with_job(None).await;
    let with =
        |key: &str, secret: &str| harness.client(Credentials::new(key, secret, None, None, "test"));
    let wrong = get(&with("local", "guess"), "in").send().await;
    let message = aws_sdk_s3::error::ProvideErrorMetadata::message(wrong.as_ref().unwrap_err());
    assert!(message.unwrap().contains("does not match the signature"));
    assert_eq!(refused(wrong), as_refusal("SignatureDoesNotMatch", 403));
    let unknown = get(&with("AKIDEXAMPLE", "guess"), "in").send().await;
    assert_eq!(refused(unknown), as_refusal("InvalidAccessKeyId", 403));
}

/// Shows `PutObject`, `CreateMultipartUpload` unlike AWS: on AWS a bucket's policy may ask for `aws:kms`, as that of
/// the console's artifact bucket does; here the credentials of a job do, where its pipeline has an encryption key,
/// and for that key.
#[tokio::test]
async fn where_the_pipeline_has_kms_an_upload_has_it_too() {
    let rule = |key_id: Option<&str>| {
        Some(KeyRule {
            key_id: key_id.map(str::to_owned),
        })
    };
    let denied = as_refusal("AccessDenied", 403);
    let kms = ServerSideEncryption::AwsKms;

    let (harness, access) = with_job(rule(Some("key-1"))).await;
    let job = harness.job(&access);
    assert_eq!(refused(put(&job, "out").send().await), denied);
    let aes = put(&job, "out").server_side_encryption(ServerSideEncryption::Aes256);
    assert_eq!(refused(aes.send().await), denied);
    let keyless = put(&job, "out").server_side_encryption(kms.clone());
    assert_eq!(refused(keyless.send().await), denied);
    let other = put(&job, "out")
        .server_side_encryption(kms.clone())
        .ssekms_key_id("key-2");
    assert_eq!(refused(other.send().await), denied);
    let upload = || job.create_multipart_upload().bucket("bucket").key("out");
    assert_eq!(refused(upload().send().await), denied);
    let right = upload()
        .server_side_encryption(kms.clone())
        .ssekms_key_id("key-1");
    right.send().await.unwrap();
    assert_eq!(
        harness.store.head_latest("bucket", "out").await.unwrap(),
        None
    );
    let right = put(&job, "out")
        .server_side_encryption(kms.clone())
        .ssekms_key_id("key-1");
    right.send().await.unwrap();
    let info = harness
        .store
        .head_latest("bucket", "out")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (&*info.sse, info.kms_key_id.as_deref()),
        ("aws:kms", Some("key-1"))
    );

    let (harness, access) = with_job(rule(None)).await;
    let job = harness.job(&access);
    assert_eq!(refused(put(&job, "out").send().await), denied);
    put(&job, "out")
        .server_side_encryption(kms)
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_not_built_is_named() {
    let (harness, client) = Harness::with_bucket(false).await;
    let policy = client.get_bucket_policy().bucket("bucket").send().await;
    let message = aws_sdk_s3::error::ProvideErrorMetadata::message(policy.as_ref().unwrap_err());
    assert!(message.unwrap().starts_with("GetBucketPolicy is not built"));
    assert_eq!(refused(policy), as_refusal("NotImplemented", 501));
    let tag = client.put_object_tagging().bucket("bucket").key("k");
    let tag = tag.tagging(
        Tagging::builder()
            .set_tag_set(Some(vec![]))
            .build()
            .unwrap(),
    );
    assert_eq!(refused(tag.send().await), as_refusal("NotImplemented", 501));
    drop(harness);
}

/// Shows `S3` as on AWS: presigned requests may do what their signer may, as long as it may.
#[tokio::test]
async fn presigned_requests_work_and_are_held_to_the_same() {
    let (harness, access) = with_job(None).await;
    let hour = || PresigningConfig::expires_in(Duration::from_secs(3600)).unwrap();
    let job = harness.job(&access);
    let presigned = get(&job, "in").presigned(hour()).await.unwrap();
    let answer = wire::presigned(&harness, &presigned, b"").await;
    assert_eq!((answer.status, &*answer.body), (200, "content"));
    let presigned = get(&job, "other").presigned(hour()).await.unwrap();
    let answer = wire::presigned(&harness, &presigned, b"").await;
    assert_eq!((answer.status, answer.code()), (403, "AccessDenied"));
    let upload = job
        .put_object()
        .bucket("bucket")
        .key("out")
        .presigned(hour())
        .await
        .unwrap();
    let answer = wire::presigned(&harness, &upload, b"from a browser").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let info = harness
        .store
        .head_latest("bucket", "out")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(info.size, 14);
    // Without its token, or after the session, the signature alone is worth nothing.
    let presigned = get(&job, "in").presigned(hour()).await.unwrap();
    harness.clock.advance(Duration::from_secs(901));
    let answer = wire::presigned(&harness, &presigned, b"").await;
    assert_eq!((answer.status, answer.code()), (400, "ExpiredToken"));
}
