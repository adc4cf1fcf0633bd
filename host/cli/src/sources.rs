//! From a `[[source]]` to a source that can be polled, and what the journal is bound to.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use pipefitter_artifacts::{Stager, StagerConfig};
use pipefitter_codepipeline::{
    ClientTokens, Connection, CustomSource, ExecTokens, FileTokens, GivenTokens, JobSource, Owner,
    SourceId, ThirdPartySource, account_of, partition,
};
use pipefitter_events::SqsQueue;
use pipefitter_journal::{Identity, JournalError, Redb, ServiceIdentity};
use pipefitter_worker::{SourceEvents, SourceParts};
use tokio::time::timeout;

use crate::config::{ClientTokensConfig, SourceConfig};
use crate::wiring::StateDir;

/// How long a start waits for STS. Whose credentials a source has is worth some seconds, and no outage.
pub(crate) const STS_TIME: Duration = Duration::from_secs(10);

/// A source's table as the service's crate takes it.
pub(crate) fn source_settings(source: &SourceConfig) -> pipefitter_codepipeline::SourceConfig {
    let id = SourceId::new(source.id.clone());
    let mut settings = pipefitter_codepipeline::SourceConfig::new(id, source.region.clone());
    settings.endpoint_url.clone_from(&source.endpoint_url);
    settings.profile.clone_from(&source.profile);
    settings.role_arn.clone_from(&source.role_arn);
    settings.external_id.clone_from(&source.external_id);
    settings.static_keys.clone_from(&source.static_keys);
    settings
}

/// What sends a source's requests. Nothing is sent yet.
pub(crate) async fn connect(source: &SourceConfig) -> Result<Connection> {
    Connection::connect(source_settings(source))
        .await
        .with_context(|| format!("could not connect source `{}`", source.id))
}

/// A partner's customers' tokens, read once so that faults show at the start. Blocking.
pub(crate) fn client_tokens(source: &SourceConfig) -> Result<Arc<dyn ClientTokens>> {
    Ok(match &source.client_tokens {
        Some(ClientTokensConfig::File(path)) => Arc::new(FileTokens::open(path)?),
        Some(ClientTokensConfig::Environment {
            variable,
            value: Some(value),
        }) => Arc::new(GivenTokens::new(variable, value)?),
        Some(ClientTokensConfig::Environment { variable, .. }) => bail!(
            "the variable {variable} of the environment, which should hold client tokens, is not set"
        ),
        Some(ClientTokensConfig::Exec { command, timeout }) => {
            Arc::new(ExecTokens::new(command, *timeout)?)
        }
        None => bail!("a source of partners' jobs needs `client-tokens`"),
    })
}

/// One source of the configuration, ready to poll.
pub(crate) fn source_parts(
    source: &SourceConfig,
    connection: Connection,
    state: &StateDir,
) -> Result<SourceParts> {
    let sdk = connection.sdk_config().clone();
    let mut staging = StagerConfig::new(source.region.clone(), state.staging()?);
    staging.endpoint_url.clone_from(&source.s3_endpoint_url);
    // Bucket names as host names do not resolve where somebody serves S3 on a plain address.
    staging.force_path_style = source.s3_endpoint_url.is_some() || sdk.endpoint_url().is_some();
    staging.sdk_config = Some(sdk);
    let events = source.news.events.as_ref().map(|events| SourceEvents {
        queue: Arc::new(SqsQueue::new(events.queue.clone(), connection.sdk_config())),
        poll_interval_max: events.poll_interval_max,
    });
    let check_executions = source.news.check_executions;
    let source: Arc<dyn JobSource> = match source.owner {
        Owner::Custom => Arc::new(CustomSource::over(connection)),
        Owner::ThirdParty => {
            let tokens = client_tokens(source)
                .with_context(|| format!("could not connect source `{}`", source.id))?;
            Arc::new(ThirdPartySource::over(connection, tokens))
        }
    };
    Ok(SourceParts {
        events,
        check_executions,
        ..SourceParts::new(source, Arc::new(Stager::new(staging)))
    })
}

/// The account that a source's credentials are of, as far as anybody can tell: the role's, else what STS says,
/// else what the operator does.
pub(crate) async fn account(
    source: &SourceConfig,
    connection: &Connection,
) -> Result<Option<String>> {
    let of_role = source.role_arn.as_deref().and_then(account_of);
    let told = match of_role {
        Some(account) => Some(account.to_owned()),
        None if !connection.has_sts() => None,
        None => match timeout(STS_TIME, connection.caller_account()).await {
            Ok(Ok(account)) => Some(account),
            Ok(Err(error)) => {
                tracing::warn!(source = source.id, %error, "nobody tells which account a source's credentials are of");
                None
            }
            Err(_) => {
                tracing::warn!(
                    source = source.id,
                    "STS does not answer which account a source's credentials are of"
                );
                None
            }
        },
    };
    match (&source.account, told) {
        (Some(configured), Some(told)) if *configured != told => bail!(
            "source `{}` has `account = \"{configured}\"`, and its credentials are of {told}: give it the credentials of \
             that account, or correct the line",
            source.id
        ),
        (configured, told) => Ok(told.or_else(|| configured.clone())),
    }
}

/// What the journal is bound to: jobs of one service never meet another.
pub(crate) async fn journal_identity(sources: &[(&SourceConfig, Connection)]) -> Result<Identity> {
    let asked = sources.iter().map(async |(source, connection)| {
        let identity = ServiceIdentity {
            owner: source.owner.to_string(),
            partition: partition(&source.region).to_owned(),
            account: account(source, connection).await?,
            region: source.region.clone(),
            endpoint: connection.endpoint().map(str::to_owned),
        };
        anyhow::Ok((source.id.clone(), identity))
    });
    let sources = futures::future::try_join_all(asked).await?;
    Ok(Identity {
        sources: sources.into_iter().collect(),
    })
}

/// The journal on disk. Another service's is refused, with what to do. Blocking.
pub(crate) fn open_journal(state: &StateDir, identity: &Identity) -> Result<Redb> {
    let path = state.journal();
    Redb::open(&path, identity).map_err(|error| {
        let remedy = match &error {
            JournalError::Open { .. } | JournalError::Read(_) | JournalError::Write(_) => {
                " (this user must be able to write it, and no other worker may use this state folder)"
            }
            // Their own words say what to do.
            _ => "",
        };
        let what = format!("could not open the journal {}{remedy}", path.display());
        anyhow::Error::new(error).context(what)
    })
}
