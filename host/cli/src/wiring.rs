//! From a configuration to running parts: what `run`, `dev`, `invoke` and `check` share.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use aws_config::SdkConfig;
use pipefitter_egress::{Egress, EgressConfig, Proxy};
use pipefitter_plugins::{
    Catalogue, CodeCache, Look, PluginDigest, PluginsDir, Prepare, PrepareError, SupplyPolicy,
};
use pipefitter_sandbox::{
    ByIsolation, ChildProcess, CompileLimits, InProcess, IsolationFloor, Launcher, Sandbox,
    SandboxConfig, SealKey, Survey,
};
use pipefitter_secrets::{AwsAccess, SecretConfig, SecretFrom, Secrets, SecretsSettings};
use pipefitter_worker::{PluginGrants, Preparer, WorkerConfig};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::{CompileConfig, Config, NetworkConfig, PluginConfig, SecretPlace, SecretTable};
use crate::secret_faults::source_of;
use crate::sources;

/// The folders of a worker's state, made with mode 0700.
pub(crate) struct StateDir {
    root: PathBuf,
}

impl StateDir {
    pub(crate) fn open(root: &Path) -> Result<Self> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(root)
            .with_context(|| format!("could not make the state folder {}", root.display()))?;
        keep_private(root)?;
        Ok(Self {
            root: root.to_path_buf(),
        })
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.root.join("journal.redb")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// What the embedded service keeps.
    pub(crate) fn service(&self) -> Result<PathBuf> {
        self.made("service")
    }

    pub(crate) fn staging(&self) -> Result<PathBuf> {
        self.made("staging")
    }

    fn code(&self) -> PathBuf {
        self.root.join("code")
    }

    fn key(&self) -> Result<PathBuf> {
        self.made("key")
    }

    /// Make the key that seals compiled code: for engines that begin side by side.
    pub(crate) fn with_key(self) -> Result<Self> {
        SealKey::load_or_create(&self.key()?)
            .context("could not make the key that seals compiled code")?;
        Ok(self)
    }

    fn made(&self, name: &str) -> Result<PathBuf> {
        let path = self.root.join(name);
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("could not make {}", path.display()))?;
        Ok(path)
    }
}

/// A folder that was there already: an empty one is made private; one that others may write to is not used,
/// since they could put another journal or work folder in place of ours.
fn keep_private(root: &Path) -> Result<()> {
    let looked = || format!("could not look at the state folder {}", root.display());
    let mode = std::fs::metadata(root)
        .with_context(looked)?
        .permissions()
        .mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let empty = std::fs::read_dir(root)
        .with_context(looked)?
        .next()
        .is_none();
    if empty {
        return std::fs::set_permissions(root, Permissions::from_mode(0o700)).with_context(|| {
            format!("could not make the state folder {} private", root.display())
        });
    }
    if mode & 0o022 != 0 {
        bail!(
            "others may write to the state folder {0} (mode {1:04o}): run `chmod 700 {0}`, or give another",
            root.display(),
            mode & 0o7777
        );
    }
    Ok(())
}

/// The sandbox and what compiles plugins for it.
pub(crate) struct Engine {
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) preparer: Arc<Preparer>,
    pub(crate) runner: Arc<ByIsolation>,
    policy: SupplyPolicy,
}

impl Engine {
    /// For what `config` grants; `worker` is what [`worker_config`] made of it.
    pub(crate) fn new(state: &StateDir, config: &Config, worker: &WorkerConfig) -> Result<Self> {
        let key = SealKey::load_or_create(&state.key()?)
            .context("could not open the key that seals compiled code")?;
        let launcher = Launcher::start("/proc/self/exe").context("could not start the sandbox")?;
        launcher.check(config.isolation_floor).context(
            "plugins cannot be isolated here; `isolation-floor` in the configuration can be set lower, at the price \
             that docs/SECURITY.md names",
        )?;
        let mut settings = SandboxConfig::new(key);
        settings.launcher = Some(Arc::clone(&launcher));
        settings.isolation_floor = config.isolation_floor;
        settings.max_component_bytes = config.supply.policy.max_bytes_of_any();
        settings.compile_limits = compile_limits(&CompileConfig::default(), &config.supply.compile);
        let sandbox = Sandbox::new(settings).context("could not start wasmtime")?;
        let mut cache = CodeCache::open(state.code()).context("could not open the code cache")?;
        if let Some(bytes) = config.supply.code_cache {
            cache = cache.with_bound(bytes);
        }
        let preparer = Arc::new(
            Preparer::new(Arc::clone(&sandbox), cache)
                .with_settings(worker.plugin_settings.clone())
                .with_config_file(match config.places.file() {
                    Some(file) => file.display().to_string(),
                    None => "a file given with --config".to_owned(),
                }),
        );
        let shared = InProcess::new(Arc::clone(&sandbox)).context("could not start the sandbox")?;
        let runner = ByIsolation {
            process: Arc::new(ChildProcess::new(
                Arc::clone(&sandbox),
                launcher,
                config.isolation_floor,
            )),
            shared: Arc::new(shared),
        };
        Ok(Self {
            sandbox,
            preparer,
            runner: Arc::new(runner),
            policy: config.supply.policy.clone(),
        })
    }

    /// A folder of plugins, not looked at yet.
    pub(crate) fn plugins(&self, dir: &Path) -> Result<PluginsDir> {
        let prepare = Arc::clone(&self.preparer) as Arc<dyn Prepare>;
        let dir = PluginsDir::open(dir, prepare).context("could not open the plugins folder")?;
        Ok(dir.with_policy(self.policy.clone()))
    }
}

/// Looks at plugins for commands that run none: in a process of its own, locked by what this kernel has.
pub(crate) struct Looking(Arc<Launcher>);

impl Looking {
    pub(crate) fn start() -> Result<Self> {
        let launcher = Launcher::start("/proc/self/exe").context("could not start the sandbox")?;
        Ok(Self(launcher))
    }

    /// What shows of a file from its outside, and what is wrong with it; and what `look` would say.
    pub(crate) fn survey(&self, wasm: &[u8]) -> Result<(Survey, Vec<u8>)> {
        let survey = self.0.survey(wasm, IsolationFloor::None);
        survey.context("the file cannot be looked at")
    }
}

impl Look for Looking {
    fn look(&self, _digest: &PluginDigest, wasm: &[u8]) -> Result<Vec<u8>, PrepareError> {
        let seen = self.0.look(wasm, IsolationFloor::None);
        seen.map_err(|error| PrepareError {
            message: format!("it cannot be looked at: {}", error.full()),
            passing: false,
        })
    }
}

/// What compiling one plugin may use: what is said of it, what is said of all, what is usual.
fn compile_limits(own: &CompileConfig, all: &CompileConfig) -> CompileLimits {
    let usual = CompileLimits::default();
    CompileLimits::new(
        own.memory.or(all.memory).unwrap_or(usual.memory),
        own.time.or(all.time).unwrap_or(usual.cpu),
    )
}

/// What the operator's tables come to for the worker.
pub(crate) fn worker_config(config: &Config, state: &StateDir) -> WorkerConfig {
    let mut worker = plugin_settings(config);
    worker.work_dir = state.work();
    worker.log_dir = state.logs();
    worker.source_settings = config
        .sources
        .iter()
        .map(|source| (source.id.clone(), source.settings.clone()))
        .collect();
    worker
}

/// The part of it that is about plugins.
pub(crate) fn plugin_settings(config: &Config) -> WorkerConfig {
    let mut worker = config.worker.clone();
    worker.limit_bounds = config.bounds.clone();
    worker.default_limits = config.limits.clone();
    worker.plugin_settings = config
        .plugins
        .iter()
        .map(|(name, plugin)| {
            let settings = PluginGrants {
                limits: plugin.limits.clone(),
                compile: Some(compile_limits(&plugin.compile, &config.supply.compile)),
                directories: plugin.grant.directories.clone(),
                scratch: plugin.grant.scratch,
                isolation: plugin.isolation,
                asynchronous: plugin.asynchronous,
                fixed: plugin.fixed,
                network: plugin.grant.network.clone(),
                secrets: plugin.grant.secrets.clone(),
                attach: plugin.grant.attach.clone(),
            };
            (name.clone(), settings)
        })
        .collect();
    worker
}

/// Why plugins cannot be isolated here as the configuration demands, if so.
pub(crate) fn isolation_fault(config: &Config) -> Option<String> {
    let checked = Launcher::start("/proc/self/exe")
        .and_then(|launcher| launcher.check(config.isolation_floor));
    checked.err().map(|error| error.full())
}

/// The way to the network, if any plugin is granted one; `secrets` are those of [`secrets`].
pub(crate) async fn egress(config: &Config, secrets: Option<&Secrets>) -> Result<Option<Egress>> {
    let granted = |plugin: &PluginConfig| !plugin.grant.network.is_empty();
    if !config.plugins.values().any(granted) {
        return Ok(None);
    }
    let mut settings = EgressConfig::default();
    settings.authorities.clone_from(&config.network.ca_file);
    settings.proxy = proxy(&config.network, secrets).await?;
    settings.refused.clone_from(&config.network.refuse);
    Egress::new(settings)
        .map(Some)
        .context("could not make the way to the network ready, which [network] of the configuration describes")
}

/// The proxy, with its password as it is now.
async fn proxy(network: &NetworkConfig, secrets: Option<&Secrets>) -> Result<Option<Proxy>> {
    let (Some(proxy), Some(login)) = (&network.proxy, &network.proxy_login) else {
        return Ok(network.proxy.clone());
    };
    let secrets = secrets.context("`proxy-password` names a secret, and there is no [secrets]")?;
    let password = secrets
        .get(&login.password)
        .await
        .context("the password of [network] proxy cannot be had")?;
    let proxy = proxy
        .clone()
        .with_credentials(&login.user, &password)
        .context("[network] `proxy-user` and `proxy-password` cannot be used")?;
    Ok(Some(proxy))
}

/// The secrets that can be granted, if there are any.
pub(crate) async fn secrets(config: &Config) -> Result<Option<Arc<Secrets>>> {
    if config.secrets.is_empty() {
        return Ok(None);
    }
    let mut accesses = BTreeMap::new();
    let mut configs = Vec::new();
    for (name, secret) in &config.secrets {
        let from = match &secret.from {
            SecretPlace::Environment { variable, value } => SecretFrom::Env {
                variable: variable.clone(),
                value: value.clone(),
            },
            SecretPlace::File(path) => SecretFrom::File { path: path.clone() },
            SecretPlace::SecretsManager {
                id,
                json_key,
                version_stage,
            } => SecretFrom::SecretsManager {
                id: id.clone(),
                json_key: json_key.clone(),
                version_stage: version_stage.clone(),
                access: access(config, name, secret, &mut accesses).await?,
            },
            SecretPlace::SsmParameter {
                parameter,
                with_decryption,
            } => SecretFrom::SsmParameter {
                parameter: parameter.clone(),
                with_decryption: *with_decryption,
                access: access(config, name, secret, &mut accesses).await?,
            },
        };
        configs.push(SecretConfig {
            name: name.clone(),
            from,
        });
    }
    let secrets = Secrets::new(configs, SecretsSettings::default())
        .context("the [secrets] of the configuration cannot be used")?;
    Ok(Some(Arc::new(secrets)))
}

/// What AWS is asked with for a secret: the credentials and the Region of a source, connected to once.
async fn access(
    config: &Config,
    name: &str,
    secret: &SecretTable,
    known: &mut BTreeMap<String, SdkConfig>,
) -> Result<AwsAccess> {
    let source = source_of(config, secret).with_context(|| {
        format!(
            "secret `{name}` is AWS's, and there is no [[source]] to ask with; name one by `source`"
        )
    })?;
    let sdk = match known.get(&source.id) {
        Some(sdk) => sdk.clone(),
        None => {
            let sdk = sources::connect(source).await?.sdk_config().clone();
            known.insert(source.id.clone(), sdk.clone());
            sdk
        }
    };
    Ok(AwsAccess {
        sdk,
        region: secret.region.clone(),
        endpoint_url: secret.endpoint_url.clone(),
    })
}

/// The plugins of a folder, looked at once and watched from then on.
pub(crate) struct ServedPlugins {
    pub(crate) catalogue: watch::Receiver<Arc<Catalogue>>,
    pub(crate) watching: JoinSet<()>,
}

impl ServedPlugins {
    pub(crate) async fn open(
        dir: &Path,
        engine: &Engine,
        cancel: CancellationToken,
    ) -> Result<Self> {
        let mut plugins = engine.plugins(dir)?;
        let plugins = tokio::task::spawn_blocking(move || {
            plugins.scan();
            plugins
        })
        .await
        .context("loading plugins was interrupted")?;
        let (catalogue, work) = plugins.watch(cancel);
        let mut watching = JoinSet::new();
        watching.spawn(work);
        Ok(Self {
            catalogue,
            watching,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_state_folder_is_the_workers_own() {
        let folder = tempfile::tempdir().unwrap();
        let made = folder.path().join("a/made");
        StateDir::open(&made).unwrap();
        assert_eq!(mode(&made), 0o700);

        let found = folder.path().join("found");
        std::fs::create_dir(&found).unwrap();
        std::fs::set_permissions(&found, Permissions::from_mode(0o777)).unwrap();
        StateDir::open(&found).unwrap();
        assert_eq!(mode(&found), 0o700);

        std::fs::write(found.join("journal.redb"), "").unwrap();
        std::fs::set_permissions(&found, Permissions::from_mode(0o777)).unwrap();
        let refused = StateDir::open(&found).map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains("mode 0777"), "{refused}");
        assert!(refused.contains("chmod 700"), "{refused}");
    }
}
