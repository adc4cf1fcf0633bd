//! What every source sends its requests by: two clients over one configuration.
//!
//! The patient one repeats what is safe to repeat: details, and results, where a
//! repeated success answers InvalidJobState, which counts as reported. The single one sends every request once:
//! an acknowledge that is repeated unseen by us would answer InvalidNonce on a job that is ours, and a poll that
//! is repeated hands out jobs whose first answer was lost.

use std::fmt;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::config::Builder;
use aws_sdk_codepipeline::config::http::HttpResponse;
use aws_sdk_codepipeline::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_codepipeline::types::{ActionOwner, JobStatus};
use aws_smithy_json::protocol::aws_json_rpc::AwsJsonRpcProtocol;
use aws_types::service_config::ServiceConfigKey;
use http::Uri;

use crate::classify::Call;
use crate::config::{ConnectError, SourceConfig};
use crate::convert;
use crate::ids::{ActionTypeId, Owner, SourceId};
use crate::registered::RegisteredActionType;
use crate::source::{Acknowledged, ErrorClass, ServiceError};

/// What sends a source's requests.
#[derive(Clone)]
pub struct Connection {
    pub(crate) id: SourceId,
    pub(crate) region: String,
    endpoint: Option<String>,
    pub(crate) sdk: SdkConfig,
    pub(crate) patient: Client,
    pub(crate) single: Client,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("id", &self.id)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// What was told of the right to poll, without a job being handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollRight {
    /// A poll was answered.
    Granted,
    /// A request that no worker sends was found invalid, and not denied: whether rights are looked at first,
    /// no public source says.
    NotDenied,
}

/// The value of a queryable property that no job has: a poll for it hands out nothing. 20 characters at most.
const NO_JOBS_VALUE: &str = "pipefitter-check";

impl Connection {
    /// Nothing is sent: credentials and endpoint are tried by the first call.
    ///
    /// # Errors
    /// What is wrong with the configuration itself, in the words of `pipefitter.toml`.
    pub async fn connect(config: SourceConfig) -> Result<Connection, ConnectError> {
        config.check()?;
        let sdk = config.load().await;
        // The service's model names a second protocol by now, and a default may change with a version of
        // the SDK; what is tested is this one.
        let mut builder = Builder::from(&sdk).protocol(AwsJsonRpcProtocol::aws_json_1_1());
        if let Some(url) = &config.endpoint_url {
            builder = builder.endpoint_url(url);
        }
        let patient = builder
            .clone()
            .retry_config(config.retries.to_sdk())
            .build();
        let single = builder.retry_config(RetryConfig::disabled()).build();
        let endpoint = config
            .endpoint_url
            .clone()
            .or_else(|| configured_endpoint(&sdk, "CodePipeline"));
        Ok(Connection {
            id: config.id,
            endpoint,
            region: config.region,
            sdk,
            patient: Client::from_conf(patient),
            single: Client::from_conf(single),
        })
    }

    /// Region, credentials, timeouts and app name for other clients of this source, such as S3's. It has
    /// no `endpoint_url` of the source's, which is CodePipeline's alone.
    #[must_use]
    pub fn sdk_config(&self) -> &SdkConfig {
        &self.sdk
    }

    /// CodePipeline's endpoint, whoever names it: the source, a variable of the environment, a profile. Nothing
    /// where it is the Region's own.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// Whether STS can know the credentials: not those of a service on this machine, unless it has an STS too.
    #[must_use]
    pub fn has_sts(&self) -> bool {
        let local = self.endpoint.as_deref().is_some_and(is_loopback);
        !local || configured_endpoint(&self.sdk, "STS").is_some()
    }

    /// The account that the credentials are of: 12 digits. Needs no rights.
    ///
    /// # Errors
    /// As every call.
    pub async fn caller_account(&self) -> Result<String, ServiceError> {
        let call = Call::new("GetCallerIdentity", &[]);
        let answer = aws_sdk_sts::Client::new(&self.sdk)
            .get_caller_identity()
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        convert::filled(answer.account)
            .ok_or_else(|| call.error(ErrorClass::Transient, "the answer names no account"))
    }

    /// Whether an action type may be polled for, without taking a job from anybody: by asking for a value of the
    /// `queryable` property that no job has, or, where there is none, for a batch of a size that is invalid.
    ///
    /// # Errors
    /// As every call; of these, denied and gone tell what a poll would meet.
    pub async fn poll_right(
        &self,
        action_type: &ActionTypeId,
        queryable: Option<&str>,
    ) -> Result<PollRight, ServiceError> {
        let id = convert::to_action_type(action_type);
        let size = i32::from(queryable.is_some());
        let failed = match action_type.owner {
            Owner::Custom => {
                let call = Call::new("PollForJobs", &[]);
                let id = id.map_err(|error| call.error(ErrorClass::Invalid, error.to_string()))?;
                let mut poll = self
                    .single
                    .poll_for_jobs()
                    .action_type_id(id)
                    .max_batch_size(size);
                if let Some(key) = queryable {
                    poll = poll.query_param(key, NO_JOBS_VALUE);
                }
                let sent = poll.send().await;
                sent.err().map(|error| call.failed(&error))
            }
            Owner::ThirdParty => {
                let call = Call::new("PollForThirdPartyJobs", &[]);
                let id = id.map_err(|error| call.error(ErrorClass::Invalid, error.to_string()))?;
                let poll = self.single.poll_for_third_party_jobs().action_type_id(id);
                let sent = poll.max_batch_size(0).send().await;
                sent.err().map(|error| call.failed(&error))
            }
        };
        match failed {
            None => Ok(PollRight::Granted),
            Some(error) if error.code.as_deref() == Some("ValidationException") && size == 0 => {
                Ok(PollRight::NotDenied)
            }
            Some(error) => Err(error),
        }
    }

    /// The action types of an owner that are registered in this account and Region, all pages of them. Needs
    /// `codepipeline:ListActionTypes`, which a worker does not.
    ///
    /// # Errors
    /// As every call.
    pub async fn list_action_types(
        &self,
        owner: Owner,
    ) -> Result<Vec<RegisteredActionType>, ServiceError> {
        let call = Call::new("ListActionTypes", &[]);
        let mut pages = self
            .patient
            .list_action_types()
            .action_owner_filter(match owner {
                Owner::Custom => ActionOwner::Custom,
                Owner::ThirdParty => ActionOwner::ThirdParty,
            })
            .into_paginator()
            .send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| call.failed(&error))?;
            found.extend(
                page.action_types
                    .into_iter()
                    .filter_map(RegisteredActionType::from_sdk),
            );
        }
        Ok(found)
    }
}

/// What variables and profiles name for a service, in the order in which the SDK's own clients ask them.
fn configured_endpoint(sdk: &SdkConfig, service: &str) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    let named = sdk
        .service_config()
        .and_then(|config| config.load_config(key));
    named.or_else(|| sdk.endpoint_url().map(str::to_owned))
}

fn is_loopback(url: &str) -> bool {
    let uri: Option<Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let host = host.trim_matches(['[', ']']);
    let address: Option<std::net::IpAddr> = host.parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}

/// The size of a batch, which the service takes from 1.
pub(crate) fn batch(max: u32) -> i32 {
    i32::try_from(max.max(1)).unwrap_or(i32::MAX)
}

/// What the answer to an acknowledge means; `unseen`: an earlier attempt's answer was not seen.
pub(crate) fn acknowledged<E: ProvideErrorMetadata>(
    call: &Call<'_>,
    sent: Result<Option<JobStatus>, SdkError<E, HttpResponse>>,
    unseen: bool,
) -> Result<Acknowledged, ServiceError> {
    let not_ours = if unseen {
        Acknowledged::Ambiguous
    } else {
        Acknowledged::LostRace
    };
    match sent {
        Ok(Some(JobStatus::InProgress)) => Ok(Acknowledged::Ours),
        Ok(Some(_)) => Ok(Acknowledged::LostRace),
        Ok(None) => {
            let message = "the answer tells no status, so that nobody knows whose the job is";
            Err(call.error(ErrorClass::Transient, message))
        }
        Err(error) => match call.failed(&error) {
            // The second code is what a job that is acknowledged already answers where the nonce is
            // not looked at first.
            ServiceError {
                code: Some(code), ..
            } if matches!(
                code.as_str(),
                "InvalidNonceException" | "InvalidJobStateException"
            ) =>
            {
                Ok(not_ours)
            }
            failed => Err(failed),
        },
    }
}
