//! A secret of AWS Secrets Manager.

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{Builder, Region};
use secrecy::SecretString;
use serde_json::Value;

use crate::answer::Place;
use crate::arn::{self, Service};
use crate::aws;
use crate::value;
use crate::{AwsAccess, SecretError, SecretSource};

pub(crate) struct SecretsManagerSource {
    client: Client,
    id: String,
    json_key: Option<String>,
    version_stage: Option<String>,
    place: Place,
}

impl SecretsManagerSource {
    pub(crate) fn new(
        secret: String,
        id: String,
        json_key: Option<String>,
        version_stage: Option<String>,
        access: &AwsAccess,
    ) -> Result<SecretsManagerSource, SecretError> {
        let region = arn::region(&secret, Service::SecretsManager, &id, access)?;
        let place = Place {
            place: Service::SecretsManager.place(&id, &region),
            permission: format!("secretsmanager:GetSecretValue on {id}"),
            secret,
        };
        let mut config = Builder::from(&access.sdk)
            .region(Region::new(region))
            .timeout_config(aws::timeouts())
            .retry_config(aws::retries());
        if let Some(url) = &access.endpoint_url {
            config = config.endpoint_url(url);
        }
        Ok(SecretsManagerSource {
            client: Client::from_conf(config.build()),
            id,
            json_key,
            version_stage,
            place,
        })
    }

    fn under(&self, key: &str, stored: &str) -> Result<String, SecretError> {
        let (secret, place) = (self.place.secret.clone(), self.place.place.clone());
        let key = key.to_owned();
        match serde_json::from_str(stored) {
            Ok(Value::Object(mut members)) => match members.remove(&key) {
                Some(Value::String(text)) => Ok(text),
                _ => Err(SecretError::NoKey { secret, place, key }),
            },
            _ => Err(SecretError::NotJson { secret, place, key }),
        }
    }
}

#[async_trait]
impl SecretSource for SecretsManagerSource {
    async fn fetch(&self) -> Result<SecretString, SecretError> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(&self.id)
            .set_version_stage(self.version_stage.clone())
            .send()
            .await
            .map_err(|error| self.place.failed(&error))?;
        let Some(stored) = answer.secret_string() else {
            return Err(SecretError::NotText {
                secret: self.place.secret.clone(),
                place: self.place.place.clone(),
            });
        };
        let value = match &self.json_key {
            Some(key) => self.under(key, stored)?,
            None => stored.to_owned(),
        };
        value::checked(&self.place.secret, &self.place.place, value)
    }
}
