//! moto's server, with secrets in it.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use pipefitter_secrets::{
    AwsAccess, SecretConfig, SecretError, SecretFrom, Secrets, SecretsSettings,
};
use pipefitter_tests::MotoServer;
use secrecy::ExposeSecret;

/// A server on a port of its own. It ends with the test.
pub(crate) struct Moto {
    pub(crate) endpoint: String,
    /// Of the secret `ci/npm`.
    pub(crate) arn: String,
    /// Of the user `secrets`, who may read Secrets Manager.
    secrets: [String; 2],
    /// Of the user `parameters`, who may read Parameter Store.
    parameters: [String; 2],
    _server: MotoServer,
}

impl Moto {
    /// Start it and fill it. With `enforce` it checks signatures and policies from then on.
    pub(crate) async fn start(enforce: bool) -> Moto {
        let server = MotoServer::start(0, None).await;
        let environment: &[_] = if enforce { &[("ENFORCE", "1")] } else { &[] };
        let said = server.python("fill_moto.py", &[], environment).await;
        let made: serde_json::Value = serde_json::from_str(&said).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let keys = |user: &str| [text(&made[user][0]), text(&made[user][1])];
        Moto {
            endpoint: server.endpoint.clone(),
            arn: text(&made["arn"]),
            secrets: keys("secrets"),
            parameters: keys("parameters"),
            _server: server,
        }
    }

    /// As somebody who may read anything, where nobody checks.
    pub(crate) fn access(&self) -> AwsAccess {
        self.access_of(Credentials::from_keys("anybody", "anything", None))
    }

    /// As the user who may read secrets, and no parameters.
    pub(crate) fn of_secrets(&self) -> AwsAccess {
        let [id, key] = &self.secrets;
        self.access_of(Credentials::from_keys(id, key, None))
    }

    /// As the user who may read parameters, and no secrets.
    pub(crate) fn of_parameters(&self) -> AwsAccess {
        let [id, key] = &self.parameters;
        self.access_of(Credentials::from_keys(id, key, None))
    }

    pub(crate) fn access_of(&self, credentials: impl ProvideCredentials + 'static) -> AwsAccess {
        AwsAccess {
            sdk: sdk(credentials),
            region: None,
            endpoint_url: Some(self.endpoint.clone()),
        }
    }

    /// A client with every right.
    pub(crate) fn client(&self) -> aws_sdk_secretsmanager::Client {
        let config = aws_sdk_secretsmanager::config::Builder::from(&sdk(Credentials::from_keys(
            "root", "root", None,
        )))
        .endpoint_url(&self.endpoint)
        .build();
        aws_sdk_secretsmanager::Client::from_conf(config)
    }
}

pub(crate) fn sdk(credentials: impl ProvideCredentials + 'static) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

pub(crate) fn stored(id: &str, access: AwsAccess) -> SecretFrom {
    SecretFrom::SecretsManager {
        id: id.to_owned(),
        json_key: None,
        version_stage: None,
        access,
    }
}

pub(crate) fn under(id: &str, key: &str, access: AwsAccess) -> SecretFrom {
    SecretFrom::SecretsManager {
        id: id.to_owned(),
        json_key: Some(key.to_owned()),
        version_stage: None,
        access,
    }
}

pub(crate) fn parameter(name: &str, access: AwsAccess) -> SecretFrom {
    SecretFrom::SsmParameter {
        parameter: name.to_owned(),
        with_decryption: true,
        access,
    }
}

/// One secret, `it`.
pub(crate) fn secrets(from: SecretFrom, cache_for: Duration) -> Secrets {
    let config = SecretConfig {
        name: "it".to_owned(),
        from,
    };
    let settings = SecretsSettings {
        cache_for,
        ..SecretsSettings::default()
    };
    Secrets::new([config], settings).unwrap()
}

/// Fetch a secret once.
pub(crate) async fn fetch(from: SecretFrom) -> Result<String, SecretError> {
    let value = secrets(from, Duration::ZERO).get("it").await?;
    Ok(value.expose_secret().to_owned())
}
