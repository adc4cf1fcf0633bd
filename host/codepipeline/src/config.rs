//! Where a source is and who it is, turned into the SDK's configuration.
//!
//! Credentials are looked for in one place only, so that the operator's choice is what happens: static
//! keys if given, else the profile if named (variables of the environment do not win over it, as they do
//! in the SDK's own chain), else the SDK's chain. A role is assumed on top of whichever it is. STS keeps
//! its own endpoint: `endpoint_url` is CodePipeline's.

use std::fmt;
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use http::Uri;
use secrecy::{ExposeSecret, SecretString};

use crate::ids::SourceId;

/// The name in the user agent, which CloudTrail shows.
const APP_NAME: &str = "pipefitter";

/// What a source is made from. Its `Debug` shows no secret.
#[derive(Clone)]
pub struct SourceConfig {
    /// Names the source.
    pub id: SourceId,
    /// The Region, such as `eu-central-1`.
    pub region: String,
    /// CodePipeline's endpoint; without one, what `AWS_ENDPOINT_URL_CODEPIPELINE` or `AWS_ENDPOINT_URL`
    /// or the profile say, else the Region's own.
    pub endpoint_url: Option<String>,
    /// A profile of `~/.aws/config`.
    pub profile: Option<String>,
    /// A role to assume.
    pub role_arn: Option<String>,
    /// What the role's owner asks for besides.
    pub external_id: Option<String>,
    /// Access key id and secret key, for the embedded service only: an operator has profiles and roles.
    pub static_keys: Option<(String, SecretString)>,
    /// How long a call may take.
    pub timeouts: Timeouts,
    /// How often a call is repeated by the SDK, where repeating is the SDK's to do.
    pub retries: Retries,
}

impl SourceConfig {
    /// A source with the SDK's credentials and the defaults for all else.
    #[must_use]
    pub fn new(id: SourceId, region: impl Into<String>) -> Self {
        Self {
            id,
            region: region.into(),
            endpoint_url: None,
            profile: None,
            role_arn: None,
            external_id: None,
            static_keys: None,
            timeouts: Timeouts::default(),
            retries: Retries::default(),
        }
    }
}

impl fmt::Debug for SourceConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceConfig")
            .field("id", &self.id)
            .field("region", &self.region)
            .field("profile", &self.profile)
            .field("role_arn", &self.role_arn)
            .field("timeouts", &self.timeouts)
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}

/// How long a call may take. No job operation waits for anything (polls answer at once), so that these
/// bound a network or a service in trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the connection stands: 5 s by default, more than a lost SYN sent again twice.
    pub connect: Duration,
    /// One attempt, connection included: 20 s by default.
    pub attempt: Duration,
    /// All attempts of a call and the waits between: 60 s by default.
    pub operation: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            attempt: Duration::from_secs(20),
            operation: Duration::from_secs(60),
        }
    }
}

/// The SDK's retries, for details and results. Polls and acknowledges have none: the worker's own rules
/// hold there. What still fails is the worker's to repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Attempts of one call: 3 by default, the SDK's own number.
    pub attempts: u32,
    /// Before the second attempt, doubled for each further one, with jitter: 500 ms by default.
    pub first_backoff: Duration,
    /// The longest wait between attempts: 5 s by default.
    pub longest_backoff: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            attempts: 3,
            first_backoff: Duration::from_millis(500),
            longest_backoff: Duration::from_secs(5),
        }
    }
}

impl Retries {
    pub(crate) fn to_sdk(self) -> RetryConfig {
        RetryConfig::standard()
            .with_max_attempts(self.attempts.max(1))
            .with_initial_backoff(self.first_backoff)
            .with_max_backoff(self.longest_backoff)
    }
}

/// A source cannot be made from its configuration. The names are those of `pipefitter.toml`.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not a Region's name.
    #[error("region \"{region}\" is not a Region's name: write one such as \"eu-central-1\"")]
    Region {
        /// As configured.
        region: String,
    },
    /// Not a URL.
    #[error(
        "endpoint-url is not an address: write one such as \"https://host\" or \"http://127.0.0.1:4510\""
    )]
    Endpoint(#[source] http::uri::InvalidUri),
    /// A URL that cannot be called.
    #[error(
        "endpoint-url {fault}: write one such as \"https://host\" or \"http://127.0.0.1:4510\""
    )]
    EndpointForm {
        /// What is wrong with it; the URL itself is not repeated.
        fault: &'static str,
    },
    /// Not a role.
    #[error(
        "role-arn \"{role_arn}\" is not a role: write one such as \"arn:aws:iam::111122223333:role/name\""
    )]
    RoleArn {
        /// As configured.
        role_arn: String,
    },
    /// An external id with nobody to give it to.
    #[error("external-id is only used when a role is assumed: add role-arn, or remove it")]
    ExternalIdWithoutRole,
    /// Two kinds of credentials.
    #[error("a source has either static keys or a profile: remove one of them")]
    KeysAndProfile,
}

impl SourceConfig {
    /// Look for faults that are seen without asking anybody; [`connect`](crate::CustomSource::connect) does
    /// it too.
    ///
    /// # Errors
    /// The first fault, in the words of `pipefitter.toml`.
    pub fn check(&self) -> Result<(), ConnectError> {
        self.faults().into_iter().next().map_or(Ok(()), Err)
    }

    /// All that [`check`](SourceConfig::check) looks for, at once.
    #[must_use]
    pub fn faults(&self) -> Vec<ConnectError> {
        let mut faults = Vec::new();
        let lowercase = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if self.region.is_empty() || !self.region.bytes().all(lowercase) {
            faults.push(ConnectError::Region {
                region: self.region.clone(),
            });
        }
        faults.extend(
            self.endpoint_url
                .as_ref()
                .and_then(|url| check_endpoint(url).err()),
        );
        match &self.role_arn {
            Some(role) if !(role.starts_with("arn:") && role.contains(":role/")) => {
                faults.push(ConnectError::RoleArn {
                    role_arn: role.clone(),
                });
            }
            None if self.external_id.is_some() => faults.push(ConnectError::ExternalIdWithoutRole),
            _ => {}
        }
        if self.static_keys.is_some() && self.profile.is_some() {
            faults.push(ConnectError::KeysAndProfile);
        }
        faults
    }

    /// The configuration for every AWS client of this source: Region, credentials, timeouts, app name.
    pub(crate) async fn load(&self) -> SdkConfig {
        let region = Region::new(self.region.clone());
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(region.clone())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(self.timeouts.connect)
                    .operation_attempt_timeout(self.timeouts.attempt)
                    .operation_timeout(self.timeouts.operation)
                    .build(),
            )
            .retry_config(self.retries.to_sdk());
        if let Ok(name) = AppName::new(APP_NAME) {
            loader = loader.app_name(name);
        }
        if let Some((id, secret)) = &self.static_keys {
            loader = loader.credentials_provider(Credentials::new(
                id,
                secret.expose_secret(),
                None,
                None,
                "static keys of the source",
            ));
        }
        if let Some(profile) = &self.profile {
            let provider = ProfileFileCredentialsProvider::builder()
                .configure(&ProviderConfig::default().with_region(Some(region)))
                .profile_name(profile)
                .build();
            loader = loader.profile_name(profile).credentials_provider(provider);
        }
        let base = loader.load().await;
        let Some(role) = &self.role_arn else {
            return base;
        };
        let mut assume = AssumeRoleProvider::builder(role)
            .configure(&base)
            .session_name(session_name(&self.id));
        if let Some(id) = &self.external_id {
            assume = assume.external_id(id);
        }
        let provider = SharedCredentialsProvider::new(assume.build().await);
        base.into_builder().credentials_provider(provider).build()
    }
}

fn check_endpoint(url: &str) -> Result<(), ConnectError> {
    let uri: Uri = url.parse().map_err(ConnectError::Endpoint)?;
    let fault = |fault| Err(ConnectError::EndpointForm { fault });
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return fault("does not begin with http:// or https://");
    }
    match uri.authority() {
        None => fault("names no host"),
        Some(authority) if authority.as_str().contains('@') => {
            fault("has a user or password in it, which requests to AWS do not use")
        }
        Some(_) => Ok(()),
    }
}

/// STS takes 2 to 64 characters of `[\w+=,.@-]` (API reference of AssumeRole, RoleSessionName).
fn session_name(source: &SourceId) -> String {
    let id = source.as_str().chars().map(|c| {
        if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) {
            c
        } else {
            '-'
        }
    });
    format!("{APP_NAME}-").chars().chain(id).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> SourceConfig {
        SourceConfig::new(SourceId::new("main"), "eu-central-1")
    }

    #[test]
    fn faults_say_what_to_write() {
        let keys = Some(("id".to_owned(), SecretString::from("secret")));
        let faults: Vec<String> = [
            SourceConfig {
                region: String::new(),
                ..config()
            },
            SourceConfig {
                region: "Frankfurt am Main".to_owned(),
                ..config()
            },
            SourceConfig {
                endpoint_url: Some("http://[".to_owned()),
                ..config()
            },
            SourceConfig {
                endpoint_url: Some("localhost:4510".to_owned()),
                ..config()
            },
            SourceConfig {
                endpoint_url: Some("/path".to_owned()),
                ..config()
            },
            SourceConfig {
                endpoint_url: Some("ftp://host".to_owned()),
                ..config()
            },
            SourceConfig {
                endpoint_url: Some("https://me:secret@host".to_owned()),
                ..config()
            },
            SourceConfig {
                role_arn: Some("builder".to_owned()),
                ..config()
            },
            SourceConfig {
                external_id: Some("x".to_owned()),
                ..config()
            },
            SourceConfig {
                static_keys: keys,
                profile: Some("p".to_owned()),
                ..config()
            },
        ]
        .iter()
        .map(|config| {
            config
                .check()
                .map_or_else(|e| e.to_string(), |()| "fine".to_owned())
        })
        .collect();
        insta::assert_snapshot!(faults.join("\n"));
    }

    #[test]
    fn good_configurations_pass() {
        for config in [
            config(),
            SourceConfig {
                endpoint_url: Some("http://127.0.0.1:4510".to_owned()),
                ..config()
            },
            SourceConfig {
                role_arn: Some("arn:aws-us-gov:iam::111122223333:role/path/worker".to_owned()),
                external_id: Some("x".to_owned()),
                profile: Some("p".to_owned()),
                ..config()
            },
        ] {
            assert!(config.check().is_ok(), "{config:?}");
        }
    }

    #[test]
    fn a_session_is_named_after_its_source() {
        assert_eq!(session_name(&SourceId::new("main")), "pipefitter-main");
        assert_eq!(session_name(&SourceId::new("a b/ä")), "pipefitter-a-b--");
        assert_eq!(session_name(&SourceId::new("x".repeat(99))).len(), 64);
    }
}
