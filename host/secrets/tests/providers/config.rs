//! What is seen of a configuration without asking anybody.

use aws_config::{Region, SdkConfig};
use pipefitter_secrets::{
    AwsAccess, SecretConfig, SecretError, SecretErrorKind, SecretFrom, Secrets, SecretsSettings,
};
use secrecy::{ExposeSecret, SecretString};

const VALUE: &str = "correct-horse-battery";

fn env(name: &str, value: Option<&str>) -> SecretConfig {
    SecretConfig {
        name: name.to_owned(),
        from: SecretFrom::Env {
            variable: "NPM_TOKEN".to_owned(),
            value: value.map(SecretString::from),
        },
    }
}

fn access(region: Option<&str>, of_sdk: Option<&'static str>) -> AwsAccess {
    let mut sdk = SdkConfig::builder();
    sdk.set_region(of_sdk.map(Region::from_static));
    AwsAccess {
        sdk: sdk.build(),
        region: region.map(str::to_owned),
        endpoint_url: None,
    }
}

fn secret(id: &str, access: AwsAccess) -> SecretConfig {
    SecretConfig {
        name: "npm".to_owned(),
        from: SecretFrom::SecretsManager {
            id: id.to_owned(),
            json_key: None,
            version_stage: None,
            access,
        },
    }
}

fn parameter(name: &str, access: AwsAccess) -> SecretConfig {
    SecretConfig {
        name: "npm".to_owned(),
        from: SecretFrom::SsmParameter {
            parameter: name.to_owned(),
            with_decryption: true,
            access,
        },
    }
}

#[tokio::test]
async fn a_variable_is_what_it_was_when_the_configuration_was_read() {
    let secrets = Secrets::new([env("npm", Some(VALUE))], SecretsSettings::default()).unwrap();
    assert_eq!(secrets.get("npm").await.unwrap().expose_secret(), VALUE);
    assert_eq!(secrets.names().collect::<Vec<_>>(), ["npm"]);
    let unknown = secrets.get("nqm\n").await.unwrap_err();
    assert_eq!(unknown.kind(), SecretErrorKind::Unknown);
    assert!(unknown.to_string().contains("`nqm\\n`"), "{unknown}");
    assert_eq!(format!("{secrets:?}"), "{\"npm\"}");
}

#[test]
fn faults_are_told_with_their_remedy() {
    const ARN: &str = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:npm-AbCdEf";
    let here = || access(None, Some("us-east-1"));
    let cases = [
        env("", Some(VALUE)),
        env("npm token", Some(VALUE)),
        env(&"x".repeat(65), Some(VALUE)),
        env("npm", None),
        env("npm", Some("hunter2")),
        env("npm", Some("")),
        SecretConfig {
            name: "npm".to_owned(),
            from: SecretFrom::File { path: "".into() },
        },
        secret("npm", access(None, None)),
        secret("", here()),
        secret(ARN, access(Some("us-east-1"), None)),
        secret(
            "arn:aws:ssm:eu-central-1:111122223333:parameter/npm",
            here(),
        ),
        secret("arn:aws:secretsmanager:eu-central-1", here()),
        parameter(ARN, here()),
        parameter("/ci/npm", access(Some(""), None)),
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|config| match config.check() {
            Ok(()) => panic!("{config:?} passes"),
            Err(error) => {
                assert!(
                    matches!(error.kind(), SecretErrorKind::Misconfigured),
                    "{error}"
                );
                error.to_string()
            }
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
    for good in [
        env("npm.token_2-x", Some(VALUE)),
        secret(ARN, access(None, None)),
        secret(ARN, access(Some("eu-central-1"), Some("us-east-1"))),
        secret("npm", access(Some("us-east-1"), None)),
        parameter(
            "arn:aws:ssm:eu-central-1:111122223333:parameter/ci/npm",
            here(),
        ),
        parameter("/ci/npm:3", here()),
    ] {
        assert!(good.check().is_ok(), "{good:?}");
    }
}

#[test]
fn a_name_stands_for_one_secret() {
    let twice = [env("npm", Some(VALUE)), env("npm", Some(VALUE))];
    let refused = Secrets::new(twice, SecretsSettings::default()).unwrap_err();
    assert!(matches!(refused, SecretError::Twice { .. }), "{refused}");
}

#[test]
fn debug_shows_no_value() {
    let shown = format!("{:?}", env("npm", Some(VALUE)));
    assert!(
        shown.contains("NPM_TOKEN") && !shown.contains(VALUE),
        "{shown}"
    );
}
