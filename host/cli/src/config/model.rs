//! The configuration as values, defaults filled in.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use pipefitter_codepipeline::Owner;
use pipefitter_egress::{NetworkGrants, Proxy};
use pipefitter_events::QueueUrl;
use pipefitter_plugins::{ActionTypeKey, LimitValues, PluginPolicy, SupplyPolicy};
use pipefitter_sandbox::{DirectoryGrant, Fixed, Isolation, IsolationFloor};
use pipefitter_worker::{AttachGrant, SourceSettings, WorkerConfig};
use secrecy::SecretString;

use super::places::Places;

/// The whole file.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Where its keys stand, for what is found wrong with their values.
    pub(crate) places: Places,
    /// Journal, compiled code, job logs, work folders.
    pub(crate) state_dir: Option<PathBuf>,
    /// Where plugins are dropped.
    pub(crate) plugins_dir: Option<PathBuf>,
    /// How the worker works; its folders and plugins are filled in from the rest.
    pub(crate) worker: WorkerConfig,
    /// Defaults for plugins that ask for nothing.
    pub(crate) limits: LimitValues,
    /// The most that a plugin may ask for.
    pub(crate) bounds: LimitValues,
    /// Where jobs come from.
    pub(crate) sources: Vec<SourceConfig>,
    /// What plugins may do, by name.
    pub(crate) plugins: BTreeMap<String, PluginConfig>,
    /// How log lines look.
    pub(crate) log_format: LogFormat,
    /// The secrets that can be granted, by name.
    pub(crate) secrets: BTreeMap<String, SecretTable>,
    /// How plugins get out.
    pub(crate) network: NetworkConfig,
    /// The least isolation of plugins that the worker starts with.
    pub(crate) isolation_floor: IsolationFloor,
    /// What is demanded of plugins' files.
    pub(crate) supply: SupplyConfig,
}

/// What is demanded of plugins' files and of the code that is made of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct SupplyConfig {
    /// Sizes, digests, signatures; `[plugins.NAME]` included.
    pub(crate) policy: SupplyPolicy,
    /// Bytes that compiled code may have; the default is the cache's own.
    pub(crate) code_cache: Option<u64>,
    /// What compiling one plugin may use.
    pub(crate) compile: CompileConfig,
}

/// What compiling may use: of `[limits]`, or of a plugin's own. The defaults are the sandbox's.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CompileConfig {
    /// Bytes of memory.
    pub(crate) memory: Option<u64>,
    /// Processor time.
    pub(crate) time: Option<Duration>,
}

/// `[[source]]`.
#[derive(Clone, Debug)]
pub(crate) struct SourceConfig {
    /// Names it everywhere.
    pub(crate) id: String,
    /// The Region.
    pub(crate) region: String,
    /// The owner.
    pub(crate) owner: Owner,
    /// The account that its credentials are of, as the operator says.
    pub(crate) account: Option<String>,
    /// What holds for its jobs.
    pub(crate) settings: SourceSettings,
    /// A profile of the AWS configuration files.
    pub(crate) profile: Option<String>,
    /// A role to assume.
    pub(crate) role_arn: Option<String>,
    /// For the role.
    pub(crate) external_id: Option<String>,
    /// Another endpoint than the Region's; what a profile says is not in it.
    pub(crate) endpoint_url: Option<String>,
    /// The same for S3.
    pub(crate) s3_endpoint_url: Option<String>,
    /// Where a partner's customers' tokens are; of a third-party source only.
    pub(crate) client_tokens: Option<ClientTokensConfig>,
    /// A key and its secret; only `dev` has some, those of the embedded service.
    pub(crate) static_keys: Option<(String, SecretString)>,
    /// How its jobs are heard of, besides by polling.
    pub(crate) news: NewsConfig,
}

/// How jobs are heard of, besides by polling.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewsConfig {
    /// Events from a queue.
    pub(crate) events: Option<EventsConfig>,
    /// How often ListActionExecutions is asked about a running job.
    pub(crate) check_executions: Option<Duration>,
}

/// `events` of a source.
#[derive(Clone, Debug)]
pub(crate) struct EventsConfig {
    /// The queue.
    pub(crate) queue: QueueUrl,
    /// The longest pause between polls while it works.
    pub(crate) poll_interval_max: Duration,
}

impl SourceConfig {
    /// Whether it is polled for an action type.
    pub(crate) fn serves(&self, action_type: &ActionTypeKey) -> bool {
        let named = self.settings.action_types.as_ref();
        named.is_none_or(|named| named.contains(action_type))
    }
}

/// `client-tokens` of a source.
#[derive(Clone, Debug)]
pub(crate) enum ClientTokensConfig {
    /// A file that is looked at again with each job.
    File(PathBuf),
    /// A variable of the environment, and its value.
    Environment {
        variable: String,
        value: Option<SecretString>,
    },
    /// A program with its arguments, and how long it may take.
    Exec {
        command: Vec<String>,
        timeout: Duration,
    },
}

/// `[plugins.NAME]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct PluginConfig {
    /// What it may reach.
    pub(crate) grant: GrantConfig,
    /// What it may use.
    pub(crate) limits: LimitValues,
    /// What compiling it may use, in place of what holds for all.
    pub(crate) compile: CompileConfig,
    /// Where its jobs run.
    pub(crate) isolation: Isolation,
    /// Whether it may have an asynchronous entry.
    pub(crate) asynchronous: bool,
    /// Clocks and random numbers that are the same each time.
    pub(crate) fixed: Fixed,
    /// What is demanded of its files.
    pub(crate) supply: PluginPolicy,
}

/// `[plugins.NAME.grant]`. An empty one grants nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct GrantConfig {
    /// A private folder for temporary files.
    pub(crate) scratch: bool,
    /// Folders of the host.
    pub(crate) directories: Vec<DirectoryGrant>,
    /// What it may reach by outgoing HTTP.
    pub(crate) network: NetworkGrants,
    /// Names of the secrets that it may read.
    pub(crate) secrets: Vec<String>,
    /// Secrets that are added to its requests.
    pub(crate) attach: Vec<AttachGrant>,
}

/// `[secrets.NAME]`.
#[derive(Clone, Debug)]
pub(crate) struct SecretTable {
    /// Where its value is.
    pub(crate) from: SecretPlace,
    /// The source whose credentials and Region AWS is asked with; the first one if none is named.
    pub(crate) source: Option<String>,
    /// Another Region.
    pub(crate) region: Option<String>,
    /// Another endpoint than the Region's.
    pub(crate) endpoint_url: Option<String>,
}

/// Where a secret's value is.
#[derive(Clone, Debug)]
pub(crate) enum SecretPlace {
    /// A variable of the environment, and its value.
    Environment {
        variable: String,
        value: Option<SecretString>,
    },
    /// A file.
    File(PathBuf),
    /// AWS Secrets Manager.
    SecretsManager {
        id: String,
        json_key: Option<String>,
        version_stage: Option<String>,
    },
    /// SSM Parameter Store.
    SsmParameter {
        parameter: String,
        with_decryption: bool,
    },
}

/// `[network]`: how the worker itself gets out.
#[derive(Clone, Debug, Default)]
pub(crate) struct NetworkConfig {
    /// Certificate authorities besides the system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// What every connection goes through.
    pub(crate) proxy: Option<Proxy>,
    /// Who the worker is to the proxy.
    pub(crate) proxy_login: Option<ProxyLogin>,
    /// Ranges that are refused besides those that never are public.
    pub(crate) refuse: Vec<IpNet>,
}

/// A user of the proxy's.
#[derive(Clone, Debug)]
pub(crate) struct ProxyLogin {
    /// The user's name.
    pub(crate) user: String,
    /// The name of the secret that is the password.
    pub(crate) password: String,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For collectors.
    Json,
}
