//! The policy that is printed, beside what is asked for: of CodePipeline in whole runs ([`crate::answers`]), of S3 here.

use std::collections::BTreeSet;

use pipefitter_tests::pipelines::ARTIFACTS;
use pipefitter_tests::{Exchange, finished};
use serde_json::Value;

use crate::lab::{Lab, ROLE};

/// An action of IAM, and the ARN that it is for; `*` where the action knows none, or this suite does not look.
type Right = (String, String);

/// What the user's own key was used for. (What a job's key may do is CodePipeline's to say.)
pub(crate) fn asked(lab: &Lab) -> BTreeSet<Right> {
    let exchanges = lab.rig.proxy.exchanges().into_iter();
    let own = exchanges.filter(|exchange| exchange.signer == "local");
    own.map(|exchange| right(&exchange)).collect()
}

fn right(exchange: &Exchange) -> Right {
    let operation = exchange.operation.as_str();
    let is_s3 = operation.bytes().all(|byte| byte.is_ascii_uppercase());
    if !is_s3 {
        return (format!("codepipeline:{operation}"), "*".to_owned());
    }
    let place = exchange.subject.trim_matches('/');
    let has = |name: &str| {
        let mut pairs = exchange.query.split('&');
        pairs.any(|pair| pair.split('=').next() == Some(name))
    };
    let of_object = place.contains('/');
    // As in the service authorization reference of Amazon S3.
    let action = match (operation, of_object) {
        ("GET", false) if place.is_empty() => "ListAllMyBuckets",
        ("GET", false) if has("versions") => "ListBucketVersions",
        ("PUT", false) if !has("versioning") => "CreateBucket",
        ("DELETE", false) => "DeleteBucket",
        ("DELETE", true) if has("versionId") => "DeleteObjectVersion",
        ("DELETE", true) => "DeleteObject",
        _ => panic!("which right does this need? {exchange:?}"),
    };
    let arn = match place {
        "" => "*".to_owned(),
        place => format!("arn:aws:s3:::{place}"),
    };
    (format!("s3:{action}"), arn)
}

/// What the policy allows.
pub(crate) async fn allowed(lab: &Lab, bucket: &[&str]) -> Vec<Right> {
    let plan = [&["--policy", "--role-arn", ROLE], bucket].concat();
    let (code, policy, said) = finished(lab.command(&plan)).await;
    assert_eq!(code, 0, "{said}");
    let policy: Value = serde_json::from_str(&policy).unwrap();
    let texts = |value: &Value| match value {
        Value::Array(values) => values
            .iter()
            .map(|value| value.as_str().unwrap().to_owned())
            .collect(),
        one => vec![one.as_str().unwrap().to_owned()],
    };
    let mut rights = Vec::new();
    for statement in policy["Statement"].as_array().unwrap() {
        for action in texts(&statement["Action"]) {
            for resource in texts(&statement["Resource"]) {
                rights.push((action.clone(), resource));
            }
        }
    }
    rights
}

/// Everything of a service that was asked for is allowed; the actions that are allowed besides.
pub(crate) fn besides(allowed: &[Right], asked: &BTreeSet<Right>, service: &str) -> Vec<String> {
    let of_service = |(action, _): &&Right| action.starts_with(service);
    for (action, arn) in asked.iter().filter(of_service) {
        let mut rights = allowed.iter().filter(|right| right.0 == *action);
        let is_covered = rights.any(|(_, resource)| arn == "*" || is_like(resource, arn));
        assert!(is_covered, "{action} of {arn} is not in {allowed:?}");
    }
    let used: BTreeSet<&String> = asked.iter().map(|(action, _)| action).collect();
    let unused = allowed.iter().filter(of_service).map(|(action, _)| action);
    let unused: BTreeSet<&String> = unused.filter(|action| !used.contains(action)).collect();
    unused.into_iter().cloned().collect()
}

/// Whether an ARN is one of those that a policy means, where a `*` stands for anything.
fn is_like(pattern: &str, arn: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == arn;
    };
    arn.strip_prefix(start).is_some_and(|arn| {
        let mut ends = arn.char_indices().map(|(at, _)| &arn[at..]);
        rest.is_empty() || ends.any(|end| is_like(rest, end))
    })
}

/// A run that is left to end, one that is killed, and the removal of what that left.
async fn all_that_a_probe_does(lab: &Lab, bucket: &[&str]) {
    let quick = [&["--only", "acknowledge"], bucket].concat();
    let probe = lab.probe(&quick);
    assert_eq!(probe.ended().await.code(), Some(0), "{}", probe.output());
    let slow = [&["--only", "credentials", "--report", "killed"], bucket].concat();
    let probe = lab.probe(&slow);
    probe
        .line("waiting until the job's credentials are refused")
        .await;
    probe.kill().await;
    let remove = lab.command(&["--remove-leftovers", "--yes"]);
    let (code, _, said) = finished(remove).await;
    assert_eq!(code, 0, "{said}");
    assert_eq!(lab.left().await, Vec::<String>::new());
}

#[tokio::test]
async fn no_more_and_no_less_of_a_given_bucket_is_allowed_than_is_asked_for() {
    let mut asked_for = BTreeSet::new();
    for lab in [Lab::usual().await, Lab::versioned().await] {
        all_that_a_probe_does(&lab, &[]).await;
        asked_for.extend(asked(&lab));
    }
    // Asked for in vain, which is borne (tests/endings.rs): only a probe that makes buckets leaves some.
    let buckets = ("s3:ListAllMyBuckets".to_owned(), "*".to_owned());
    assert!(asked_for.remove(&buckets));
    let lab = Lab::usual().await;
    let allowed = allowed(&lab, &["--bucket", ARTIFACTS]).await;
    assert_eq!(besides(&allowed, &asked_for, "s3:"), Vec::<String>::new());
}

#[tokio::test]
async fn no_more_and_no_less_of_a_bucket_of_its_own_is_allowed_than_is_asked_for() {
    let lab = Lab::usual().await;
    all_that_a_probe_does(&lab, &["--create-bucket"]).await;
    let allowed = allowed(&lab, &["--create-bucket"]).await;
    assert_eq!(besides(&allowed, &asked(&lab), "s3:"), Vec::<String>::new());
}
