//! Bare HTTP: what the SDK would never send, and what it hides.

use aws_sdk_s3::presigning::PresignedRequest;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{Span, Timestamp};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::harness::Harness;

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn code(&self) -> &str {
        self.element("Code")
    }

    pub(super) fn message(&self) -> &str {
        self.element("Message")
    }

    fn element(&self, name: &str) -> &str {
        let start = self.body.split_once(&format!("<{name}>"));
        let inside = start.and_then(|(_, rest)| rest.split_once(&format!("</{name}>")));
        inside.map_or("", |(inside, _)| inside)
    }
}

pub(super) async fn presigned(
    harness: &Harness,
    request: &PresignedRequest,
    body: &[u8],
) -> Answer {
    let path = request
        .uri()
        .split_once(&harness.address.to_string())
        .unwrap()
        .1;
    let mut headers: String = request
        .headers()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"))
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    headers.push_str(&format!("content-length: {}\r\n", body.len()));
    let host = harness.address;
    let head = format!(
        "{} {path} HTTP/1.1\r\nhost: {host}\r\n{headers}",
        request.method()
    );
    send(harness, &head, body).await
}

/// Sends a head (without its last line) and a body, and reads all of the answer.
async fn send(harness: &Harness, head: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(harness.address).await.unwrap();
    let head = format!("{head}connection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    read(stream).await
}

async fn read(mut stream: TcpStream) -> Answer {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

/// A request signed with the root pair, field by field.
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) content_sha256: &'a str,
    /// The host that is named; none: the one that is connected to.
    pub(super) host: Option<String>,
    pub(super) extra: Vec<(&'a str, String)>,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) date: Timestamp,
}

impl Default for Signed<'_> {
    fn default() -> Self {
        Self {
            method: "GET",
            path: "/bucket/k",
            query: "",
            content_sha256: "UNSIGNED-PAYLOAD",
            host: None,
            extra: Vec::new(),
            region: "us-east-1",
            service: "s3",
            date: Timestamp::now(),
        }
    }
}

impl Signed<'_> {
    fn head(&self, harness: &Harness) -> String {
        let date = self.date.strftime("%Y%m%dT%H%M%SZ").to_string();
        let day = &date[..8];
        let host = self.host.clone();
        let mut headers = vec![
            ("host", host.unwrap_or_else(|| harness.address.to_string())),
            ("x-amz-content-sha256", self.content_sha256.to_owned()),
            ("x-amz-date", date.clone()),
        ];
        headers.extend(self.extra.clone());
        headers.sort();
        let canonical: String = headers
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let Self {
            method,
            path,
            query,
            content_sha256,
            region,
            service,
            ..
        } = self;
        let request = format!("{method}\n{path}\n{query}\n{canonical}\n{names}\n{content_sha256}");
        let scope = format!("{day}/{region}/{service}/aws4_request");
        let hash = hex::encode(Sha256::digest(request));
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hash}");
        let mut key = b"AWS4local".to_vec();
        for step in [day, region, service, "aws4_request", &text] {
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            mac.update(step.as_bytes());
            key = mac.finalize().into_bytes().to_vec();
        }
        let signature = hex::encode(key);
        let mut head = format!("{method} {path}?{query} HTTP/1.1\r\n");
        for (name, value) in &headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!(
            "authorization: AWS4-HMAC-SHA256 Credential=local/{scope}, SignedHeaders={names}, Signature={signature}\r\n"
        ));
        head
    }

    pub(super) async fn send(&self, harness: &Harness, body: &[u8]) -> Answer {
        send(harness, &self.head(harness), body).await
    }
}

/// Shows `S3` as on AWS: a request without a signature is an AccessDenied.
#[tokio::test]
async fn an_unsigned_request_is_refused_with_advice() {
    let (harness, _) = Harness::with_bucket(false).await;
    let head = format!("GET /bucket/k HTTP/1.1\r\nhost: {}\r\n", harness.address);
    let answer = send(&harness, &head, b"").await;
    assert_eq!((answer.status, answer.code()), (403, "AccessDenied"));
    assert!(
        answer
            .element("Message")
            .contains("AWS_ACCESS_KEY_ID=local")
    );
    assert_eq!(answer.element("RequestId").len(), 16);
    assert!(answer.head.contains("x-amz-request-id"));
}

/// Shows `S3` as on AWS: a signature that is 16 minutes off is a RequestTimeTooSkewed.
#[tokio::test]
async fn a_clock_that_is_off_is_told_so() {
    let (harness, _) = Harness::with_bucket(false).await;
    for span in [Span::new().minutes(16), Span::new().minutes(-16)] {
        let date = Timestamp::now() + span;
        let answer = Signed {
            date,
            ..Signed::default()
        }
        .send(&harness, b"")
        .await;
        assert_eq!(
            (answer.status, answer.code()),
            (403, "RequestTimeTooSkewed")
        );
    }
}

/// Shows `S3` as on AWS: a signature for another Region or service is refused, and the right one named.
#[tokio::test]
async fn another_region_or_service_is_named() {
    let (harness, _) = Harness::with_bucket(false).await;
    let region = "eu-central-1";
    let answer = Signed {
        region,
        ..Signed::default()
    }
    .send(&harness, b"")
    .await;
    assert_eq!(
        (answer.status, answer.code()),
        (400, "AuthorizationHeaderMalformed")
    );
    assert_eq!(answer.element("Region"), "us-east-1");
    let service = "dynamodb";
    let answer = Signed {
        service,
        ..Signed::default()
    }
    .send(&harness, b"")
    .await;
    assert!(answer.element("Message").contains("dynamodb"));
}

/// Shows `S3` as on AWS: signatures of version 2 are refused.
/// Shows `S3` not built: uploads by an HTML form (PostObject).
#[tokio::test]
async fn old_signatures_and_forms_are_refused() {
    let (harness, _) = Harness::with_bucket(false).await;
    let host = harness.address;
    let head = format!(
        "GET /bucket/k HTTP/1.1\r\nhost: {host}\r\nauthorization: AWS local:c2lnbmF0dXJl\r\n"
    );
    let answer = send(&harness, &head, b"").await;
    assert_eq!((answer.status, answer.code()), (400, "InvalidRequest"));
    let head = format!(
        "POST /bucket HTTP/1.1\r\nhost: {host}\r\ncontent-length: 4\r\ncontent-type: multipart/form-data; boundary=x\r\n"
    );
    let answer = send(&harness, &head, b"--x-").await;
    assert_eq!((answer.status, answer.code()), (501, "NotImplemented"));
    assert!(
        answer.message().starts_with("PostObject"),
        "{}",
        answer.message()
    );
}

#[tokio::test]
async fn an_unknown_sub_resource_does_not_overwrite_the_object() {
    let (harness, _) = Harness::with_bucket(false).await;
    let request = Signed {
        method: "PUT",
        query: "colour=",
        extra: vec![("content-length", "1".into())],
        ..Signed::default()
    };
    let answer = request.send(&harness, b"x").await;
    assert_eq!((answer.status, answer.code()), (501, "NotImplemented"));
    assert!(answer.element("Message").contains("?colour"));
    assert_eq!(
        harness.store.head_latest("bucket", "k").await.unwrap(),
        None
    );
}

/// An upload in chunks with a trailing checksum, as SDKs stream.
fn chunked(checksum: &str) -> (Signed<'static>, Vec<u8>) {
    let body = format!("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:{checksum}\r\n\r\n");
    let request = Signed {
        method: "PUT",
        content_sha256: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        extra: vec![
            ("content-encoding", "aws-chunked".into()),
            ("content-length", body.len().to_string()),
            ("x-amz-decoded-content-length", "5".into()),
            ("x-amz-trailer", "x-amz-checksum-crc32".into()),
        ],
        ..Signed::default()
    };
    (request, body.into_bytes())
}

/// Shows `PutObject` as on AWS: the checksum behind a chunked upload is verified before the object is seen.
#[tokio::test]
async fn a_trailing_checksum_is_verified_before_publishing() {
    let (harness, _) = Harness::with_bucket(false).await;
    let (request, body) = chunked("AAAAAA==");
    let answer = request.send(&harness, &body).await;
    assert_eq!((answer.status, answer.code()), (400, "BadDigest"));
    let (request, _) = chunked("AAAAAA==");
    let missing = b"5\r\nhello\r\n0\r\n\r\n";
    let mut request = request;
    request.extra[1].1 = missing.len().to_string();
    let answer = request.send(&harness, missing).await;
    assert_eq!(
        (answer.status, answer.code()),
        (400, "MalformedTrailerError")
    );
    assert_eq!(
        harness.store.head_latest("bucket", "k").await.unwrap(),
        None
    );
    assert_eq!(harness.content_files(), 0);
    let (request, body) = chunked("NhCmhg==");
    let answer = request.send(&harness, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let info = harness
        .store
        .head_latest("bucket", "k")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((info.size, info.meta.content_encoding), (5, None));
}

/// Shows `PutObject` as on AWS: content that ends early, or is not what its hash says, is refused and never seen.
#[tokio::test]
async fn content_that_ends_early_or_lies_is_never_published() {
    let (harness, _) = Harness::with_bucket(false).await;
    // Fewer decoded bytes than announced.
    let (mut request, body) = chunked("NhCmhg==");
    request.extra[2].1 = "6".into();
    let answer = request.send(&harness, &body).await;
    assert_eq!((answer.status, answer.code()), (400, "IncompleteBody"));
    // A payload hash that is another's.
    let request = Signed {
        method: "PUT",
        content_sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        extra: vec![("content-length", "5".into())],
        ..Signed::default()
    };
    let answer = request.send(&harness, b"hello").await;
    assert_eq!(
        (answer.status, answer.code()),
        (400, "XAmzContentSHA256Mismatch")
    );
    // A connection that breaks in the middle.
    let request = Signed {
        method: "PUT",
        extra: vec![("content-length", "1000".into())],
        ..Signed::default()
    };
    let mut stream = TcpStream::connect(harness.address).await.unwrap();
    let head = format!("{}\r\n", request.head(&harness));
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(b"part of it").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert_eq!(
        harness.store.head_latest("bucket", "k").await.unwrap(),
        None
    );
    assert_eq!(harness.content_files(), 0);
}

#[tokio::test]
async fn a_refused_upload_sees_its_answer_though_it_is_large() {
    let (harness, _) = Harness::with_bucket(false).await;
    let body = vec![b'x'; 20 * 1024 * 1024];
    let request = Signed {
        method: "PUT",
        path: "/no-such-bucket/k",
        extra: vec![("content-length", body.len().to_string())],
        ..Signed::default()
    };
    let answer = request.send(&harness, &body).await;
    assert_eq!((answer.status, answer.code()), (404, "NoSuchBucket"));
}

#[tokio::test]
async fn a_location_is_the_text_of_the_root_element() {
    let location = Signed {
        path: "/bucket",
        query: "location=",
        ..Signed::default()
    };
    let (harness, _) = Harness::with_bucket(false).await;
    let answer = location.send(&harness, b"").await;
    assert!(
        answer.body.contains("LocationConstraint"),
        "{}",
        answer.body
    );
    let harness = Harness::start_in(TempDir::new().unwrap(), "eu-central-1").await;
    harness.store.create_bucket("bucket", false).await.unwrap();
    let region = "eu-central-1";
    let answer = Signed { region, ..location }.send(&harness, b"").await;
    assert!(
        answer.body.contains(">eu-central-1</LocationConstraint>"),
        "{}",
        answer.body
    );
}
