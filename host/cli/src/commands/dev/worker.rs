//! The worker that `dev` runs against its own service: the plugins' jobs, and those of partners' types that it
//! was told of, with the tokens that the service itself checks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use pipefitter_claims::Single;
use pipefitter_codepipeline::Owner;
use pipefitter_journal::{Identity, Journal, ServiceIdentity};
use pipefitter_local::{Server, ThirdParty};
use pipefitter_plugins::ActionTypeKey;
use pipefitter_worker::{SourceSettings, Worker, WorkerHandle, WorkerParts};
use secrecy::{ExposeSecret, SecretString};

use super::setup::{KEY, REGION};
use crate::args::DevArgs;
use crate::config::{ClientTokensConfig, Config, NewsConfig, SourceConfig};
use crate::sources;
use crate::wiring::{self, Engine, ServedPlugins, StateDir};

/// The one account that the embedded service has.
const ACCOUNT: &str = "000000000000";

/// The source of the account's own jobs.
const LOCAL: &str = "local";
/// The source of partners' jobs.
const PARTNER: &str = "partner";

pub(crate) async fn start_worker(
    args: &DevArgs,
    config: &Config,
    state: &StateDir,
    engine: &Engine,
    plugins: &ServedPlugins,
    server: &Server,
    third_party: &ThirdParty,
) -> Result<WorkerHandle> {
    let mut worker_config = wiring::worker_config(config, state);
    worker_config.credential_lifetime = args.credential_lifetime;
    let mut parts = Vec::new();
    let sources = sources_of(server, third_party)?;
    // The service's jobs and the journal that names them stay together, or go together.
    let journal: Arc<dyn Journal> = if args.state_dir.is_some() {
        Arc::new(sources::open_journal(state, &identity())?)
    } else {
        Arc::new(pipefitter_journal::Memory::default())
    };
    if third_party.action_types.is_empty() {
        let remedy = "give the `--third-party` file of before to have the job finished";
        worker_config
            .left_out
            .insert(PARTNER.to_owned(), remedy.to_owned());
    }
    for source in sources {
        let settings = source.settings.clone();
        worker_config
            .source_settings
            .insert(source.id.clone(), settings);
        let connection = sources::connect(&source).await?;
        parts.push(sources::source_parts(&source, connection, state)?);
    }
    let secrets = wiring::secrets(config).await?;
    let parts = WorkerParts {
        egress: wiring::egress(config, secrets.as_deref()).await?,
        secrets,
        sources: parts,
        runner: Arc::clone(&engine.runner) as _,
        journal,
        claims: Arc::new(Single),
        catalogue: plugins.catalogue.clone(),
    };
    Worker::start(worker_config, parts)
        .await
        .context("the worker does not start")
}

/// What the journal is bound to: the service of the state folder, whatever its port is this time. Partners' jobs stay
/// in it through a start that is not told of partners.
fn identity() -> Identity {
    let service = |owner: Owner| ServiceIdentity {
        owner: owner.to_string(),
        partition: "aws".to_owned(),
        account: Some(ACCOUNT.to_owned()),
        region: REGION.to_owned(),
        endpoint: Some("the embedded service of this folder".to_owned()),
    };
    let sources = [(LOCAL, Owner::Custom), (PARTNER, Owner::ThirdParty)];
    Identity {
        sources: sources
            .map(|(id, owner)| (id.to_owned(), service(owner)))
            .into(),
    }
}

/// The account's own jobs, and partners' where there are any.
fn sources_of(server: &Server, third_party: &ThirdParty) -> Result<Vec<SourceConfig>> {
    let custom = SourceConfig {
        id: LOCAL.to_owned(),
        region: REGION.to_owned(),
        owner: Owner::Custom,
        profile: None,
        role_arn: None,
        external_id: None,
        endpoint_url: Some(server.endpoint_url()),
        account: None,
        settings: SourceSettings::default(),
        s3_endpoint_url: Some(server.endpoint_url()),
        client_tokens: None,
        static_keys: Some((KEY.to_owned(), KEY.into())),
        news: NewsConfig {
            events: None,
            // A job that somebody stops by hand ends while that somebody looks on.
            check_executions: Some(Duration::from_secs(2)),
        },
    };
    if third_party.action_types.is_empty() {
        return Ok(vec![custom]);
    }
    let types = third_party.action_types.iter();
    let clients = types.clone().flat_map(|kind| &kind.clients);
    let tokens: BTreeMap<&str, &str> = clients
        .map(|client| (client.id.as_str(), client.token.expose_secret()))
        .collect();
    let tokens = serde_json::to_string(&tokens).context("client tokens cannot be told on")?;
    let partner = SourceConfig {
        id: PARTNER.to_owned(),
        owner: Owner::ThirdParty,
        settings: SourceSettings {
            action_types: Some(
                types
                    .map(|kind| ActionTypeKey {
                        category: kind.category.clone(),
                        provider: kind.provider.clone(),
                        version: kind.version.clone(),
                    })
                    .collect(),
            ),
            ..SourceSettings::default()
        },
        client_tokens: Some(ClientTokensConfig::Environment {
            variable: "third-party".to_owned(),
            value: Some(SecretString::from(tokens)),
        }),
        ..custom.clone()
    };
    Ok(vec![custom, partner])
}
