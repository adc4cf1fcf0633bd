//! `pipefitter check`: every problem of a configuration and its plugins, at once.

use anyhow::{Context, Result};
use pipefitter_codepipeline::{ConnectError, Owner};
use pipefitter_plugins::toml_table::key;
use pipefitter_plugins::{ActionTypeKey, Catalogue};
use pipefitter_sandbox::{Isolation, IsolationFloor, Limit, SHARED_STACK};
use pipefitter_worker::WorkerConfig;

use super::online;
use crate::args::CheckArgs;
use crate::config::{Config, ConfigProblem, Place, SourceConfig, load_all, print_problems};
use crate::exit::Exit;
use crate::plugin_files::problem_of_plugin;
use crate::print;
use crate::secret_faults::secret_faults;
use crate::sources::{client_tokens, source_settings};
use crate::wiring::{Engine, StateDir, isolation_fault, plugin_settings, worker_config};

pub(crate) fn main(args: &CheckArgs) -> Result<Exit> {
    let (config, mut problems) = load_all(&args.config);
    let Some(mut config) = config else {
        print_problems(&problems);
        return ended(problems.len(), 0);
    };
    // A part that is there and wrong is no missing one.
    if problems.is_empty() {
        problems = missing_parts(&config);
    }
    if let Some(fault) = isolation_fault(&config) {
        problems.push(ConfigProblem {
            place: config.places.value(&["isolation-floor"]),
            message: fault,
            remedy: "run it where the kernel has that, or lower `isolation-floor` at the price that docs/SECURITY.md \
                     names"
                .to_owned(),
            warning: false,
        });
        // So that the plugins are looked at all the same.
        config.isolation_floor = IsolationFloor::None;
    }
    let catalogue = match &config.plugins_dir {
        Some(dir) if dir.is_dir() => {
            // Compiled code goes nowhere: a check leaves no trace, and needs no rights on the state.
            let scratch = tempfile::tempdir().context("could not make a temporary folder")?;
            let state = StateDir::open(scratch.path())?;
            let engine = Engine::new(&state, &config, &worker_config(&config, &state))?;
            Some(engine.plugins(dir)?.scan())
        }
        _ => None,
    };
    if let Some(catalogue) = &catalogue {
        problems.extend(catalogue.problems().iter().map(problem_of_plugin));
        problems.extend(against_plugins(&config, catalogue));
    }
    if args.online {
        let none = Catalogue::default();
        let served = catalogue.as_deref().unwrap_or(&none);
        problems.extend(online::check(&config, served)?);
    }
    print_problems(&problems);
    let plugins = catalogue.map_or(0, |catalogue| catalogue.plugins().count());
    let in_the_way = problems.iter().filter(|problem| !problem.warning).count();
    ended(in_the_way, plugins)
}

fn ended(problems: usize, plugins: usize) -> Result<Exit> {
    match problems {
        0 => {
            let plugins = match plugins {
                1 => "1 plugin".to_owned(),
                many => format!("{many} plugins"),
            };
            print::line(format_args!("No problems: {plugins} can be served."))?;
            Ok(Exit::Success)
        }
        1 => {
            print::line("1 problem.")?;
            Ok(Exit::Failure)
        }
        many => {
            print::line(format_args!("{many} problems."))?;
            Ok(Exit::Failure)
        }
    }
}

pub(crate) fn problem(
    place: Place,
    message: impl Into<String>,
    remedy: impl Into<String>,
) -> ConfigProblem {
    ConfigProblem {
        place,
        message: message.into(),
        remedy: remedy.into(),
        warning: false,
    }
}

pub(crate) fn warning(
    place: Place,
    message: impl Into<String>,
    remedy: impl Into<String>,
) -> ConfigProblem {
    ConfigProblem {
        warning: true,
        ..problem(place, message, remedy)
    }
}

/// What `run` needs and the file does not have, or has in a form that cannot work.
pub(crate) fn missing_parts(config: &Config) -> Vec<ConfigProblem> {
    let places = &config.places;
    let mut found = secret_faults(config);
    match &config.state_dir {
        None => found.push(problem(
            places.value(&["state-dir"]),
            "`state-dir` is missing",
            "add `state-dir = \"/var/lib/pipefitter\"`: the journal is what survives a crash",
        )),
        Some(dir) if dir.exists() && !dir.is_dir() => found.push(problem(
            places.value(&["state-dir"]),
            format!("state-dir: {} is not a folder", dir.display()),
            "move it away, or give another path",
        )),
        Some(_) => {}
    }
    match &config.plugins_dir {
        None => found.push(problem(
            places.value(&["plugins-dir"]),
            "`plugins-dir` is missing",
            "add `plugins-dir = \"plugins\"`: the folder of .wasm files",
        )),
        Some(dir) if !dir.is_dir() => found.push(problem(
            places.value(&["plugins-dir"]),
            format!("plugins-dir: {} is not a folder", dir.display()),
            "make it, or correct the path",
        )),
        Some(_) => {}
    }
    if config.sources.is_empty() {
        found.push(problem(
            places.value(&["source"]),
            "there is no [[source]]",
            "add [[source]] with `id` and `region`: where jobs come from",
        ));
    }
    for (at, source) in config.sources.iter().enumerate() {
        let at = at.to_string();
        for fault in source_settings(source).faults() {
            let path = ["source", &at, key_of(&fault)];
            let message = format!("source `{}`: {:#}", source.id, anyhow::Error::new(fault));
            // A reader looks for it in vain where it came from the environment.
            let remedy = match path[2] {
                "endpoint-url" if !places.has(&path) => {
                    "it is AWS_ENDPOINT_URL_CODEPIPELINE or AWS_ENDPOINT_URL of the environment: correct that, or give the source an `endpoint-url`"
                }
                _ => "correct it in the source's table",
            };
            found.push(problem(places.value(&path), message, remedy));
        }
        if source.client_tokens.is_some()
            && let Err(error) = client_tokens(source)
        {
            found.push(problem(
                places.value(&["source", &at, "client-tokens"]),
                format!("source `{}`: {error:#}", source.id),
                "correct what it says: without its customers' tokens the worker does not start",
            ));
        }
    }
    found
}

/// The key of a source's table that a fault is about.
fn key_of(fault: &ConnectError) -> &'static str {
    match fault {
        ConnectError::Region { .. } => "region",
        ConnectError::Endpoint(_) | ConnectError::EndpointForm { .. } => "endpoint-url",
        ConnectError::RoleArn { .. } => "role-arn",
        ConnectError::ExternalIdWithoutRole => "external-id",
        ConnectError::KeysAndProfile => "profile",
    }
}

/// What the configuration says of plugins that are not there, and what plugins need of it.
pub(crate) fn against_plugins(config: &Config, catalogue: &Catalogue) -> Vec<ConfigProblem> {
    let places = &config.places;
    let mut found = Vec::new();
    for name in config.plugins.keys() {
        if catalogue.by_name(name).is_none() {
            found.push(warning(
                places.key(&["plugins", name]),
                format!("[plugins.{}] is for a plugin that is not served", key(name)),
                "its name is the .wasm's, without the extension: correct it or take the table out",
            ));
        }
    }
    let worker = &config.worker;
    for (table, named) in named_action_types(worker) {
        if catalogue.get(named).is_none() {
            found.push(warning(
                places.key(&["worker", table, &named.to_string()]),
                format!("[worker.{table}] names the action type `{named}`, which no plugin serves"),
                "write it as Category/Provider/Version, or take the line out",
            ));
        }
    }
    for (at, source) in config.sources.iter().enumerate() {
        let path = ["source", &at.to_string(), "action-types"];
        for named in source.settings.action_types.iter().flatten() {
            if catalogue.get(named).is_none() {
                found.push(warning(
                    places.value(&path),
                    format!(
                        "source `{}` is to serve the action type `{named}`, which no plugin does",
                        source.id
                    ),
                    "write it as Category/Provider/Version, or take it out",
                ));
            }
        }
    }
    let settings = plugin_settings(config);
    for plugin in catalogue.plugins() {
        let settings = settings.settings_of(&plugin.name, Some(&plugin.manifest.limits));
        let stack = settings.limits.get(Limit::Stack);
        if settings.isolation == Isolation::Shared && stack > SHARED_STACK {
            found.push(warning(
                places.key(&["plugins", &plugin.name, "isolation"]),
                format!(
                    "plugin `{}` is to have a stack of {}, and with `isolation = \"shared\"` each has {}",
                    plugin.name,
                    Limit::Stack.show(stack),
                    Limit::Stack.show(SHARED_STACK)
                ),
                "take `isolation` out, so that its jobs have processes of their own, where `stack` counts; or set \
                 `stack = \"512KiB\"` in its limits",
            ));
        }
    }
    for plugin in catalogue.plugins() {
        let key = plugin.manifest.key();
        // A partner's poll takes no query.
        let polled = |source: &SourceConfig| source.owner == Owner::Custom && source.serves(key);
        if !config.sources.is_empty() && !config.sources.iter().any(polled) {
            continue;
        }
        let queryable = plugin.manifest.queryable_property();
        let values = worker.query_values.get(key).map_or(0, Vec::len);
        let line = ["worker", "query-values", &key.to_string()];
        match queryable {
            Some(property) if values == 0 => found.push(problem(
                places.value(&line),
                format!(
                    "action type {key} has the queryable property `{}`, and there are no values to poll for",
                    property.name
                ),
                format!(
                    "add `\"{key}\" = [\"...\"]` to [worker.query-values]{}: CodePipeline offers its jobs by \
                     value only",
                    match places.file() {
                        Some(_) => "",
                        None => " of a file given with --config",
                    }
                ),
            )),
            None if values > 0 => found.push(problem(
                places.key(&line),
                format!("[worker.query-values] names {key}, which has no queryable property"),
                "take the line out",
            )),
            _ => {}
        }
    }
    found
}

/// With the table of [worker] that each is in.
fn named_action_types(
    worker: &WorkerConfig,
) -> impl Iterator<Item = (&'static str, &ActionTypeKey)> {
    let queried = worker.query_values.keys();
    let bounded = worker.slots_per_action_type.keys();
    queried
        .map(|key| ("query-values", key))
        .chain(bounded.map(|key| ("slots-per-action-type", key)))
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
