//! From text to [`Config`].

use std::path::{Path, PathBuf};

use pipefitter_artifacts::UnpackLimits;
use pipefitter_codepipeline::Owner;
use pipefitter_plugins::ActionTypeKey;
use pipefitter_sandbox::DirectoryGrant;
use pipefitter_worker::{LimitOverrides, WorkerConfig};
use toml::de::DeTable;

use super::model::{Config, GrantConfig, LogFormat, PluginConfig, SourceConfig};
use super::problem::ConfigProblem;
use super::section::{Problems, Section};

/// Read a file. Every problem is returned, not only the first.
pub(crate) fn load(file: &Path) -> Result<Config, Vec<ConfigProblem>> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        vec![ConfigProblem {
            file: file.to_path_buf(),
            place: None,
            message: format!("cannot be read: {error}"),
            remedy: "give the path of a configuration with --config".to_owned(),
            warning: false,
        }]
    })?;
    parse(file, &text)
}

/// Read a text; `file` names it, and relative paths are below its folder.
pub(crate) fn parse(file: &Path, text: &str) -> Result<Config, Vec<ConfigProblem>> {
    let problems = Problems::new(file, text);
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let at = error.span().unwrap_or(0..0);
            problems.add(
                at,
                format!("not TOML: {}", error.message()),
                "text goes in quotes, tables in [brackets]",
            );
            return Err(problems.into_sorted());
        }
    };
    let section = Section::new(&problems, table.get_ref(), table.span(), String::new());
    let config = read_config(file, section);
    let problems = problems.into_sorted();
    if problems.is_empty() {
        Ok(config)
    } else {
        Err(problems)
    }
}

fn read_config(file: &Path, root: Section<'_, '_>) -> Config {
    let base = file.parent().unwrap_or(Path::new("."));
    let log_format = root.section("log").and_then(|log| {
        let format = log.choice(
            "format",
            &[("text", LogFormat::Text), ("json", LogFormat::Json)],
        );
        log.finish();
        format
    });
    let (limits, bounds) = read_default_limits(&root);
    let config = Config {
        file: file.to_path_buf(),
        state_dir: root.path("state-dir", base),
        plugins_dir: root.path("plugins-dir", base),
        worker: read_worker(&root),
        limits,
        bounds,
        sources: read_sources(&root),
        plugins: root
            .named_sections("plugins")
            .into_iter()
            .map(|(name, section)| (name, read_plugin(section, base)))
            .collect(),
        log_format: log_format.unwrap_or_default(),
    };
    root.finish();
    config
}

fn read_worker(root: &Section<'_, '_>) -> WorkerConfig {
    // The folders are below the state folder, which the command knows.
    let mut worker = WorkerConfig::new("", "");
    read_unpack(root, &mut worker.unpack_limits);
    let Some(section) = root.section("worker") else {
        return worker;
    };
    // 1,024: beyond that the machine is the limit, and one set of file descriptors for each job adds up.
    if let Some(slots) = section.count("slots", 1..=1024) {
        worker.slots = usize::try_from(slots).unwrap_or(worker.slots);
    }
    for (name, count) in section.named_counts("slots-per-action-type") {
        if let Some(key) = action_type(&section, "slots-per-action-type", &name) {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            worker.slots_per_action_type.insert(key, count);
        }
    }
    for (name, values) in section.named_lists("query-values") {
        if let Some(key) = action_type(&section, "query-values", &name) {
            worker.query_values.insert(key, values);
        }
    }
    worker.memory_budget = section.size("memory-budget");
    set(
        &mut worker.poll_interval_min,
        section.duration("poll-interval-min"),
    );
    set(
        &mut worker.poll_interval_max,
        section.duration("poll-interval-max"),
    );
    set(&mut worker.drain_timeout, section.duration("drain-timeout"));
    set(&mut worker.stop_grace, section.duration("stop-grace"));
    set(&mut worker.exclusive, section.flag("exclusive"));
    set(
        &mut worker.credential_max_age,
        section.duration("credential-max-age"),
    );
    if worker.poll_interval_min > worker.poll_interval_max {
        section.problem(
            "poll-interval-min",
            "`worker.poll-interval-min` is above `worker.poll-interval-max`".to_owned(),
            "make the first the smaller one",
        );
    }
    if worker.poll_interval_min.is_zero() {
        section.problem(
            "poll-interval-min",
            "`worker.poll-interval-min` is zero".to_owned(),
            "give at least a few milliseconds: a poll without a pause is throttled",
        );
    }
    section.finish();
    worker
}

fn action_type(section: &Section<'_, '_>, key: &'static str, name: &str) -> Option<ActionTypeKey> {
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
        section.problem(
            key,
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

fn read_default_limits(root: &Section<'_, '_>) -> (LimitOverrides, LimitOverrides) {
    let Some(section) = root.section("limits") else {
        return Default::default();
    };
    let defaults = section
        .section("default")
        .map(read_limits)
        .unwrap_or_default();
    let bounds = section.section("max").map(read_limits).unwrap_or_default();
    section.finish();
    (defaults, bounds)
}

fn read_limits(section: Section<'_, '_>) -> LimitOverrides {
    let limits = LimitOverrides {
        wall: section.duration("wall"),
        cpu: section.duration("cpu"),
        memory: section.size("memory"),
        log: section.size("log"),
    };
    section.finish();
    limits
}

fn read_unpack(root: &Section<'_, '_>, limits: &mut UnpackLimits) {
    let Some(section) = root.section("unpack") else {
        return;
    };
    set(&mut limits.object_bytes, section.size("object-bytes"));
    set(&mut limits.bytes, section.size("bytes"));
    set(
        &mut limits.entries,
        section.count("entries", 1..=10_000_000),
    );
    set(&mut limits.ratio, section.count("ratio", 1..=1_000_000));
    if let Some(depth) = section.count("depth", 1..=1_000) {
        limits.depth = u32::try_from(depth).unwrap_or(limits.depth);
    }
    section.finish();
}

fn read_sources(root: &Section<'_, '_>) -> Vec<SourceConfig> {
    let mut sources: Vec<SourceConfig> = Vec::new();
    for section in root.sections("source") {
        let id = section.required("id", "main");
        let region = section.required("region", "eu-central-1");
        let owner = section.text("owner");
        if let Some(owner) = owner.filter(|owner| owner != "Custom") {
            section.problem(
                "owner",
                format!("owner `{owner}` is not served by this version"),
                "only \"Custom\" is: take the source out, or correct the spelling",
            );
        }
        let source = SourceConfig {
            id: id.unwrap_or_default(),
            region: region.unwrap_or_default(),
            owner: Owner::Custom,
            profile: section.text("profile"),
            role_arn: section.text("role-arn"),
            external_id: section.text("external-id"),
            endpoint_url: section.text("endpoint-url"),
            static_keys: None,
        };
        if source.external_id.is_some() && source.role_arn.is_none() {
            section.problem(
                "external-id",
                "`external-id` is for assuming a role, and there is no `role-arn`".to_owned(),
                "add `role-arn`, or take `external-id` out",
            );
        }
        let simple = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !source.id.chars().all(simple) || source.id.len() > 64 {
            section.problem(
                "id",
                format!("source id `{}` is not a plain name", source.id),
                "use up to 64 letters, digits, `-` and `_`",
            );
        }
        if sources
            .iter()
            .any(|other| other.id == source.id && !source.id.is_empty())
        {
            section.problem(
                "id",
                format!("two sources are called `{}`", source.id),
                "give each source a name of its own: journal and logs tell them apart by it",
            );
        }
        section.finish();
        sources.push(source);
    }
    sources
}

fn read_plugin(section: Section<'_, '_>, base: &Path) -> PluginConfig {
    let grant = section
        .section("grant")
        .map(|grant| read_grant(grant, base))
        .unwrap_or_default();
    let limits = section
        .section("limits")
        .map(read_limits)
        .unwrap_or_default();
    section.finish();
    PluginConfig { grant, limits }
}

fn read_grant(section: Section<'_, '_>, base: &Path) -> GrantConfig {
    let directories = section
        .sections("directories")
        .into_iter()
        .filter_map(|directory| read_directory(directory, base))
        .collect();
    let grant = GrantConfig {
        scratch: section.flag("scratch").unwrap_or(false),
        directories,
    };
    section.finish();
    grant
}

fn read_directory(section: Section<'_, '_>, base: &Path) -> Option<DirectoryGrant> {
    section.required("host", "/srv/www");
    let host: Option<PathBuf> = section.path("host", base);
    let guest = section.required("guest", "/site");
    let write = section.flag("write").unwrap_or(false);
    if let Some(host) = host.as_ref().filter(|host| !host.is_dir()) {
        section.problem(
            "host",
            format!("{} is not a folder", host.display()),
            "make it first: a grant never creates what it grants",
        );
    }
    if let Some(guest) = guest.as_ref().filter(|guest| !guest.starts_with('/')) {
        section.problem(
            "guest",
            format!("the guest's path `{guest}` is not absolute"),
            format!("write it as `/{guest}`"),
        );
    }
    section.finish();
    Some(DirectoryGrant {
        host: host?,
        guest: guest?,
        write,
    })
}

/// The format of log lines, read before anything else is: a file with problems logs as text.
pub(crate) fn log_format(file: &Path) -> LogFormat {
    load(file)
        .map(|config| config.log_format)
        .unwrap_or_default()
}
