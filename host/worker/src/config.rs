//! What the operator decides about a worker, and what a worker is made of.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pipefitter_artifacts::UnpackLimits;
use pipefitter_claims::Claims;
use pipefitter_codepipeline::JobSource;
use pipefitter_journal::Journal;
use pipefitter_plugins::{ActionTypeKey, Catalogue, LimitsAsked};
use pipefitter_sandbox::{DirectoryGrant, DiskLimits, JobRunner, Limits};
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
    /// A job's credentials are renewed at this age. Default 10 minutes: they are valid for 15
    /// (aws-codepipeline-plugin-for-jenkins, CodePipelineStateModel).
    pub credential_max_age: Duration,
    /// How long a slot is held while the service does not answer. Default 60 s.
    pub answer_window: Duration,
    /// What one input may come to.
    pub unpack_limits: UnpackLimits,
    /// What the operator grants and sets, by plugin name.
    pub plugin_settings: BTreeMap<String, PluginGrants>,
    /// For what neither the manifest nor the operator says.
    pub default_limits: Limits,
    /// The most that a manifest may ask for. Default: no bound.
    pub limit_bounds: LimitOverrides,
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
            query_values: BTreeMap::new(),
            work_dir: work_dir.into(),
            log_dir: log_dir.into(),
            drain_timeout: Duration::from_secs(600),
            stop_grace: Duration::from_secs(30),
            flush_timeout: Duration::from_secs(20),
            exclusive: true,
            credential_max_age: Duration::from_secs(600),
            answer_window: Duration::from_secs(60),
            unpack_limits: default_unpack_limits(),
            plugin_settings: BTreeMap::new(),
            default_limits: default_limits(),
            limit_bounds: LimitOverrides::default(),
        }
    }

    /// What a plugin may use. A limit is the operator's for this plugin; else the manifest's, within the
    /// operator's bounds; else the default. Without grants it is granted nothing.
    #[must_use]
    pub fn settings_of(&self, name: &str, asked: Option<&LimitsAsked>) -> PluginSettings {
        let granted = self.plugin_settings.get(name).cloned().unwrap_or_default();
        let asked = asked.map_or_else(LimitOverrides::default, |asked| LimitOverrides {
            wall: asked.wall,
            cpu: asked.cpu,
            memory: asked.memory,
            log: asked.log,
        });
        let within_bounds = asked.at_most(self.limit_bounds);
        let limits = within_bounds.over(self.default_limits.clone());
        PluginSettings {
            limits: granted.limits.over(limits),
            directories: granted.directories,
            scratch: granted.scratch,
        }
    }
}

/// Limits that somebody has a say about; `None` leaves it to others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimitOverrides {
    /// Wall time.
    pub wall: Option<Duration>,
    /// CPU time.
    pub cpu: Option<Duration>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Bytes of log.
    pub log: Option<u64>,
}

impl LimitOverrides {
    /// These limits, and `base` where nothing is said.
    #[must_use]
    pub fn over(self, base: Limits) -> Limits {
        Limits {
            wall: self.wall.unwrap_or(base.wall),
            cpu: self.cpu.unwrap_or(base.cpu),
            memory_bytes: self.memory.unwrap_or(base.memory_bytes),
            log_bytes: self.log.unwrap_or(base.log_bytes),
            disk: base.disk,
        }
    }

    fn at_most(self, bounds: LimitOverrides) -> LimitOverrides {
        fn least<T: Ord>(asked: Option<T>, bound: Option<T>) -> Option<T> {
            match (asked, bound) {
                (Some(asked), Some(bound)) => Some(asked.min(bound)),
                (asked, _) => asked,
            }
        }
        LimitOverrides {
            wall: least(self.wall, bounds.wall),
            cpu: least(self.cpu, bounds.cpu),
            memory: least(self.memory, bounds.memory),
            log: least(self.log, bounds.log),
        }
    }
}

/// What the operator grants one plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginGrants {
    /// Limits that count above the manifest's and the bounds.
    pub limits: LimitOverrides,
    /// Host directories.
    pub directories: Vec<DirectoryGrant>,
    /// Whether a scratch directory is granted.
    pub scratch: bool,
}

/// 15 minutes, 5 of them on a processor, 256 MiB and 1 MiB of log: enough for most builds, and little
/// enough that a plugin that runs wild is stopped the same morning.
#[must_use]
pub fn default_limits() -> Limits {
    Limits {
        wall: Duration::from_secs(15 * 60),
        cpu: Duration::from_secs(5 * 60),
        memory_bytes: 256 << 20,
        log_bytes: 1 << 20,
        disk: DiskLimits::default(),
    }
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
}

/// A source of jobs and what stages its artifacts.
#[derive(Clone)]
pub struct SourceParts {
    /// Polls, acknowledges, reports.
    pub source: Arc<dyn JobSource>,
    /// Downloads and uploads.
    pub stager: Arc<dyn Staging>,
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
    /// Which worker owns a job.
    pub claims: Arc<dyn Claims>,
    /// The plugins that are served, as they change.
    pub catalogue: watch::Receiver<Arc<Catalogue>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(wall: u64) -> LimitsAsked {
        LimitsAsked {
            wall: Some(Duration::from_secs(wall)),
            ..LimitsAsked::default()
        }
    }

    #[test]
    fn the_operator_counts_above_the_manifest_and_the_manifest_above_the_default() {
        let mut config = WorkerConfig::new("work", "log");
        let wall = |config: &WorkerConfig, asked: Option<&LimitsAsked>| {
            config.settings_of("p", asked).limits.wall.as_secs()
        };
        assert_eq!(wall(&config, None), default_limits().wall.as_secs());
        assert_eq!(wall(&config, Some(&asking(7_200))), 7_200);
        config.limit_bounds.wall = Some(Duration::from_secs(3_600));
        assert_eq!(wall(&config, Some(&asking(7_200))), 3_600);
        assert_eq!(wall(&config, Some(&asking(60))), 60);
        let grants = PluginGrants {
            limits: LimitOverrides {
                wall: Some(Duration::from_secs(9_000)),
                ..LimitOverrides::default()
            },
            ..PluginGrants::default()
        };
        config.plugin_settings.insert("p".to_owned(), grants);
        assert_eq!(wall(&config, Some(&asking(60))), 9_000);
        assert!(config.settings_of("q", None).directories.is_empty());
    }
}
