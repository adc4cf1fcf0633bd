//! What the tasks of one job need to know.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use pipefitter_artifacts::{CredentialSource, UnpackLimits};
use pipefitter_claims::{ClaimKey, Claims};
use pipefitter_codepipeline::{JobContents, Nonce, Owner, clean_text};
use pipefitter_egress::Egress;
use pipefitter_plugins::Plugin;
use pipefitter_sandbox::{JobRunner, Level};
use pipefitter_secrets::Secrets;
use secrecy::ExposeSecret;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::config::PluginSettings;
use crate::envelope;
use crate::events::{JobInfo, WorkerEvent};
use crate::hiding_credentials::HidingCredentials;
use crate::life::Chain;
use crate::masker::{Masker, SHORTEST, Secret};
use crate::names;
use crate::staging::Staging;

use super::dirs::JobDirs;
use super::log;

/// What a brief is made of.
pub(crate) struct BriefParts {
    pub(crate) owner: Owner,
    pub(crate) region: String,
    pub(crate) stager: Arc<dyn Staging>,
    pub(crate) runner: Arc<dyn JobRunner>,
    pub(crate) egress: Option<Egress>,
    pub(crate) secrets: Option<Arc<Secrets>>,
    pub(crate) claims: Arc<dyn Claims>,
    pub(crate) claim: ClaimKey,
    pub(crate) contents: JobContents,
    pub(crate) chain: Chain,
    pub(crate) nonce: Nonce,
    pub(crate) plugin: Option<Arc<Plugin>>,
    pub(crate) settings: PluginSettings,
    pub(crate) credentials: Arc<dyn CredentialSource>,
    /// Cancelled once the service, asked for credentials, has said that the job has ended.
    pub(crate) ended: CancellationToken,
    pub(crate) work_dir: PathBuf,
    pub(crate) unpack_limits: UnpackLimits,
    pub(crate) info: Arc<JobInfo>,
    pub(crate) events: broadcast::Sender<WorkerEvent>,
    pub(crate) progress: watch::Sender<Option<(Option<u8>, String)>>,
    /// What an earlier job of the same action said last, masked by that one.
    pub(crate) said: Option<(Option<u8>, String)>,
}

/// Everything about one job, for as long as any of its tasks runs.
pub(crate) struct Brief {
    pub(crate) parts: BriefParts,
    pub(crate) dirs: JobDirs,
    /// Everything that leaves the process goes through it. A secret that a job comes by later is added
    /// before anybody gets it.
    pub(crate) masker: Arc<Masker>,
    /// How often the guest asked for a secret and got none.
    pub(crate) secrets_refused: AtomicU64,
}

impl Brief {
    pub(crate) fn new(mut parts: BriefParts) -> Brief {
        let name = names::job_name(&parts.claim.source, &parts.claim.job);
        let dirs = JobDirs::at(
            parts.work_dir.join(name),
            parts.contents.inputs.len(),
            parts.contents.outputs.len(),
        );
        let masker = Arc::new(Masker::new(secrets_of(&parts)));
        parts.credentials = Arc::new(HidingCredentials {
            source: parts.credentials,
            masker: Arc::clone(&masker),
        });
        Brief {
            parts,
            dirs,
            masker,
            secrets_refused: AtomicU64::new(0),
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

    /// What the plugin said last, or that of an earlier job of the action: percent and a few words.
    pub(crate) fn last_said(&self) -> Option<(Option<u8>, String)> {
        let own = self.parts.progress.borrow().clone();
        own.or_else(|| self.parts.said.clone())
    }

    /// The log's name, which leads to it as the external execution id.
    pub(crate) fn log_name(&self) -> String {
        names::log_name(&names::job_name(
            &self.parts.claim.source,
            &self.parts.claim.job,
        ))
    }

    /// A text as it may be read. Cleaned first: a control code in the middle of a secret would hide it from
    /// the masker.
    pub(crate) fn shown(&self, text: &str) -> String {
        self.masker.mask(&clean_text(text)).into_owned()
    }

    /// As [`Brief::shown`], of a text that quotes what was cut before it came here.
    pub(crate) fn shown_quoting(&self, text: &str) -> String {
        self.masker.mask_quoting(&clean_text(text)).into_owned()
    }

    /// A line of the host's in the job's log, and in the events.
    pub(crate) async fn say(&self, level: Level, text: &str) {
        let text = self.shown(text);
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

/// What is known from the start. More may come: see [`HidingCredentials`].
fn secrets_of(parts: &BriefParts) -> Vec<Secret> {
    let configuration = parts.contents.configuration.iter();
    let mut secrets: Vec<Secret> = configuration
        .filter_map(|(key, value)| {
            let origin = format!("the secret property `{}`", clean_text(key));
            let secret = Secret::new(origin, value.expose_secret());
            let is_secret = match &parts.plugin {
                Some(plugin) => plugin.manifest.secret_properties().any(|name| name == key),
                // Nobody says which values are secret. Nothing runs that could tell one, and to hide the
                // short ones would only blank the host's own words.
                None => secret.has(SHORTEST),
            };
            is_secret.then_some(secret)
        })
        .collect();
    if let Some(credentials) = &parts.contents.credentials {
        secrets.extend([
            Secret::credential(&credentials.access_key_id),
            Secret::credential(credentials.secret_access_key.expose_secret()),
            Secret::credential(credentials.session_token.expose_secret()),
        ]);
    }
    if let Some(password) = parts.egress.as_ref().and_then(Egress::proxy_password) {
        let origin = "the password of [network] proxy".to_owned();
        secrets.push(Secret::new(origin, password.expose_secret()));
    }
    secrets.push(Secret::token(parts.nonce.expose()));
    secrets.extend(parts.chain.token.as_deref().map(Secret::token));
    secrets
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
