//! From text to [`Config`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pipefitter_artifacts::UnpackLimits;
use pipefitter_plugins::toml_table::{self, Entry, Table};
use pipefitter_plugins::{ActionTypeKey, LimitValues, PluginPolicy, SupplyPolicy};
use pipefitter_sandbox::{Fixed, Isolation, IsolationFloor};
use pipefitter_worker::WorkerConfig;

use super::grant::{self, Folders};
use super::model::{Config, LogFormat, PluginConfig, SupplyConfig};
use super::network;
use super::places::Places;
use super::problem::{ConfigProblem, Place};
use super::secrets;
use super::sources;
use super::supply;

/// Read a file. Every problem is returned, not only the first.
pub(crate) fn load(file: &Path) -> Result<Config, Vec<ConfigProblem>> {
    without_problems(load_all(file))
}

/// Read a file where one is given; else every default, and no plugin is granted anything.
pub(crate) fn load_or_empty(file: Option<&Path>) -> Result<Config, Vec<ConfigProblem>> {
    match file {
        Some(file) => load(file),
        None => without_problems(read_text("", Path::new("."), Places::default())),
    }
}

/// Read a text; `file` names it, and relative paths are below its folder.
pub(crate) fn parse(file: &Path, text: &str) -> Result<Config, Vec<ConfigProblem>> {
    without_problems(parse_all(file, text))
}

/// What can be read of a file, and every problem of it: for `check`, which goes on with what there is.
pub(crate) fn load_all(file: &Path) -> (Option<Config>, Vec<ConfigProblem>) {
    match std::fs::read_to_string(file) {
        Ok(text) => parse_all(file, &text),
        Err(error) => {
            let problem = ConfigProblem {
                place: Place::File(file.into()),
                message: format!("cannot be read: {error}"),
                remedy: "give the path of a configuration with --config".to_owned(),
                warning: false,
            };
            (None, vec![problem])
        }
    }
}

fn without_problems(
    (config, problems): (Option<Config>, Vec<ConfigProblem>),
) -> Result<Config, Vec<ConfigProblem>> {
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(problems),
    }
}

fn parse_all(file: &Path, text: &str) -> (Option<Config>, Vec<ConfigProblem>) {
    let base = file.parent().unwrap_or(Path::new("."));
    read_text(text, base, Places::of(file, text.into()))
}

/// Relative paths are below `base`.
fn read_text(text: &str, base: &Path, places: Places) -> (Option<Config>, Vec<ConfigProblem>) {
    let mut config = None;
    let read = toml_table::read(text, |root| {
        config = Some(read_config(base, places.clone(), root));
        Some(())
    });
    let placed = |problem: toml_table::TableProblem| ConfigProblem {
        place: places.at(problem.span),
        message: problem.message,
        remedy: problem.remedy,
        warning: false,
    };
    let problems = read.err().unwrap_or_default();
    (config, problems.into_iter().map(placed).collect())
}

fn read_config(base: &Path, places: Places, root: &Table<'_>) -> Config {
    let log_format = root.table("log", |log| {
        log.choice(
            "format",
            &[("text", LogFormat::Text), ("json", LogFormat::Json)],
        )
    });
    let folders = Folders {
        base,
        state: path(root, "state-dir", base),
        plugins: path(root, "plugins-dir", base),
    };
    let mut demanded = SupplyConfig::default();
    let (limits, bounds) = root
        .table("limits", |table| {
            let sizes = supply::read_sizes(table);
            set(&mut demanded.policy.max_plugin_bytes, sizes.plugin);
            demanded.compile = sizes.compile;
            demanded.code_cache = table.size("code-cache");
            read_default_limits(table)
        })
        .unwrap_or_default();
    supply::read_trust(root, base, &mut demanded.policy);
    let plugins: BTreeMap<String, PluginConfig> = root
        .named("plugins")
        .into_iter()
        .filter_map(|(name, entry)| {
            let plugin = entry.table(|table| read_plugin(table, &folders, &demanded.policy))?;
            Some((name, plugin))
        })
        .collect();
    demanded.policy.plugins = plugins
        .iter()
        .map(|(name, plugin)| (name.clone(), plugin.supply.clone()))
        .collect();
    supply::check(root, &demanded.policy);
    Config {
        places,
        state_dir: folders.state,
        plugins_dir: folders.plugins,
        worker: read_worker(root),
        limits,
        bounds,
        sources: sources::read(root, base),
        plugins,
        log_format: log_format.flatten().unwrap_or_default(),
        secrets: secrets::read(root, base),
        network: root
            .table("network", |table| network::read(table, base))
            .unwrap_or_default(),
        isolation_floor: root
            .choice(
                "isolation-floor",
                &[
                    ("full", IsolationFloor::Full),
                    ("seccomp", IsolationFloor::Seccomp),
                    ("none", IsolationFloor::None),
                ],
            )
            .unwrap_or_default(),
        supply: demanded,
    }
}

/// A relative path is below `base`, the configuration's own folder.
pub(super) fn path(table: &Table<'_>, key: &'static str, base: &Path) -> Option<PathBuf> {
    table.text(key).map(|text| base.join(text))
}

fn read_worker(root: &Table<'_>) -> WorkerConfig {
    // The folders are below the state folder, which the command knows.
    let mut worker = WorkerConfig::new("", "");
    root.table("unpack", |table| {
        read_unpack(table, &mut worker.unpack_limits)
    });
    root.table("worker", |table| read_worker_table(table, &mut worker));
    worker
}

fn read_worker_table(table: &Table<'_>, worker: &mut WorkerConfig) {
    // 1,024: beyond that the machine is the limit, and one set of file descriptors for each job adds up.
    set(&mut worker.slots, table.count("slots", 1..=1024));
    for (name, entry) in table.named("slots-per-action-type") {
        // More than `slots` can be is as good as no bound: the range only keeps slips out.
        let count = entry.count(1..=1_000_000);
        if let Some((key, count)) = action_type(&entry, &name).zip(count) {
            worker.slots_per_action_type.insert(key, count);
        }
    }
    for (name, entry) in table.named("query-values") {
        let values = entry.texts().map(|texts| {
            check_query_values(&name, &entry, &texts);
            texts.into_iter().map(str::to_owned).collect()
        });
        if let Some((key, values)) = action_type(&entry, &name).zip(values) {
            worker.query_values.insert(key, values);
        }
    }
    worker.memory_budget = table.size("memory-budget");
    for (value, key) in [
        (&mut worker.poll_interval_min, "poll-interval-min"),
        (&mut worker.poll_interval_max, "poll-interval-max"),
        (&mut worker.drain_timeout, "drain-timeout"),
        (&mut worker.stop_grace, "stop-grace"),
        (&mut worker.credential_lifetime, "credential-lifetime"),
    ] {
        set(value, table.duration(key));
    }
    set(&mut worker.exclusive, table.flag("exclusive"));
    if worker.poll_interval_min > worker.poll_interval_max {
        table.problem(
            "poll-interval-min",
            "`worker.poll-interval-min` is above `worker.poll-interval-max`",
            "make the first the smaller one",
        );
    }
    if worker.credential_lifetime < Duration::from_secs(1) {
        table.problem(
            "credential-lifetime",
            "`worker.credential-lifetime` is less than a second",
            "give what the service's credentials are valid for: \"15m\" on AWS",
        );
    }
    if worker.poll_interval_min.is_zero() {
        table.problem(
            "poll-interval-min",
            "`worker.poll-interval-min` is zero",
            "give at least a few milliseconds: a poll without a pause is throttled",
        );
    }
}

/// The most characters of a value that can be polled for: shape ActionConfigurationQueryableValue of the service's
/// model, `[a-zA-Z0-9_-]+`.
const QUERY_VALUE: usize = 50;

/// The service refuses each poll with another value.
fn check_query_values(action_type: &str, entry: &Entry<'_>, values: &[&str]) {
    let simple = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    for (at, (item, value)) in entry.items().into_iter().flatten().zip(values).enumerate() {
        let length = value.chars().count();
        if !(1..=QUERY_VALUE).contains(&length) || !value.chars().all(simple) {
            let shown = match length {
                0 => "an empty value".to_owned(),
                1..=QUERY_VALUE => format!("`{value}`"),
                _ => format!("a value of {length} characters"),
            };
            item.problem(
                format!("CodePipeline takes no poll of `{action_type}` for {shown}"),
                format!("write 1 to {QUERY_VALUE} letters, digits, `-` and `_`: a pipeline's action can have no other value"),
            );
        } else if values[..at].contains(value) {
            item.problem(
                format!("`{value}` is there twice for `{action_type}`"),
                "take one of them out: it is polled for once",
            );
        }
    }
}

/// The action type that `entry` is called by.
pub(super) fn action_type(entry: &Entry<'_>, name: &str) -> Option<ActionTypeKey> {
    let mut parts = name.split('/').map(str::to_owned);
    let found = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(category), Some(provider), Some(version), None) => Some(ActionTypeKey {
            category,
            provider,
            version,
        }),
        _ => None,
    };
    if found.is_none() {
        entry.problem(
            format!("`{name}` is not an action type"),
            "write it as \"Category/Provider/Version\", such as \"Build/Site/1\"",
        );
    }
    found
}

fn set<T>(value: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *value = given;
    }
}

/// The year 9999, in seconds since the Unix epoch: what tools can write as a date.
const MAX_CLOCK: u64 = 253_402_300_799;

/// `[limits.default]` and `[limits.max]`.
fn read_default_limits(table: &Table<'_>) -> (LimitValues, LimitValues) {
    let defaults = table.table("default", LimitValues::read);
    let bounds = table.table("max", LimitValues::read);
    (defaults.unwrap_or_default(), bounds.unwrap_or_default())
}

fn read_unpack(table: &Table<'_>, limits: &mut UnpackLimits) {
    set(&mut limits.object_bytes, table.size("object-bytes"));
    set(&mut limits.bytes, table.size("bytes"));
    set(&mut limits.entries, table.count("entries", 1..=10_000_000));
    set(&mut limits.ratio, table.count("ratio", 1..=1_000_000));
    set(&mut limits.depth, table.count("depth", 1..=1_000));
}

fn read_plugin(table: &Table<'_>, folders: &Folders<'_>, demanded: &SupplyPolicy) -> PluginConfig {
    let grant = table.table("grant", |grant| grant::read(grant, folders));
    let limits = table.table("limits", |limits| {
        (LimitValues::read(limits), supply::read_sizes(limits))
    });
    let (limits, sizes) = limits.unwrap_or_default();
    PluginConfig {
        grant: grant.unwrap_or_default(),
        limits,
        compile: sizes.compile,
        isolation: table
            .choice(
                "isolation",
                &[
                    ("process", Isolation::Process),
                    ("shared", Isolation::Shared),
                ],
            )
            .unwrap_or_default(),
        asynchronous: table.flag("async").unwrap_or_default(),
        fixed: Fixed {
            wall_clock: table.count("fixed-clock", 0..=MAX_CLOCK),
            random_seed: table.count("random-seed", 0..=u64::MAX),
        },
        supply: PluginPolicy {
            max_bytes: sizes.plugin,
            ..supply::read_plugin(table, folders.base, demanded)
        },
    }
}
