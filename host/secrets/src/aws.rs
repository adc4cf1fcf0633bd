//! Who asks AWS, and how patiently.

use std::fmt;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;

/// More than a lost SYN sent again once: a store that is not there is known before a job's start is late.
const CONNECT: Duration = Duration::from_secs(4);

/// One attempt. Both stores answer in tens of milliseconds.
const ATTEMPT: Duration = Duration::from_secs(6);

/// The SDK's own number.
const ATTEMPTS: u32 = 3;

/// What AWS is asked with. Its `Debug` shows no credential.
#[derive(Clone)]
pub struct AwsAccess {
    /// Credentials, app name and Region, such as those of a source of jobs.
    pub sdk: SdkConfig,
    /// Another Region than that of `sdk`. A secret named by its ARN needs none.
    pub region: Option<String>,
    /// Another endpoint than the Region's, such as a VPC endpoint or a test's server.
    pub endpoint_url: Option<String>,
}

impl fmt::Debug for AwsAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsAccess")
            .field("region", &self.region)
            .field("endpoint_url", &self.endpoint_url)
            .finish_non_exhaustive()
    }
}

pub(crate) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .build()
}

pub(crate) fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(Duration::from_millis(200))
}
