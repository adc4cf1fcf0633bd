//! The clients of an account.

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_s3::config::IdentityCache;

/// Clients of one account and Region.
pub(crate) struct Account {
    pub(super) codepipeline: aws_sdk_codepipeline::Client,
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) region: String,
    pub(super) provider: String,
}

impl Account {
    /// With somebody's usual credentials. `path_style` is for S3 servers without a domain of their own.
    pub(crate) fn new(sdk: &SdkConfig, region: &str, provider: String, path_style: bool) -> Self {
        let codepipeline = aws_sdk_codepipeline::config::Builder::from(sdk)
            .retry_config(RetryConfig::disabled())
            .build();
        let s3 = aws_sdk_s3::config::Builder::from(sdk)
            .retry_config(RetryConfig::disabled())
            // Jobs sign with credentials of their own.
            .identity_cache(IdentityCache::no_cache())
            .force_path_style(path_style)
            .build();
        Self {
            codepipeline: aws_sdk_codepipeline::Client::from_conf(codepipeline),
            s3: aws_sdk_s3::Client::from_conf(s3),
            region: region.to_owned(),
            provider,
        }
    }
}
