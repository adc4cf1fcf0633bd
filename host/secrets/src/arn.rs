//! Names and ARNs of what AWS keeps, and the Region that is asked for them.

use crate::{AwsAccess, SecretError};

/// The two stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Service {
    SecretsManager,
    Ssm,
}

impl Service {
    /// As the third part of an ARN has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Service::SecretsManager => "secretsmanager",
            Service::Ssm => "ssm",
        }
    }

    /// What the resource of an ARN begins with.
    pub(crate) fn resource(self) -> &'static str {
        match self {
            Service::SecretsManager => "secret:",
            Service::Ssm => "parameter/",
        }
    }

    fn wanted(self) -> &'static str {
        match self {
            Service::SecretsManager => "a secret of Secrets Manager",
            Service::Ssm => "a parameter of SSM Parameter Store",
        }
    }

    /// What is asked, in words.
    pub(crate) fn place(self, id: &str, region: &str) -> String {
        match self {
            Service::SecretsManager => format!("secret {id} of Secrets Manager in {region}"),
            Service::Ssm => format!("parameter {id} of SSM Parameter Store in {region}"),
        }
    }
}

/// The Region to ask: the secret's own, else that of its ARN, else what comes with the access.
///
/// # Errors
/// There is none, they differ, or the ARN is of something else.
pub(crate) fn region(
    secret: &str,
    service: Service,
    id: &str,
    access: &AwsAccess,
) -> Result<String, SecretError> {
    let own = access.region.as_deref();
    let Some(arn) = id.strip_prefix("arn:") else {
        let given = access.sdk.region().map(AsRef::as_ref);
        return own
            .or(given)
            .filter(|region| !region.is_empty())
            .map(str::to_owned)
            .ok_or_else(|| SecretError::NoRegion {
                secret: secret.to_owned(),
                place: service.wanted().to_owned(),
            });
    };
    // partition:service:region:account:resource
    let parts: Vec<&str> = arn.splitn(5, ':').collect();
    match parts[..] {
        [_, name, region, _, resource]
            if name == service.name()
                && !region.is_empty()
                && resource.starts_with(service.resource()) =>
        {
            match own {
                Some(own) if own != region => Err(SecretError::Region {
                    secret: secret.to_owned(),
                    region: own.to_owned(),
                    arn: id.to_owned(),
                    other: region.to_owned(),
                }),
                _ => Ok(region.to_owned()),
            }
        }
        _ => Err(SecretError::Arn {
            secret: secret.to_owned(),
            arn: id.to_owned(),
            wanted: service.wanted(),
        }),
    }
}
