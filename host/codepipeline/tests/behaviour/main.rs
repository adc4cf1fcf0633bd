//! The source over real HTTP: the AWS SDK as in production, against servers that answer what a test says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod acknowledge;
mod contents;
mod errors;
mod executions;
mod registered;
mod retries;
mod secrets;
mod server;
mod third_party;
mod tokens;
mod wire;

use std::time::Duration;

use pipefitter_codepipeline::{
    ActionTypeId, CustomSource, JobId, Nonce, Owner, PollRequest, Retries, SourceConfig, SourceId,
    Timeouts,
};
use secrecy::SecretString;

/// A source for the endpoint. Time-outs are generous: only the test of a silent server shortens them.
fn config(endpoint: &str) -> SourceConfig {
    SourceConfig {
        endpoint_url: Some(endpoint.to_owned()),
        static_keys: Some((
            "AKIDEXAMPLE".to_owned(),
            SecretString::from("static-secret-sentinel"),
        )),
        retries: Retries {
            attempts: 3,
            first_backoff: Duration::from_millis(1),
            longest_backoff: Duration::from_millis(2),
        },
        timeouts: Timeouts {
            connect: Duration::from_secs(20),
            attempt: Duration::from_secs(20),
            operation: Duration::from_secs(60),
        },
        ..SourceConfig::new(SourceId::new("main"), "eu-central-1")
    }
}

async fn source(endpoint: &str) -> CustomSource {
    CustomSource::connect(config(endpoint)).await.unwrap()
}

fn action_type() -> ActionTypeId {
    ActionTypeId {
        category: "Build".to_owned(),
        owner: Owner::Custom,
        provider: "Site".to_owned(),
        version: "1".to_owned(),
    }
}

fn poll() -> PollRequest {
    PollRequest {
        action_type: action_type(),
        max: 3,
        query: None,
    }
}

fn job() -> JobId {
    JobId::new("11111111-2222-3333-4444-555555555555")
}

fn nonce() -> Nonce {
    Nonce::new("nonce-sentinel")
}
