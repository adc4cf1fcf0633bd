use std::time::Duration;

use super::*;
use crate::auth::{Clock, Scope};
use http::{HeaderName, HeaderValue, Request};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW: &str = "20150830T123600Z";

/// A request in the form of the suite: a request line, headers, an empty line, the body.
fn parse(text: &str) -> (Parts, Vec<u8>) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let mut line = lines.next().unwrap().split(' ');
    let mut request = Request::builder()
        .method(line.next().unwrap())
        .uri(line.next().unwrap());
    for header in lines {
        let (name, value) = header.split_once(':').unwrap();
        request = request.header(name, value);
    }
    (
        request.body(()).unwrap().into_parts().0,
        body.trim_end_matches('\n').as_bytes().to_vec(),
    )
}

#[test]
fn the_published_vectors_verify() {
    let vectors: Vec<_> = include_str!("sigv4_vectors.txt")
        .split("== ")
        .skip(1)
        .collect();
    assert_eq!(vectors.len(), 20);
    for vector in vectors {
        let (name, request) = vector.split_once('\n').unwrap();
        let (parts, body) = parse(request);
        let claim = Claim::parse(&parts.headers).unwrap();
        let stamp = signed_at(&parts.headers).unwrap().stamp;
        assert_eq!(
            claim.signature(SECRET, &stamp, &parts, &body),
            claim.signature,
            "{name}"
        );
    }
}

struct Signer<'a> {
    key: &'a str,
    secret: &'a str,
    stamp: &'a str,
    headers: Vec<(&'static str, String)>,
    body: &'static [u8],
}

impl Signer<'_> {
    fn sign(&self) -> Parts {
        let mut request = Request::post("/").header("host", "127.0.0.1:4510");
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let mut parts = request
            .header("x-amz-date", self.stamp)
            .body(())
            .unwrap()
            .into_parts()
            .0;
        let mut names: Vec<_> = parts.headers.keys().map(|name| name.to_string()).collect();
        names.sort();
        let mut claim = Claim {
            access_key_id: self.key.into(),
            date: self.stamp[..8].into(),
            region: "us-east-1".into(),
            service: "codepipeline".into(),
            signed_headers: names,
            signature: String::new(),
        };
        claim.signature = claim.signature(self.secret, self.stamp, &parts, self.body);
        let header = format!(
            "{ALGORITHM} Credential={}/{}/us-east-1/codepipeline/aws4_request, \
             SignedHeaders={}, Signature={}",
            claim.access_key_id,
            claim.date,
            claim.signed_headers.join(";"),
            claim.signature
        );
        parts
            .headers
            .insert("authorization", HeaderValue::from_str(&header).unwrap());
        parts
    }
}

fn root() -> Signer<'static> {
    Signer {
        key: "local",
        secret: "local",
        stamp: NOW,
        headers: Vec::new(),
        body: b"{}",
    }
}

fn registry() -> Registry {
    Registry::new(Clock::manual("2015-08-30T12:36:00Z".parse().unwrap()))
}

fn refusal(parts: &Parts, registry: &Registry) -> (&'static str, String) {
    let refusal = verify(parts, b"{}", registry, ("us-east-1", "codepipeline")).unwrap_err();
    (refusal.code(), refusal.to_string())
}

#[test]
fn the_root_pair_is_let_in() {
    let identity = verify(
        &root().sign(),
        b"{}",
        &registry(),
        ("us-east-1", "codepipeline"),
    );
    assert!(matches!(identity, Ok(Identity::Root)));
}

/// Shows `CodePipeline` as on AWS: a signature of version 4 covers body, headers and secret.
#[test]
fn another_body_or_header_or_secret_is_a_bad_signature() {
    let registry = registry();
    let expect_bad = |parts: &Parts, body: &[u8]| {
        let refusal = verify(parts, body, &registry, ("us-east-1", "codepipeline")).unwrap_err();
        assert_eq!(refusal.code(), "InvalidSignatureException");
        assert!(
            refusal
                .to_string()
                .starts_with("The request signature we calculated")
        );
    };
    expect_bad(&root().sign(), b"{ }");
    expect_bad(
        &Signer {
            secret: "Local",
            ..root()
        }
        .sign(),
        b"{}",
    );
    let mut parts = Signer {
        headers: vec![("x-amz-target", "A".into())],
        ..root()
    }
    .sign();
    parts
        .headers
        .insert("x-amz-target", HeaderValue::from_static("B"));
    expect_bad(&parts, b"{}");
}

#[test]
fn a_target_that_was_not_signed_is_refused() {
    let mut parts = root().sign();
    parts.headers.insert(
        HeaderName::from_static("x-amz-target"),
        HeaderValue::from_static("A"),
    );
    assert_eq!(
        refusal(&parts, &registry()),
        (
            "InvalidSignatureException",
            "'x-amz-target' must be a 'SignedHeader' in the signature.".into()
        )
    );
}

/// Shows `CodePipeline` as on AWS: an unknown key and no signature are told apart.
#[test]
fn an_unknown_key_and_no_key_are_told_apart() {
    let registry = registry();
    assert_eq!(
        refusal(
            &Signer {
                key: "AKID",
                ..root()
            }
            .sign(),
            &registry
        )
        .0,
        "UnrecognizedClientException"
    );
    let (anonymous, _) = parse("POST / HTTP/1.1\nHost:localhost");
    assert_eq!(
        refusal(&anonymous, &registry).0,
        "MissingAuthenticationTokenException"
    );
    let (odd, _) = parse("POST / HTTP/1.1\nAuthorization:AWS4-HMAC-SHA256 Credential=local/x");
    assert_eq!(refusal(&odd, &registry).0, "IncompleteSignatureException");
}

/// Shows `CodePipeline` as on AWS: a signature that is more than five minutes off is refused.
#[test]
fn a_clock_that_is_five_minutes_off_is_refused_both_ways() {
    let registry = registry();
    let at = |stamp| Signer { stamp, ..root() }.sign();
    for good in ["20150830T123100Z", "20150830T124100Z"] {
        assert!(verify(&at(good), b"{}", &registry, ("us-east-1", "codepipeline")).is_ok());
    }
    assert_eq!(
        refusal(&at("20150830T123059Z"), &registry).1,
        "Signature expired: 20150830T123059Z is now earlier than 20150830T123100Z \
         (20150830T123600Z - 5 min.)"
    );
    assert_eq!(
        refusal(&at("20150830T124101Z"), &registry).1,
        "Signature not yet current: 20150830T124101Z is still later than 20150830T124100Z \
         (20150830T123600Z + 5 min.)"
    );
}

/// Shows `CodePipeline` as on AWS: a signature for another Region is refused, and that Region named.
#[test]
fn another_region_is_named() {
    let parts = root().sign();
    let refusal = verify(&parts, b"{}", &registry(), ("eu-west-1", "codepipeline")).unwrap_err();
    assert!(refusal.to_string().contains("not 'us-east-1'"), "{refusal}");
}

/// Shows `CodePipeline` as on AWS: temporary credentials need their session token, and end with an
/// ExpiredTokenException.
#[test]
fn a_session_needs_its_own_token_and_ends() {
    let registry = registry();
    let access = registry.issue(Scope::default(), Duration::from_secs(60));
    let with = |token: Option<&str>| {
        let headers = token
            .map(|t| ("x-amz-security-token", t.to_owned()))
            .into_iter()
            .collect();
        Signer {
            key: &access.access_key_id,
            secret: &access.secret,
            headers,
            ..root()
        }
        .sign()
    };
    let good = with(Some(&access.session_token));
    let identity = verify(&good, b"{}", &registry, ("us-east-1", "codepipeline"));
    assert!(matches!(identity, Ok(Identity::Job(_))));
    assert_eq!(
        refusal(&with(None), &registry).0,
        "UnrecognizedClientException"
    );
    assert_eq!(
        refusal(&with(Some("other")), &registry).0,
        "UnrecognizedClientException"
    );
    registry.clock().advance(Duration::from_secs(60));
    assert_eq!(refusal(&good, &registry).0, "ExpiredTokenException");
    let root_with_token = Signer {
        headers: vec![("x-amz-security-token", "t".into())],
        ..root()
    }
    .sign();
    let (code, message) = refusal(&root_with_token, &registry);
    assert_eq!(code, "UnrecognizedClientException");
    assert!(message.contains("unset AWS_SESSION_TOKEN"));
}

#[test]
fn the_scope_is_found_in_header_and_query() {
    assert_eq!(scope_service(&root().sign()), Some("codepipeline".into()));
    let (presigned, _) = parse(
        "GET /b/k?X-Amz-Credential=local%2F20150830%2Fus-east-1%2Fs3%2Faws4_request HTTP/1.1\n\
         Host:localhost",
    );
    assert_eq!(scope_service(&presigned), Some("s3".into()));
    let (anonymous, _) = parse("GET /b/k HTTP/1.1\nHost:localhost");
    assert_eq!(scope_service(&anonymous), None);
}
