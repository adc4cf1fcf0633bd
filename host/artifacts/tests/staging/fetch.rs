//! Fetching from an S3 that misbehaves.

use std::sync::Arc;

use async_trait::async_trait;
use pipefitter_artifacts::{
    CredentialError, CredentialSource, Credentials, ErrorKind, FetchRequest,
};

use crate::support::bench::{Bench, site};
use crate::support::noise;
use crate::support::s3::{FakeS3, Fault, Op};
use crate::support::tree::{self, Node};

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
async fn an_object_that_comes_with_a_wrong_checksum_is_downloaded_again() {
    let bench = Bench::new().await;
    bench.s3.put("in", site()).await;
    bench.s3.fault(Op::Get, [Fault::WrongSum]).await;
    assert!(is_site(&bench.fetch().await.unwrap()));
    assert_eq!(bench.ranges().await, [None, None]);
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
async fn what_a_server_without_ranges_sends_again_is_no_progress() {
    let bench = Bench::new().await;
    bench.s3.put("in", noise(3 << 20)).await;
    let breaks = vec![Fault::NoRangeBreak(2 << 20); 50];
    bench.s3.fault(Op::Get, breaks).await;
    let (kind, said) = bench.fetch().await.unwrap_err();
    assert_eq!(kind, ErrorKind::Service);
    assert!(said.contains("broke 5 times in a row"), "{said}");
    // The first one brought something.
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
