//! Fetching and storing against an S3 that misbehaves.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/mod.rs"]
mod support;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use pipefitter_artifacts::{
    CredentialError, CredentialSource, Credentials, ErrorKind, FetchRequest, Stager,
};
use support::s3::{FakeS3, Fault, Op};
use support::tree::{self, Node};
use support::zipfile::{deflated, stored, zip};
use tempfile::TempDir;
use tokio::sync::Notify;

/// Enough that parts and ranges are several.
fn site() -> Vec<u8> {
    let mut state = 7_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(300_000)
    .collect();
    zip(&[
        deflated("index.html", b"<p>hello</p>"),
        stored("a/noise", &noise),
    ])
}

struct Bench {
    s3: FakeS3,
    home: TempDir,
    stager: Stager,
}

impl Bench {
    async fn new() -> Self {
        Self::with(FakeS3::start().await)
    }

    fn with(s3: FakeS3) -> Self {
        let home = tempfile::tempdir().unwrap();
        for dir in ["work", "into", "from"] {
            std::fs::create_dir(home.path().join(dir)).unwrap();
        }
        let stager = s3.stager(&home.path().join("work"));
        Self { s3, home, stager }
    }

    fn dir(&self, name: &str) -> std::path::PathBuf {
        self.home.path().join(name)
    }

    async fn fetch(&self) -> Result<tree::Tree, (ErrorKind, String)> {
        let request = self.s3.fetch_of(&self.dir("into"));
        let fetched = self.stager.fetch(request).await;
        self.nothing_left().await;
        fetched
            .map(|_| tree::read(&self.dir("into")))
            .map_err(|error| (error.kind, error.to_string()))
    }

    /// An output large enough for several parts, and its archive.
    fn fill(&self) {
        std::fs::write(self.dir("from").join("big"), site()).unwrap();
    }

    /// No call for a bucket, and no file in the work directory.
    async fn nothing_left(&self) {
        assert!(self.s3.seen(Op::Other).await.is_empty());
        assert_eq!(std::fs::read_dir(self.dir("work")).unwrap().count(), 0);
    }

    async fn ranges(&self) -> Vec<Option<String>> {
        let gets = self.s3.seen(Op::Get).await;
        gets.iter()
            .map(|seen| seen.header("range").map(str::to_owned))
            .collect()
    }
}

fn is_site(tree: &tree::Tree) -> bool {
    matches!(&tree["a/noise"], Node::File { content, .. } if content.len() == 300_000)
        && tree["index.html"] == tree::file(b"<p>hello</p>")
}

#[tokio::test]
async fn an_input_is_downloaded_and_unpacked() {
    let bench = Bench::new().await;
    bench.s3.put("in", site()).await;
    assert!(is_site(&bench.fetch().await.unwrap()));
    assert_eq!(bench.ranges().await, [None]);
}

#[tokio::test]
async fn an_input_that_is_no_archive_is_named_after_its_key() {
    let bench = Bench::new().await;
    bench.s3.put("in", "plain").await;
    let request = bench.s3.fetch_of(&bench.dir("into"));
    let fetched = bench.stager.fetch(request).await.unwrap();
    assert_eq!(fetched.file.as_deref(), Some("JG0Py6O"));
    assert_eq!(
        std::fs::read(bench.dir("into").join("JG0Py6O")).unwrap(),
        b"plain"
    );
}

#[tokio::test]
async fn a_broken_download_goes_on_where_it_was() {
    let bench = Bench::new().await;
    bench.s3.put("in", site()).await;
    bench
        .s3
        .fault(Op::Get, [Fault::Break(100_000), Fault::Break(50_000)])
        .await;
    assert!(is_site(&bench.fetch().await.unwrap()));
    let ranges = bench.ranges().await;
    assert_eq!(ranges[0], None);
    assert_eq!(
        ranges[1..],
        [Some("bytes=100000-".into()), Some("bytes=150000-".into())]
    );
    let gets = bench.s3.seen(Op::Get).await;
    assert!(gets[0].header("if-match").is_none());
    assert!(gets[1].header("if-match").is_some() && gets[2].header("if-match").is_some());
}

#[tokio::test]
async fn credentials_that_expire_in_mid_download_are_renewed_and_it_goes_on() {
    let bench = Bench::new().await;
    bench.s3.put("in", site()).await;
    bench
        .s3
        .fault(Op::Get, [Fault::Break(100_000), Fault::Expire])
        .await;
    assert!(is_site(&bench.fetch().await.unwrap()));
    let resumed = Some("bytes=100000-".to_owned());
    assert_eq!(bench.ranges().await, [None, resumed.clone(), resumed]);
}

#[tokio::test]
async fn a_server_without_ranges_sends_it_all_again() {
    let bench = Bench::new().await;
    bench.s3.put("in", site()).await;
    bench
        .s3
        .fault(Op::Get, [Fault::Break(100_000), Fault::NoRange])
        .await;
    assert!(is_site(&bench.fetch().await.unwrap()));
}

#[tokio::test]
async fn an_object_replaced_in_mid_download_is_not_mixed() {
    let bench = Bench::new().await;
    bench.s3.put("in", site()).await;
    bench
        .s3
        .fault(Op::Get, [Fault::Break(100_000), Fault::Replace(b"other")])
        .await;
    let (kind, said) = bench.fetch().await.unwrap_err();
    assert_eq!(kind, ErrorKind::Service);
    assert!(said.contains("was replaced while it was read"), "{said}");
}

#[tokio::test]
async fn a_download_that_brings_nothing_is_given_up() {
    let bench = Bench::new().await;
    bench.s3.put("in", site()).await;
    bench.s3.fault(Op::Get, vec![Fault::Break(10); 50]).await;
    let (kind, said) = bench.fetch().await.unwrap_err();
    assert_eq!(kind, ErrorKind::Service);
    assert!(said.contains("broke 5 times in a row"), "{said}");
    assert_eq!(bench.ranges().await.len(), 5);
}

#[tokio::test]
async fn an_object_over_the_limit_is_not_downloaded() {
    let bench = Bench::new().await;
    bench.s3.put("in", vec![1; 1000]).await;
    let mut request = bench.s3.fetch_of(&bench.dir("into"));
    request.limits.object_bytes = 999;
    let error = bench.stager.fetch(request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::BadArchive);
    assert!(error.message.contains("more than 999 bytes"), "{error}");
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let mut said = Vec::new();
    let faults = [
        Fault::Error(403, "AccessDenied"),
        Fault::Error(404, "NoSuchKey"),
        Fault::Error(400, "KMS.DisabledException"),
        Fault::Error(301, "PermanentRedirect"),
        Fault::Error(403, "RequestTimeTooSkewed"),
        Fault::Error(400, "InvalidRequest"),
    ];
    for fault in faults {
        let bench = Bench::new().await;
        bench.s3.fault(Op::Get, [fault.clone()]).await;
        let (kind, text) = bench.fetch().await.unwrap_err();
        said.push(format!("{kind:?}: {text}"));
        bench.fill();
        bench.s3.fault(Op::Create, [fault]).await;
        let request = bench.s3.store_of(&bench.dir("from"));
        let error = bench.stager.store(request).await.unwrap_err();
        said.push(format!("{:?}: {error}", error.kind));
    }
    let bench = Bench::with(FakeS3::that_never_renews().await);
    let (kind, text) = bench.fetch().await.unwrap_err();
    said.push(format!("{kind:?}: {text}"));
    assert_eq!(bench.ranges().await.len(), 2, "renewed once");
    insta::assert_snapshot!(said.join("\n"));
}

#[tokio::test]
async fn a_server_that_hangs_up_or_fails_is_tried_again_and_then_named() {
    let bench = Bench::new().await;
    bench.s3.put("in", site()).await;
    bench
        .s3
        .fault(Op::Get, [Fault::Error(503, "SlowDown")])
        .await;
    assert!(is_site(&bench.fetch().await.unwrap()));
    let bench = Bench::new().await;
    bench
        .s3
        .fault(Op::Get, vec![Fault::Error(500, "InternalError"); 50])
        .await;
    let (kind, said) = bench.fetch().await.unwrap_err();
    assert_eq!(kind, ErrorKind::Service);
    assert!(said.contains("500 InternalError: said by S3"), "{said}");
}

#[tokio::test]
async fn errors_carry_no_secret_in_any_form() {
    let bench = Bench::new().await;
    bench
        .s3
        .fault(Op::Get, [Fault::Error(403, "AccessDenied")])
        .await;
    let request = bench.s3.fetch_of(&bench.dir("into"));
    let error = bench.stager.fetch(request).await.unwrap_err();
    let all = format!("{error} {error:?} {error:#?}");
    assert!(
        !all.contains("secret-of-the-job") && !all.contains("token-0"),
        "{all}"
    );
}

struct Broke;

#[async_trait]
impl CredentialSource for Broke {
    async fn credentials(&self, _stale: Option<u64>) -> Result<Credentials, CredentialError> {
        Err(CredentialError {
            message: "the job is gone".to_owned(),
            transient: false,
        })
    }
}

#[tokio::test]
async fn credentials_that_cannot_be_had_are_named() {
    let bench = Bench::new().await;
    let request = FetchRequest {
        credentials: Arc::new(Broke),
        ..bench.s3.fetch_of(&bench.dir("into"))
    };
    let error = bench.stager.fetch(request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(
        error.message.ends_with("had or renewed: the job is gone"),
        "{error}"
    );
}

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
    support::unpack_bytes(&arrived, &bench.dir("into"), &support::LIMITS).unwrap();
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
    let fetched = support::unpack_bytes(&archive, &bench.dir("into"), &support::LIMITS).unwrap();
    assert_eq!(fetched.entries, 0);
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_the_workers_fault() {
    let bench = Bench::new().await;
    let request = bench.s3.store_of(Path::new("/none/at/all"));
    let error = bench.stager.store(request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Local);
}
