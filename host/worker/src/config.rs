//! What the operator decides about a worker, and what a worker is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pipefitter_artifacts::UnpackLimits;
use pipefitter_claims::Claims;
use pipefitter_codepipeline::JobSource;
use pipefitter_egress::{Egress, NetworkGrant, NetworkGrants};
use pipefitter_events::EventQueue;
use pipefitter_journal::Journal;
use pipefitter_plugins::{ActionTypeKey, Catalogue, LimitValues};
use pipefitter_sandbox::{
    CompileLimits, DirectoryGrant, Fixed, Isolation, JobRunner, Limit, Limits,
};
use pipefitter_secrets::Secrets;
use tokio::sync::watch;

use crate::staging::Staging;

/// How a worker works. Start from [`WorkerConfig::new`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WorkerConfig {
    /// Jobs under way at the same time; at least 1. Default 8.
    pub slots: usize,
    /// Of these, at most so many of an action type. Default: no bound.
    pub slots_per_action_type: BTreeMap<ActionTypeKey, usize>,
    /// Bytes of guest memory for all jobs together, each counted with its memory limit. Default: no bound.
    pub memory_budget: Option<u64>,
    /// Between two polls of an action type that has jobs. Default 1 s.
    pub poll_interval_min: Duration,
    /// Between two polls of one that has none, or may not be polled. Default 30 s.
    pub poll_interval_max: Duration,
    /// What holds for one source, by its id. Default: nothing.
    pub source_settings: BTreeMap<String, SourceSettings>,
    /// Sources that this start does without, by id, with what has their jobs finished: those are told of and left
    /// in the journal.
    pub left_out: BTreeMap<String, String>,
    /// For an action type with a queryable property: the values to poll for, one poller each. Without
    /// values such a type is not polled, since the service demands one.
    pub query_values: BTreeMap<ActionTypeKey, Vec<String>>,
    /// Where jobs have their directories. Made with mode 0700; what earlier runs left in it is deleted
    /// on start. No two workers may share it.
    pub work_dir: PathBuf,
    /// Where job logs go, one file per job. Made with mode 0700.
    pub log_dir: PathBuf,
    /// How long a drain waits for jobs that run. Default 10 minutes.
    pub drain_timeout: Duration,
    /// How long a plugin has to hand over, then. Default 30 s.
    pub stop_grace: Duration,
    /// How long a worker that ends tries to send results that wait. Default 20 s.
    pub flush_timeout: Duration,
    /// Every poller of our action types is this worker or shares its claims: an ambiguous acknowledge is
    /// taken for ours. Default true.
    pub exclusive: bool,
    /// How long a job's credentials are taken to be valid; the API does not tell. Default 15 minutes
    /// (aws-codepipeline-plugin-for-jenkins, CodePipelineStateModel). See [`WorkerConfig::renew_after`].
    pub credential_lifetime: Duration,
    /// How long a slot is held while the service does not answer. Default 60 s.
    pub answer_window: Duration,
    /// What one input may come to.
    pub unpack_limits: UnpackLimits,
    /// What the operator grants and sets, by plugin name.
    pub plugin_settings: BTreeMap<String, PluginGrants>,
    /// The operator's defaults, for what neither the manifest nor the plugin's own table says.
    pub default_limits: LimitValues,
    /// The most that a manifest may ask for. Default: no bound.
    pub limit_bounds: LimitValues,
}

impl WorkerConfig {
    /// The defaults, with these directories.
    #[must_use]
    pub fn new(work_dir: impl Into<PathBuf>, log_dir: impl Into<PathBuf>) -> WorkerConfig {
        WorkerConfig {
            slots: 8,
            slots_per_action_type: BTreeMap::new(),
            memory_budget: None,
            poll_interval_min: Duration::from_secs(1),
            poll_interval_max: Duration::from_secs(30),
            source_settings: BTreeMap::new(),
            left_out: BTreeMap::new(),
            query_values: BTreeMap::new(),
            work_dir: work_dir.into(),
            log_dir: log_dir.into(),
            drain_timeout: Duration::from_secs(600),
            stop_grace: Duration::from_secs(30),
            flush_timeout: Duration::from_secs(20),
            exclusive: true,
            credential_lifetime: Duration::from_secs(15 * 60),
            answer_window: Duration::from_secs(60),
            unpack_limits: default_unpack_limits(),
            plugin_settings: BTreeMap::new(),
            default_limits: LimitValues::default(),
            limit_bounds: LimitValues::default(),
        }
    }

    /// Whether a source serves an action type.
    #[must_use]
    pub fn serves(&self, source: &str, action_type: &ActionTypeKey) -> bool {
        let settings = self.source_settings.get(source);
        settings
            .and_then(|settings| settings.action_types.as_ref())
            .is_none_or(|served| served.contains(action_type))
    }

    /// The age at which a job's credentials are renewed: two thirds of their lifetime. The third that is left is for
    /// what makes them older than they seem (an answer under way for a minute, with its retries), for renewals
    /// that are not answered at once, and for a request that was signed just before.
    #[must_use]
    pub fn renew_after(&self) -> Duration {
        self.credential_lifetime.mul_f64(2.0 / 3.0)
    }

    /// What a plugin may use. A limit is the operator's for this plugin; else the manifest's, else the default, both
    /// within the operator's bounds. Without grants it is granted nothing.
    #[must_use]
    pub fn settings_of(&self, name: &str, asked: Option<&LimitValues>) -> PluginSettings {
        let granted = self.plugin_settings.get(name).cloned().unwrap_or_default();
        let nothing = LimitValues::default();
        let wanted = asked.unwrap_or(&nothing).over(&self.default_limits);
        let limits = granted
            .limits
            .over(&wanted.at_most(&self.limit_bounds))
            .over(&host_defaults().at_most(&self.limit_bounds));
        let limits = limits.iter().fold(
            Limits::default(),
            |limits, (key, value)| match Limit::named(key) {
                Some(limit) => limits.with(limit, value),
                None => limits,
            },
        );
        PluginSettings {
            limits,
            directories: granted.directories,
            scratch: granted.scratch,
            isolation: granted.isolation,
            fixed: granted.fixed,
            network: granted.network,
            secrets: granted.secrets,
            attach: granted.attach,
        }
    }
}

/// What the operator decides about one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceSettings {
    /// Of the worker's slots, at most so many for its jobs. Default: no bound.
    pub slots: Option<usize>,
    /// The action types that it is polled for. Default: all that plugins serve.
    pub action_types: Option<BTreeSet<ActionTypeKey>>,
}

/// What the sandbox has where nobody says anything.
fn host_defaults() -> LimitValues {
    let limits = Limit::ALL.iter();
    limits.fold(LimitValues::default(), |values, limit| {
        values.with(limit.key(), limit.default_value())
    })
}

/// What the operator grants one plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginGrants {
    /// Limits that count above the manifest's and the bounds.
    pub limits: LimitValues,
    /// What compiling it may use. Default: what holds for all.
    pub compile: Option<CompileLimits>,
    /// Host directories.
    pub directories: Vec<DirectoryGrant>,
    /// Whether a scratch directory is granted.
    pub scratch: bool,
    /// Where its jobs run. Default: each in a process of its own.
    pub isolation: Isolation,
    /// Whether it may have an asynchronous entry. Default: it may not.
    pub asynchronous: bool,
    /// Clocks and random numbers that are the same each time. Default: real ones.
    pub fixed: Fixed,
    /// What it may reach by outgoing HTTP.
    pub network: NetworkGrants,
    /// Names of the secrets that it may read.
    pub secrets: Vec<String>,
    /// Secrets that are added to its requests, so that it never sees them.
    pub attach: Vec<AttachGrant>,
}

/// A secret that the host adds to a plugin's requests as a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachGrant {
    /// The secret's name.
    pub secret: String,
    /// The header's name.
    pub header: String,
    /// What stands before the secret in the header's value, such as `Bearer `.
    pub prefix: String,
    /// Which requests get it.
    pub to: NetworkGrant,
}

/// CodePipeline's own bounds for a source artifact (5 GB, 100,000 files), twice the bytes when unpacked,
/// and room for trees as real projects have them.
#[must_use]
pub fn default_unpack_limits() -> UnpackLimits {
    UnpackLimits {
        object_bytes: 5 << 30,
        bytes: 10 << 30,
        entries: 100_000,
        ratio: 200,
        depth: 64,
    }
}

/// What one plugin may use, all told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginSettings {
    /// What the manifest asks, within the operator's bounds.
    pub limits: Limits,
    /// Granted host directories.
    pub directories: Vec<DirectoryGrant>,
    /// Whether a scratch directory is granted.
    pub scratch: bool,
    /// Where its jobs run.
    pub isolation: Isolation,
    /// Clocks and random numbers that are the same each time.
    pub fixed: Fixed,
    /// What it may reach by outgoing HTTP.
    pub network: NetworkGrants,
    /// Names of the secrets that it may read.
    pub secrets: Vec<String>,
    /// Secrets that are added to its requests, so that it never sees them.
    pub attach: Vec<AttachGrant>,
}

/// A source of jobs and what stages its artifacts.
#[derive(Clone)]
pub struct SourceParts {
    /// Polls, acknowledges, reports.
    pub source: Arc<dyn JobSource>,
    /// Downloads and uploads.
    pub stager: Arc<dyn Staging>,
    /// Tells of actions before a poll does.
    pub events: Option<SourceEvents>,
    /// How often ListActionExecutions is asked whether a job's action still goes on; without it, never.
    pub check_executions: Option<Duration>,
}

impl SourceParts {
    /// A source that is polled, and nothing besides.
    #[must_use]
    pub fn new(source: Arc<dyn JobSource>, stager: Arc<dyn Staging>) -> SourceParts {
        SourceParts {
            source,
            stager,
            events: None,
            check_executions: None,
        }
    }
}

/// Events of a source.
#[derive(Clone)]
pub struct SourceEvents {
    /// Where they come from. No other worker may receive from it.
    pub queue: Arc<dyn EventQueue>,
    /// Between two polls of an action type that has no jobs, while the queue works.
    pub poll_interval_max: Duration,
}

/// What a worker is made of.
#[derive(Clone)]
pub struct WorkerParts {
    /// Each with an id of its own.
    pub sources: Vec<SourceParts>,
    /// Runs plugins.
    pub runner: Arc<dyn JobRunner>,
    /// Survives a crash.
    pub journal: Arc<dyn Journal>,
    /// Lets plugins out to the network; a worker that grants none needs none.
    pub egress: Option<Egress>,
    /// Knows the operator's secrets; a worker that grants none needs none.
    pub secrets: Option<Arc<Secrets>>,
    /// Which worker owns a job.
    pub claims: Arc<dyn Claims>,
    /// The plugins that are served, as they change.
    pub catalogue: watch::Receiver<Arc<Catalogue>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(wall: u64) -> LimitValues {
        LimitValues::default().with("wall", wall * 1000)
    }

    #[test]
    fn the_operator_counts_above_the_manifest_and_the_manifest_above_the_default() {
        let mut config = WorkerConfig::new("work", "log");
        let wall = |config: &WorkerConfig, asked: Option<&LimitValues>| {
            config.settings_of("p", asked).limits.wall().as_secs()
        };
        assert_eq!(wall(&config, None), 15 * 60);
        assert_eq!(wall(&config, Some(&asking(7_200))), 7_200);
        config.limit_bounds = asking(3_600);
        assert_eq!(wall(&config, Some(&asking(7_200))), 3_600);
        assert_eq!(wall(&config, Some(&asking(60))), 60);
        config.limit_bounds = asking(300);
        assert_eq!(wall(&config, None), 300);
        config.default_limits = asking(200);
        assert_eq!(wall(&config, None), 200);
        let grants = PluginGrants {
            limits: asking(9_000),
            ..PluginGrants::default()
        };
        config.plugin_settings.insert("p".to_owned(), grants);
        assert_eq!(wall(&config, Some(&asking(60))), 9_000);
        assert!(config.settings_of("q", None).directories.is_empty());
    }

    #[test]
    fn every_limit_has_a_default_an_ask_a_bound_and_a_last_word() {
        for key in pipefitter_plugins::LIMIT_KEYS {
            let limit = Limit::named(key.name).unwrap();
            let (usual, step) = (limit.default_value(), 1 + limit.default_value() / 8);
            let only = |value| LimitValues::default().with(key.name, value);
            let mut config = WorkerConfig::new("work", "log");
            let of = |config: &WorkerConfig, asked: Option<u64>| {
                let asked = asked.map(only);
                config.settings_of("p", asked.as_ref()).limits.get(limit)
            };
            assert_eq!(of(&config, None), usual, "{}", key.name);
            assert_eq!(of(&config, Some(usual + 2 * step)), usual + 2 * step);
            config.default_limits = only(usual + 3 * step);
            assert_eq!(of(&config, None), usual + 3 * step, "{}", key.name);
            config.limit_bounds = only(usual + step);
            for asked in [None, Some(usual + 2 * step)] {
                assert_eq!(of(&config, asked), usual + step, "{}", key.name);
            }
            let own = PluginGrants {
                limits: only(usual + 4 * step),
                ..PluginGrants::default()
            };
            config.plugin_settings.insert("p".to_owned(), own);
            assert_eq!(of(&config, Some(usual)), usual + 4 * step, "{}", key.name);
        }
    }

    #[test]
    fn what_can_be_written_is_what_the_sandbox_keeps() {
        use pipefitter_plugins::{LIMIT_KEYS, LimitUnit as Written};
        use pipefitter_sandbox::LimitUnit as Kept;
        let written: Vec<_> = LIMIT_KEYS.iter().map(|key| (key.name, key.unit)).collect();
        let kept: Vec<_> = Limit::ALL
            .iter()
            .map(|limit| {
                let unit = match limit.unit() {
                    Kept::Duration => Written::Duration,
                    Kept::Size => Written::Size,
                    Kept::Count => Written::Count,
                };
                (limit.key(), unit)
            })
            .collect();
        assert_eq!(written, kept);
        for (key, limit) in LIMIT_KEYS.iter().zip(Limit::ALL) {
            let default = limit.default_value();
            assert!((key.least..=key.most).contains(&default), "{}", key.name);
        }
    }
}
