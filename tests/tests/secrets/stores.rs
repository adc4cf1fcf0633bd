//! What the two stores give, and what is said where they give nothing.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use pipefitter_secrets::{AwsAccess, SecretError, SecretErrorKind, SecretFrom};
use secrecy::ExposeSecret;

use crate::moto::{Moto, fetch, parameter, sdk, secrets, stored, under};

#[tokio::test]
async fn secrets_and_parameters_are_read() {
    let moto = Moto::start(false).await;
    let access = || moto.access();
    let mut elsewhere = access();
    elsewhere.sdk = elsewhere.sdk.into_builder().region(None).build();
    for (from, value) in [
        (stored("ci/npm", access()), "npm_first-value"),
        // The ARN says which Region.
        (stored(&moto.arn, elsewhere), "npm_first-value"),
        (
            under("ci/database", "password", access()),
            "correct-horse-battery",
        ),
        (parameter("/ci/plain", access()), "plain-parameter"),
        (parameter("/ci/secure", access()), "secure-parameter"),
        (parameter("/ci/versions", access()), "version-number-two"),
        (parameter("/ci/versions:1", access()), "version-number-one"),
        (
            parameter(
                "arn:aws:ssm:us-east-1:123456789012:parameter/ci/plain",
                access(),
            ),
            "plain-parameter",
        ),
    ] {
        let shown = format!("{from:?}");
        assert_eq!(fetch(from).await.as_deref().unwrap(), value, "{shown}");
    }
}

#[tokio::test]
async fn what_is_no_secret_is_refused_by_name_with_a_remedy() {
    let moto = Moto::start(false).await;
    let access = || moto.access();
    let mut told = Vec::new();
    for (from, kind) in [
        (stored("ci/nothing", access()), SecretErrorKind::Missing),
        (
            stored("ci/binary", access()),
            SecretErrorKind::Misconfigured,
        ),
        (stored("ci/short", access()), SecretErrorKind::Misconfigured),
        (
            stored("ci/deleted", access()),
            SecretErrorKind::Misconfigured,
        ),
        (
            under("ci/database", "passwort", access()),
            SecretErrorKind::Missing,
        ),
        (
            under("ci/database", "port", access()),
            SecretErrorKind::Missing,
        ),
        (
            under("ci/database", "user", access()),
            SecretErrorKind::Misconfigured,
        ),
        (
            under("ci/npm", "password", access()),
            SecretErrorKind::Misconfigured,
        ),
        (parameter("/ci/nothing", access()), SecretErrorKind::Missing),
        (parameter("/ci/plain:7", access()), SecretErrorKind::Missing),
        (
            SecretFrom::SsmParameter {
                parameter: "/ci/secure".to_owned(),
                with_decryption: false,
                access: access(),
            },
            SecretErrorKind::Misconfigured,
        ),
    ] {
        let error = fetch(from).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let shown = format!("{error} {error:?}");
        for value in ["hunter2", "horse", "npm_first", "5432", "secure-par"] {
            assert!(!shown.contains(value), "{shown}");
        }
        told.push(error.to_string());
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn a_rotated_secret_is_seen_once_the_kept_one_is_old() {
    let moto = Moto::start(false).await;
    let kept = secrets(stored("ci/npm", moto.access()), Duration::from_secs(3600));
    let asked = secrets(stored("ci/npm", moto.access()), Duration::ZERO);
    let previous = SecretFrom::SecretsManager {
        id: "ci/npm".to_owned(),
        json_key: None,
        version_stage: Some("AWSPREVIOUS".to_owned()),
        access: moto.access(),
    };
    for secrets in [&kept, &asked] {
        let value = secrets.get("it").await.unwrap();
        assert_eq!(value.expose_secret(), "npm_first-value");
    }
    let rotated = moto.client().put_secret_value().secret_id("ci/npm");
    let rotated = rotated.secret_string("npm_second-value").send().await;
    assert!(rotated.is_ok());
    let value = async |secrets: &pipefitter_secrets::Secrets| {
        secrets.get("it").await.unwrap().expose_secret().to_owned()
    };
    assert_eq!(value(&kept).await, "npm_first-value");
    assert_eq!(value(&asked).await, "npm_second-value");
    assert_eq!(fetch(previous).await.unwrap(), "npm_first-value");
}

#[tokio::test]
async fn a_role_without_the_permission_is_told_which_it_lacks() {
    let moto = Moto::start(true).await;
    let secret = fetch(stored("ci/npm", moto.of_secrets())).await;
    assert_eq!(secret.unwrap(), "npm_first-value");
    let plain = fetch(parameter("/ci/plain", moto.of_parameters())).await;
    assert_eq!(plain.unwrap(), "plain-parameter");
    for (from, permission) in [
        (
            stored("ci/npm", moto.of_parameters()),
            "secretsmanager:GetSecretValue on ci/npm",
        ),
        (
            parameter("/ci/plain", moto.of_secrets()),
            "ssm:GetParameter on /ci/plain",
        ),
    ] {
        let denied = fetch(from).await.unwrap_err();
        assert!(matches!(denied, SecretError::Denied { .. }), "{denied}");
        let told = denied.to_string();
        let wanted = format!("allow {permission} to the role");
        assert!(
            told.contains("secret `it`") && told.contains(&wanted),
            "{told}"
        );
    }
    for from in [
        stored("ci/npm", moto.access_of(Nobody)),
        parameter("/ci/plain", moto.access_of(Nobody)),
    ] {
        let refused = fetch(from).await.unwrap_err();
        assert!(
            matches!(refused, SecretError::Credentials { .. }),
            "{refused}"
        );
    }
}

/// Who looks for credentials and finds none.
#[derive(Debug)]
struct Nobody;

impl ProvideCredentials for Nobody {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("no provider")))
    }
}

#[tokio::test]
async fn a_store_that_is_not_there_is_out_of_reach() {
    // Bound and not listened on: nobody else gets the port, and nobody answers.
    let taken = tokio::net::TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let access = AwsAccess {
        sdk: sdk(Credentials::from_keys("id", "key", None)),
        region: None,
        endpoint_url: Some(format!("http://{}", taken.local_addr().unwrap())),
    };
    for from in [
        stored("ci/npm", access.clone()),
        parameter("/ci/plain", access),
    ] {
        let error = fetch(from).await.unwrap_err();
        assert_eq!(error.kind(), SecretErrorKind::Unavailable, "{error}");
        assert!(error.to_string().contains("secret `it`"), "{error}");
    }
}
