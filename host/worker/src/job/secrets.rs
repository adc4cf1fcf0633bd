//! The operator's secrets for one job: each is hidden in everything that leaves the process before anybody gets it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use pipefitter_codepipeline::{FailureResult, FailureType};
use pipefitter_egress::AttachedHeader;
use pipefitter_sandbox::SecretError;
use pipefitter_secrets::SecretErrorKind;
use secrecy::{ExposeSecret, SecretString};

use crate::masker::Secret;

use super::brief::Brief;

/// How often the worker's log tells of one job's refusals: a guest may ask a million times.
const TOLD: u64 = 20;

/// A secret that the guest asks for.
pub(crate) async fn get(brief: &Brief, name: &str) -> Result<SecretString, SecretError> {
    let granted = &brief.parts.settings.secrets;
    if !granted.iter().any(|granted| granted == name) {
        refused(brief, "it is not granted");
        return Err(SecretError::Denied);
    }
    fetch(brief, name).await.map_err(|(kind, why)| {
        refused(brief, &why);
        match kind {
            SecretErrorKind::Unknown | SecretErrorKind::Missing => SecretError::Missing,
            SecretErrorKind::Unavailable | SecretErrorKind::Misconfigured => {
                SecretError::Unavailable
            }
        }
    })
}

/// Tell the operator, as often as [`TOLD`]: never by a name that a guest made up.
fn refused(brief: &Brief, why: &str) {
    let plugin = brief.plugin_name();
    let job = &brief.parts.info.job;
    match brief.secrets_refused.fetch_add(1, Ordering::Relaxed) {
        ..TOLD => tracing::warn!(plugin, %job, why, "a secret was not told to a plugin"),
        TOLD => tracing::warn!(
            plugin,
            %job,
            "more secrets were not told to a plugin; no more of it is told"
        ),
        _ => {}
    }
}

/// The headers that are attached to the job's requests.
pub(crate) async fn attached(brief: &Brief) -> Result<Vec<AttachedHeader>, FailureResult> {
    let mut headers = Vec::new();
    for grant in &brief.parts.settings.attach {
        let failed = |kind, why: &str| FailureResult {
            kind,
            message: format!(
                "the secret `{}`, which the worker adds to requests of plugin `{}`, cannot be used: {why}. The worker's \
                 operator has to look at it",
                grant.secret,
                brief.plugin_name(),
            ),
            external_execution_id: Some(brief.log_name()),
        };
        let secret = fetch(brief, &grant.secret).await.map_err(|(kind, why)| {
            let kind = match kind {
                SecretErrorKind::Unavailable => FailureType::SystemUnavailable,
                _ => FailureType::PermissionError,
            };
            failed(kind, &why)
        })?;
        let value = SecretString::from(format!("{}{}", grant.prefix, secret.expose_secret()));
        let header = AttachedHeader::new(grant.to.clone(), &grant.header, &value)
            .map_err(|error| failed(FailureType::ConfigurationError, &error.to_string()))?;
        headers.push(header);
    }
    Ok(headers)
}

async fn fetch(brief: &Brief, name: &str) -> Result<SecretString, (SecretErrorKind, String)> {
    let Some(secrets) = &brief.parts.secrets else {
        let why = "this worker has no secrets".to_owned();
        return Err((SecretErrorKind::Unknown, why));
    };
    let secret = secrets
        .get(name)
        .await
        .map_err(|error| (error.kind(), error.to_string()))?;
    let origin: Arc<str> = format!("the secret `{name}`").into();
    brief
        .masker
        .add(&Secret::new(origin, secret.expose_secret()));
    Ok(secret)
}
