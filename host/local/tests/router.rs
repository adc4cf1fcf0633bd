//! Which service gets a request, seen from a plain socket.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod common;

use common::Local;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends a request of these headers and no body; returns the whole answer.
async fn answer(local: &Local, request_line: &str, headers: &[&str]) -> String {
    let mut stream = TcpStream::connect(local.server.addr()).await.unwrap();
    let mut request = format!("{request_line} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|header| header.starts_with("Host:")) {
        request.push_str("Host: localhost\r\n");
    }
    for header in headers {
        request.push_str(&format!("{header}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn signed_for(service: &str) -> String {
    format!(
        "Authorization: AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/{service}/aws4_request, \
         SignedHeaders=host, Signature=0"
    )
}

#[tokio::test]
async fn a_request_goes_where_its_target_or_signature_says() {
    let local = Local::start(|_| {}).await;
    let target = "X-Amz-Target: CodePipeline_20150709.ListPipelines";

    let anonymous = answer(&local, "POST /", &[target]).await;
    assert!(anonymous.starts_with("HTTP/1.1 400"), "{anonymous}");
    assert!(
        anonymous.contains("content-type: application/x-amz-json-1.1"),
        "{anonymous}"
    );
    assert!(anonymous.contains("x-amzn-errortype: MissingAuthenticationTokenException"));
    assert!(anonymous.contains(r#""__type":"MissingAuthenticationTokenException""#));

    let no_target = answer(&local, "POST /", &[&signed_for("codepipeline")]).await;
    assert!(no_target.contains("Authorization header requires existence of a 'X-Amz-Date'"));

    let anonymous = answer(&local, "GET /bucket/key", &[]).await;
    assert!(anonymous.starts_with("HTTP/1.1 403"), "{anonymous}");
    assert!(
        anonymous.contains("<Code>AccessDenied</Code>"),
        "{anonymous}"
    );

    let presigned =
        "GET /bucket/key?X-Amz-Credential=local%2F20260101%2Feu-west-1%2Fs3%2Faws4_request";
    let presigned = answer(&local, presigned, &[]).await;
    assert!(
        presigned.contains("<Code>AuthorizationQueryParametersError</Code>"),
        "{presigned}"
    );
    local.server.shutdown().await;
}

/// Shows `CodePipeline` not built: the protocol `rpc-v2-cbor`, which is named; AWS JSON 1.1 is spoken.
#[tokio::test]
async fn the_cbor_protocol_is_refused_by_name() {
    let local = Local::start(|_| {}).await;
    let headers = [
        "Smithy-Protocol: rpc-v2-cbor",
        "Content-Type: application/cbor",
        &signed_for("codepipeline"),
    ];
    let request = "POST /service/CodePipeline_20150709/operation/ListPipelines";
    let cbor = answer(&local, request, &headers).await;
    assert!(cbor.starts_with("HTTP/1.1 400"), "{cbor}");
    assert!(cbor.contains("UnknownOperationException"), "{cbor}");
    assert!(
        cbor.contains("rpc-v2-cbor") && cbor.contains("it speaks AWS JSON 1.1"),
        "{cbor}"
    );
    local.server.shutdown().await;
}

/// Shows `other services` not built: EventBridge, CloudWatch, IAM, STS, KMS, CloudFormation, Lambda and every other one: a
/// request is refused in the form that the service's clients read, and the service is named.
#[tokio::test]
async fn a_service_that_is_not_here_is_named_in_its_clients_form() {
    let local = Local::start(|_| {}).await;
    let headers = [
        "X-Amz-Target: DynamoDB_20120810.ListTables",
        &signed_for("dynamodb"),
    ];
    let dynamodb = answer(&local, "POST /", &headers).await;
    let message = "pipefitter's embedded service has no dynamodb; only codepipeline and s3";
    assert!(dynamodb.contains(message) && dynamodb.contains("application/x-amz-json"));
    let targets = [
        ("events", "AWSEvents.PutEvents"),
        ("kms", "TrentService.Decrypt"),
        ("monitoring", "GraniteServiceVersion20100801.PutMetricData"),
    ];
    for (service, target) in targets {
        let headers = [&format!("X-Amz-Target: {target}"), &signed_for(service)];
        let answered = answer(&local, "POST /", &headers.map(String::as_str)).await;
        assert!(answered.starts_with("HTTP/1.1 400"), "{answered}");
        assert!(
            answered.contains(&format!("has no {service}; only")),
            "{answered}"
        );
        assert!(answered.contains("UnknownServiceException"), "{answered}");
    }
    for service in ["sts", "iam", "cloudformation", "lambda"] {
        let answered = answer(&local, "POST /", &[&signed_for(service)]).await;
        assert!(answered.starts_with("HTTP/1.1 400"), "{answered}");
        assert!(
            answered.contains(&format!("has no {service}; only")),
            "{answered}"
        );
        assert!(
            answered.contains("<Code>UnknownService</Code>"),
            "{answered}"
        );
    }
    local.server.shutdown().await;
}

#[tokio::test]
async fn a_foreign_host_name_is_refused_before_anything_else() {
    let local = Local::start(|_| {}).await;
    let target = "X-Amz-Target: CodePipeline_20150709.ListPipelines";
    let rebound = answer(&local, "POST /", &["Host: evil.example", target]).await;
    assert!(rebound.starts_with("HTTP/1.1 403"), "{rebound}");
    assert!(
        rebound.contains("the Host header must name a loopback address"),
        "{rebound}"
    );
    local.server.shutdown().await;
}

#[tokio::test]
async fn objects_outlive_the_server_where_there_is_a_state_directory() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_owned();
    let state = || {
        let path = path.clone();
        move |config: &mut pipefitter_local::LocalConfig| config.state_dir = Some(path)
    };
    let local = Local::with_buckets(state()).await;
    let version = local.upload(b"kept").await;
    local.server.shutdown().await;
    let local = Local::start(state()).await;
    let object = local
        .s3
        .get_object()
        .bucket(common::SOURCES)
        .key("source.zip");
    let object = object.send().await.unwrap();
    assert_eq!(object.version_id(), Some(version.as_str()));
    local.server.shutdown().await;
}
