//! What a secret is made from, as plain settings.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use crate::arn::{self, Service};
use crate::file::FileSource;
use crate::given::GivenSource;
use crate::parameter::ParameterSource;
use crate::secrets_manager::SecretsManagerSource;
use crate::value;
use crate::{AwsAccess, SecretError, SecretSource};

/// The longest name, in characters: long enough for a path-like one, short enough for a line of a log.
const LONGEST_NAME: usize = 64;

/// One secret. Its `Debug` shows no value.
#[derive(Clone, Debug)]
pub struct SecretConfig {
    /// What it is granted and asked for by: 1 to 64 characters of `a-zA-Z0-9-_.`.
    pub name: String,
    /// Where its value is.
    pub from: SecretFrom,
}

/// Where a secret's value is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SecretFrom {
    /// A variable of the environment.
    Env {
        /// Its name, for messages.
        variable: String,
        /// Its value, read by whoever reads the configuration; nothing where it is not set or not UTF-8.
        value: Option<SecretString>,
    },
    /// A file, read at every use, so that a replaced one counts at once. One line end at its end is left out.
    /// Others may read it (secrets that Kubernetes mounts have mode 0644), but not write it.
    File {
        /// The file. A link is followed.
        path: PathBuf,
    },
    /// A secret of AWS Secrets Manager. Needs secretsmanager:GetSecretValue on it, and kms:Decrypt where it
    /// has a key of its own.
    SecretsManager {
        /// Its name or ARN.
        id: String,
        /// Take the text under this key of the JSON object that is stored, as the console does.
        json_key: Option<String>,
        /// Another stage than `AWSCURRENT`.
        version_stage: Option<String>,
        /// What it is read with.
        access: AwsAccess,
    },
    /// A parameter of SSM Parameter Store. Needs ssm:GetParameter on it, and kms:Decrypt where it has a key
    /// of its own.
    SsmParameter {
        /// Its name or ARN, with `:version` or `:label` if another than the latest is meant.
        parameter: String,
        /// Whether a SecureString is decrypted; a plain one passes either way.
        with_decryption: bool,
        /// What it is read with.
        access: AwsAccess,
    },
}

impl SecretConfig {
    /// Look for faults that are seen without asking anybody and without touching a file.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self) -> Result<(), SecretError> {
        let secret = &self.name;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if secret.is_empty() || secret.len() > LONGEST_NAME || !secret.chars().all(fits) {
            return Err(SecretError::Name {
                secret: secret
                    .chars()
                    .take(LONGEST_NAME)
                    .flat_map(char::escape_debug)
                    .collect(),
            });
        }
        let given = |what: &'static str, text: Option<&str>| match text {
            Some("") => Err(SecretError::Empty {
                secret: secret.clone(),
                what,
            }),
            _ => Ok(()),
        };
        match &self.from {
            SecretFrom::Env { variable, value } => match value {
                None => Err(SecretError::NotSet {
                    secret: secret.clone(),
                    variable: variable.clone(),
                }),
                Some(value) => {
                    let place = format!("the environment variable {variable}");
                    value::checked(secret, &place, value.expose_secret().to_owned()).map(|_| ())
                }
            },
            SecretFrom::File { path } => given("`path`", path.to_str()),
            SecretFrom::SecretsManager {
                id,
                json_key,
                version_stage,
                access,
            } => {
                given("`json-key`", json_key.as_deref())?;
                given("`version-stage`", version_stage.as_deref())?;
                given("the secret's name", Some(id))?;
                arn::region(secret, Service::SecretsManager, id, access).map(|_| ())
            }
            SecretFrom::SsmParameter {
                parameter, access, ..
            } => {
                given("the parameter's name", Some(parameter))?;
                arn::region(secret, Service::Ssm, parameter, access).map(|_| ())
            }
        }
    }

    /// What fetches it, and whether its value is worth keeping.
    pub(crate) fn source(self) -> Result<(Arc<dyn SecretSource>, bool), SecretError> {
        self.check()?;
        let secret = self.name;
        Ok(match self.from {
            SecretFrom::Env { variable, value } => {
                (Arc::new(GivenSource::new(secret, variable, value)), false)
            }
            SecretFrom::File { path } => (Arc::new(FileSource { secret, path }), false),
            SecretFrom::SecretsManager {
                id,
                json_key,
                version_stage,
                access,
            } => {
                let source =
                    SecretsManagerSource::new(secret, id, json_key, version_stage, &access)?;
                (Arc::new(source), true)
            }
            SecretFrom::SsmParameter {
                parameter,
                with_decryption,
                access,
            } => {
                let source = ParameterSource::new(secret, parameter, with_decryption, &access)?;
                (Arc::new(source), true)
            }
        })
    }
}
