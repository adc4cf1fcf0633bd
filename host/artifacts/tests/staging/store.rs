//! Storing to an S3 that misbehaves.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::config::timeout::TimeoutConfig;
use pipefitter_artifacts::ErrorKind;
use tokio::sync::Notify;

use crate::support::bench::{Bench, site};
use crate::support::s3::{Fault, Op};
use crate::support::{LIMITS, unpack_bytes};

#[tokio::test]
async fn a_small_output_is_put_encrypted_with_the_jobs_key() {
    let bench = Bench::new().await;
    std::fs::write(bench.dir("from").join("page"), b"hello").unwrap();
    let request = bench.s3.store_of(&bench.dir("from"));
    let stored = bench.stager.store(request).await.unwrap();
    assert_eq!(
        (stored.files, stored.version_id.as_deref()),
        (1, Some("v1"))
    );
    let puts = bench.s3.seen(Op::Put).await;
    assert_eq!(puts.len(), 1);
    assert_eq!(puts[0].bytes as u64, stored.bytes);
    assert_eq!(
        puts[0].header("x-amz-server-side-encryption"),
        Some("aws:kms")
    );
    assert_eq!(
        puts[0].header("x-amz-server-side-encryption-aws-kms-key-id"),
        Some("arn:aws:kms:eu-central-1:111122223333:key/k")
    );
    assert!(puts[0].header("x-amz-checksum-crc32").is_some());
    let mut request = bench.s3.store_of(&bench.dir("from"));
    request.key_id = None;
    bench.stager.store(request).await.unwrap();
    let puts = bench.s3.seen(Op::Put).await;
    assert_eq!(
        puts[1].header("x-amz-server-side-encryption"),
        Some("aws:kms")
    );
    assert_eq!(
        puts[1].header("x-amz-server-side-encryption-aws-kms-key-id"),
        None
    );
    bench.nothing_left().await;
}

/// Stores what [`Bench::fill`] wrote; checks that what arrived is its archive.
async fn stored_whole(bench: &Bench) {
    bench.fill();
    let request = bench.s3.store_of(&bench.dir("from"));
    let stored = bench.stager.store(request).await.unwrap();
    assert_eq!(stored.version_id.as_deref(), Some("v2"));
    let arrived = bench.s3.object("out").await.unwrap();
    assert_eq!(arrived.len() as u64, stored.bytes);
    unpack_bytes(&arrived, &bench.dir("into"), &LIMITS).unwrap();
    assert_eq!(
        std::fs::read(bench.dir("into").join("big")).unwrap(),
        site()
    );
    assert!(!bench.s3.has_open_upload().await);
    bench.nothing_left().await;
}

#[tokio::test]
async fn a_large_output_goes_up_in_parts_and_only_create_names_the_key() {
    let bench = Bench::new().await;
    stored_whole(&bench).await;
    let create = bench.s3.seen(Op::Create).await;
    assert_eq!(
        create[0].header("x-amz-server-side-encryption"),
        Some("aws:kms")
    );
    assert_eq!(
        create[0].header("x-amz-server-side-encryption-aws-kms-key-id"),
        Some("arn:aws:kms:eu-central-1:111122223333:key/k")
    );
    let parts = bench.s3.seen(Op::Part).await;
    assert_eq!(parts.len(), 5);
    for part in parts {
        assert_eq!(part.header("x-amz-server-side-encryption"), None);
        assert!(part.header("x-amz-checksum-crc32").is_some());
    }
    assert!(bench.s3.seen(Op::Put).await.is_empty());
}

#[tokio::test]
async fn credentials_that_expire_in_mid_upload_are_renewed_and_the_part_is_sent_again() {
    let bench = Bench::new().await;
    bench.s3.fault(Op::Part, [Fault::Expire]).await;
    stored_whole(&bench).await;
    let parts = bench.s3.seen(Op::Part).await;
    assert!(parts.len() > 5, "{}", parts.len());
    let bench = Bench::new().await;
    bench.s3.fault(Op::Complete, [Fault::Expire]).await;
    stored_whole(&bench).await;
    assert_eq!(bench.s3.seen(Op::Complete).await.len(), 2);
}

#[tokio::test]
async fn a_part_that_fails_for_a_moment_is_sent_again() {
    let bench = Bench::new().await;
    bench
        .s3
        .fault(Op::Part, [Fault::Error(503, "SlowDown"), Fault::Hangup])
        .await;
    stored_whole(&bench).await;
}

/// S3 begins to answer Complete before it knows how it ends.
#[tokio::test]
async fn an_error_within_a_good_status_is_an_error() {
    let bench = Bench::new().await;
    bench
        .s3
        .fault(Op::Complete, [Fault::Error(200, "InternalError")])
        .await;
    stored_whole(&bench).await;
    assert_eq!(bench.s3.seen(Op::Complete).await.len(), 2);
}

#[tokio::test]
async fn a_failed_upload_is_aborted() {
    for (op, fault) in [
        (Op::Part, Fault::Error(403, "AccessDenied")),
        (Op::Complete, Fault::Error(400, "InvalidPart")),
    ] {
        let bench = Bench::new().await;
        bench.fill();
        bench.s3.fault(op, [fault]).await;
        let request = bench.s3.store_of(&bench.dir("from"));
        let error = bench.stager.store(request).await.unwrap_err();
        assert!(
            matches!(error.kind, ErrorKind::Denied | ErrorKind::Service),
            "{error}"
        );
        assert_eq!(bench.s3.seen(Op::Abort).await.len(), 1);
        assert!(!bench.s3.has_open_upload().await);
        assert!(bench.s3.object("out").await.is_none());
        bench.nothing_left().await;
    }
}

/// Drops the upload while a request of this kind is held, and lets the request go on.
async fn dropped_during(op: Op) {
    let bench = Bench::new().await;
    bench.fill();
    let (came, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    bench
        .s3
        .fault(op, [Fault::Hold(Arc::clone(&came), Arc::clone(&go))])
        .await;
    let request = bench.s3.store_of(&bench.dir("from"));
    tokio::select! {
        stored = bench.stager.store(request) => panic!("{stored:?}"),
        () = came.notified() => {}
    }
    go.notify_one();
    bench.stager.settled().await;
    assert_eq!(bench.s3.seen(Op::Abort).await.len(), 1);
    assert!(!bench.s3.has_open_upload().await);
    bench.nothing_left().await;
}

#[tokio::test]
async fn a_dropped_upload_is_aborted() {
    dropped_during(Op::Part).await;
}

#[tokio::test]
async fn an_upload_dropped_while_it_begins_is_aborted_once_it_has() {
    dropped_during(Op::Create).await;
}

/// Stores what [`Bench::fill`] wrote, with a request of this kind held until a question that came later was given up.
async fn patient_with(op: Op) {
    let bench = Bench::new().await;
    bench.fill();
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(1))
        .operation_timeout(Duration::from_secs(2))
        .build();
    let stager = bench.s3.stager_within(timeouts, &bench.dir("work"));
    let (came, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let held = Fault::Hold(Arc::clone(&came), Arc::clone(&go));
    bench.s3.fault(op, [held]).await;
    let unanswered = || Fault::Hold(Arc::default(), Arc::default());
    bench
        .s3
        .fault(Op::Get, [unanswered(), unanswered(), unanswered()])
        .await;
    let question = async {
        came.notified().await;
        let asked = stager.fetch(bench.s3.fetch_of(&bench.dir("into"))).await;
        go.notify_one();
        asked.unwrap_err()
    };
    let request = bench.s3.store_of(&bench.dir("from"));
    let (stored, refused) = tokio::join!(stager.store(request), question);
    let stored = stored.unwrap();
    assert!(
        refused.to_string().contains("no answer in time"),
        "{refused}"
    );
    let once = match op {
        Op::Part => stored.bytes.div_ceil(64 << 10),
        _ => 1,
    };
    let sent = bench.s3.seen(op).await.len();
    assert_eq!(sent as u64, once, "{op:?} was not sent again");
}

#[tokio::test]
async fn an_upload_has_more_time_than_a_question() {
    tokio::join!(patient_with(Op::Part), patient_with(Op::Complete));
}

#[tokio::test]
async fn an_empty_output_fails_unless_it_may_be() {
    let bench = Bench::new().await;
    std::fs::create_dir(bench.dir("from").join("folder")).unwrap();
    let mut request = bench.s3.store_of(&bench.dir("from"));
    let error = bench.stager.store(request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::EmptyOutput);
    insta::assert_snapshot!(error.to_string());
    assert!(bench.s3.object("out").await.is_none());
    std::fs::remove_dir(bench.dir("from").join("folder")).unwrap();
    request = bench.s3.store_of(&bench.dir("from"));
    request.allow_empty = true;
    let stored = bench.stager.store(request).await.unwrap();
    assert_eq!((stored.files, stored.bytes), (0, 22));
    let archive = bench.s3.object("out").await.unwrap();
    let fetched = unpack_bytes(&archive, &bench.dir("into"), &LIMITS).unwrap();
    assert_eq!(fetched.entries, 0);
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_the_workers_fault() {
    let bench = Bench::new().await;
    let request = bench.s3.store_of(Path::new("/none/at/all"));
    let error = bench.stager.store(request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Local);
}
