//! A parameter of SSM Parameter Store.

use async_trait::async_trait;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::config::{Builder, Region};
use aws_sdk_ssm::types::ParameterType;
use secrecy::SecretString;

use crate::answer::Place;
use crate::arn::{self, Service};
use crate::aws;
use crate::value;
use crate::{AwsAccess, SecretError, SecretSource};

pub(crate) struct ParameterSource {
    client: Client,
    parameter: String,
    with_decryption: bool,
    place: Place,
}

impl ParameterSource {
    pub(crate) fn new(
        secret: String,
        parameter: String,
        with_decryption: bool,
        access: &AwsAccess,
    ) -> Result<ParameterSource, SecretError> {
        let region = arn::region(&secret, Service::Ssm, &parameter, access)?;
        let place = Place {
            place: Service::Ssm.place(&parameter, &region),
            permission: format!("ssm:GetParameter on {parameter}"),
            secret,
        };
        let mut config = Builder::from(&access.sdk)
            .region(Region::new(region))
            .timeout_config(aws::timeouts())
            .retry_config(aws::retries());
        if let Some(url) = &access.endpoint_url {
            config = config.endpoint_url(url);
        }
        Ok(ParameterSource {
            client: Client::from_conf(config.build()),
            parameter,
            with_decryption,
            place,
        })
    }
}

#[async_trait]
impl SecretSource for ParameterSource {
    async fn fetch(&self) -> Result<SecretString, SecretError> {
        let answer = self
            .client
            .get_parameter()
            .name(&self.parameter)
            .with_decryption(self.with_decryption)
            .send()
            .await
            .map_err(|error| self.place.failed(&error))?;
        let (secret, place) = (&self.place.secret, &self.place.place);
        let parameter = answer.parameter();
        let encrypted = parameter
            .and_then(|parameter| parameter.r#type())
            .is_some_and(|kind| *kind == ParameterType::SecureString);
        if encrypted && !self.with_decryption {
            return Err(SecretError::Encrypted {
                secret: secret.clone(),
                place: place.clone(),
            });
        }
        let value = parameter
            .and_then(|parameter| parameter.value())
            .unwrap_or_default();
        value::checked(secret, place, value.to_owned())
    }
}
