//! What the tasks of one job need to know.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use pipefitter_artifacts::{CredentialSource, UnpackLimits};
use pipefitter_claims::{ClaimKey, Claims};
use pipefitter_codepipeline::{JobContents, Nonce};
use pipefitter_egress::Egress;
use pipefitter_plugins::Plugin;
use pipefitter_sandbox::{JobRunner, Level};
use secrecy::ExposeSecret;
use tokio::sync::{broadcast, watch};

use crate::config::PluginSettings;
use crate::envelope;
use crate::events::{JobInfo, WorkerEvent};
use crate::life::Chain;
use crate::masker::Masker;
use crate::names;
use crate::staging::Staging;

use super::dirs::JobDirs;
use super::log;

/// A nonce or token is hidden from this length on: shorter ones are numbers that logs are full of.
const SHORTEST_TOKEN: usize = 8;

/// What a brief is made of.
pub(crate) struct BriefParts {
    pub(crate) region: String,
    pub(crate) stager: Arc<dyn Staging>,
    pub(crate) runner: Arc<dyn JobRunner>,
    pub(crate) egress: Option<Egress>,
    pub(crate) claims: Arc<dyn Claims>,
    pub(crate) claim: ClaimKey,
    pub(crate) contents: JobContents,
    pub(crate) chain: Chain,
    pub(crate) nonce: Nonce,
    pub(crate) plugin: Option<Arc<Plugin>>,
    pub(crate) settings: PluginSettings,
    pub(crate) credentials: Arc<dyn CredentialSource>,
    pub(crate) work_dir: PathBuf,
    pub(crate) unpack_limits: UnpackLimits,
    pub(crate) info: Arc<JobInfo>,
    pub(crate) events: broadcast::Sender<WorkerEvent>,
    pub(crate) progress: watch::Sender<Option<(Option<u8>, String)>>,
}

/// Everything about one job, for as long as any of its tasks runs.
pub(crate) struct Brief {
    pub(crate) parts: BriefParts,
    pub(crate) dirs: JobDirs,
    /// For what leads somewhere: ids, variables, revisions.
    pub(crate) secrets: Masker,
    /// For what is read: lines, summaries, messages. Hides nonces and tokens too.
    pub(crate) prose: Masker,
}

impl Brief {
    pub(crate) fn new(parts: BriefParts) -> Brief {
        let name = names::job_name(&parts.claim.source, &parts.claim.job);
        let dirs = JobDirs::at(
            parts.work_dir.join(name),
            parts.contents.inputs.len(),
            parts.contents.outputs.len(),
        );
        let mut secrets: Vec<&str> = Vec::new();
        match &parts.plugin {
            Some(plugin) => secrets.extend(
                plugin
                    .manifest
                    .secret_properties()
                    .filter_map(|key| parts.contents.configuration.get(key))
                    .map(|value| value.expose_secret()),
            ),
            // Nobody says which values are secret, so all are.
            None => secrets.extend(
                parts
                    .contents
                    .configuration
                    .values()
                    .map(|value| value.expose_secret()),
            ),
        }
        if let Some(credentials) = &parts.contents.credentials {
            secrets.push(&credentials.access_key_id);
            secrets.push(credentials.secret_access_key.expose_secret());
            secrets.push(credentials.session_token.expose_secret());
        }
        let tokens = [Some(parts.nonce.expose()), parts.chain.token.as_deref()]
            .into_iter()
            .flatten()
            .filter(|token| token.chars().count() >= SHORTEST_TOKEN);
        let prose = Masker::new(secrets.iter().copied().chain(tokens));
        let secrets = Masker::new(secrets.iter().copied());
        Brief {
            parts,
            dirs,
            secrets,
            prose,
        }
    }

    /// The configuration in clear, for the plugin and its manifest's check.
    pub(crate) fn configuration(&self) -> BTreeMap<String, String> {
        self.parts
            .contents
            .configuration
            .iter()
            .map(|(key, value)| (key.clone(), value.expose_secret().to_owned()))
            .collect()
    }

    pub(crate) fn plugin_name(&self) -> &str {
        &self.parts.info.plugin
    }

    /// The log's name, which leads to it as the external execution id.
    pub(crate) fn log_name(&self) -> String {
        names::log_name(&names::job_name(
            &self.parts.claim.source,
            &self.parts.claim.job,
        ))
    }

    /// A line of the host's in the job's log, and in the events.
    pub(crate) async fn say(&self, level: Level, text: &str) {
        let text = self.prose.mask(text).into_owned();
        log::append(&self.parts.info.log, level, &text).await;
        // Nobody listening is fine.
        let _ = self.parts.events.send(WorkerEvent::Log {
            job: Arc::clone(&self.parts.info),
            level,
            text,
            fields: Vec::new(),
        });
    }
}

/// What earlier jobs left. A malformed envelope is refused when the job is staged.
pub(crate) fn chain_of(contents: &JobContents) -> Chain {
    let Some(token) = &contents.continuation else {
        return Chain::default();
    };
    match envelope::open(token.expose()) {
        Ok(Ok(envelope)) => Chain {
            attempt: envelope.attempt,
            origin: Some(envelope.origin),
            token: envelope.token,
        },
        Ok(Err(token)) => Chain {
            token: Some(token),
            ..Chain::default()
        },
        Err(_) => Chain::default(),
    }
}
