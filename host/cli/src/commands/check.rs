//! `pipefitter check`: every problem of a configuration and its plugins, at once.

use anyhow::{Context, Result};
use pipefitter_plugins::Catalogue;

use crate::args::CheckArgs;
use crate::config::{Config, ConfigProblem, load_all, print_problems};
use crate::exit::Exit;
use crate::plugin_files::problem_of_plugin;
use crate::print;
use crate::wiring::{Engine, StateDir, source_settings, worker_config};

pub(crate) fn main(args: &CheckArgs) -> Result<Exit> {
    let (config, mut problems) = load_all(&args.config);
    let Some(config) = config else {
        print_problems(&problems);
        return ended(problems.len(), 0);
    };
    // A part that is there and wrong is no missing one.
    if problems.is_empty() {
        problems = missing_parts(&config);
    }
    let catalogue = match &config.plugins_dir {
        Some(dir) if dir.is_dir() => {
            // Compiled code goes nowhere: a check leaves no trace, and needs no rights on the state.
            let scratch = tempfile::tempdir().context("could not make a temporary folder")?;
            let state = StateDir::open(scratch.path())?;
            let engine = Engine::new(&state, &worker_config(&config, &state), &config.supply)?;
            Some(engine.plugins(dir)?.scan())
        }
        _ => None,
    };
    if let Some(catalogue) = &catalogue {
        problems.extend(catalogue.problems().iter().map(problem_of_plugin));
        problems.extend(against_plugins(&config, catalogue));
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

fn problem(config: &Config, message: String, remedy: &str) -> ConfigProblem {
    ConfigProblem {
        file: config.file.clone(),
        place: None,
        message,
        remedy: remedy.to_owned(),
        warning: false,
    }
}

/// What `run` needs and the file does not have, or has in a form that cannot work.
pub(crate) fn missing_parts(config: &Config) -> Vec<ConfigProblem> {
    let mut found = Vec::new();
    if config.state_dir.is_none() {
        let remedy =
            "add `state-dir = \"/var/lib/pipefitter\"`: the journal is what survives a crash";
        found.push(problem(config, "`state-dir` is missing".to_owned(), remedy));
    }
    match &config.plugins_dir {
        None => {
            let remedy = "add `plugins-dir = \"plugins\"`: the folder of .wasm files";
            found.push(problem(
                config,
                "`plugins-dir` is missing".to_owned(),
                remedy,
            ));
        }
        Some(dir) if !dir.is_dir() => {
            let message = format!("plugins-dir: {} is not a folder", dir.display());
            found.push(problem(config, message, "make it, or correct the path"));
        }
        Some(_) => {}
    }
    if config.sources.is_empty() {
        let remedy = "add [[source]] with `id` and `region`: where jobs come from";
        found.push(problem(config, "there is no [[source]]".to_owned(), remedy));
    }
    for source in &config.sources {
        if let Err(error) = source_settings(source).check() {
            let message = format!("source `{}`: {:#}", source.id, anyhow::Error::new(error));
            let remedy = "correct it in the source's table";
            found.push(problem(config, message, remedy));
        }
    }
    if let Some(dir) = config
        .state_dir
        .as_ref()
        .filter(|dir| dir.exists() && !dir.is_dir())
    {
        let message = format!("state-dir: {} is not a folder", dir.display());
        found.push(problem(
            config,
            message,
            "move it away, or give another path",
        ));
    }
    found
}

/// What the configuration says of plugins that are not there, and what plugins need of it.
pub(crate) fn against_plugins(config: &Config, catalogue: &Catalogue) -> Vec<ConfigProblem> {
    let mut found = Vec::new();
    for name in config.plugins.keys() {
        if catalogue.by_name(name).is_none() {
            let mut unknown = problem(
                config,
                format!("[plugins.{name}] is for a plugin that is not served"),
                "its name is the .wasm's, without the extension: correct it or take the table out",
            );
            unknown.warning = true;
            found.push(unknown);
        }
    }
    let worker = &config.worker;
    for named in worker
        .query_values
        .keys()
        .chain(worker.slots_per_action_type.keys())
    {
        if catalogue.get(named).is_none() {
            let mut unknown = problem(
                config,
                format!("[worker] names the action type `{named}`, which no plugin serves"),
                "write it as Category/Provider/Version, or take the line out",
            );
            unknown.warning = true;
            found.push(unknown);
        }
    }
    for plugin in catalogue.plugins() {
        let key = plugin.manifest.key();
        let queryable = plugin.manifest.queryable_property();
        let values = worker.query_values.get(key).map_or(0, Vec::len);
        match queryable {
            Some(property) if values == 0 => {
                let message = format!(
                    "action type {key} has the queryable property `{}`, and there are no values to \
                     poll for",
                    property.name
                );
                let remedy = format!(
                    "add `\"{key}\" = [\"...\"]` to [worker.query-values]: CodePipeline \
                             offers its jobs by value only"
                );
                found.push(problem(config, message, &remedy));
            }
            None if values > 0 => {
                let message =
                    format!("[worker.query-values] names {key}, which has no queryable property");
                found.push(problem(config, message, "take the line out"));
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse;

    fn missing(text: &str) -> Vec<String> {
        let Ok(config) = parse(Path::new("pipefitter.toml"), text) else {
            return vec!["not read".to_owned()];
        };
        missing_parts(&config)
            .into_iter()
            .map(|problem| format!("{}; {}", problem.message, problem.remedy))
            .collect()
    }

    #[test]
    fn what_run_would_refuse_is_found_before() {
        insta::assert_debug_snapshot!(missing(
            "state-dir = \"Cargo.toml\"\n\
             plugins-dir = \"src\"\n\
             [[source]]\nid = \"a\"\nregion = \"Frankfurt\"\n\
             [[source]]\nid = \"b\"\nregion = \"eu-central-1\"\nendpoint-url = \"localhost\"\n\
             [[source]]\nid = \"c\"\nregion = \"eu-central-1\"\nendpoint-url = \"http://[\"\n\
             [[source]]\nid = \"d\"\nregion = \"eu-central-1\"\nrole-arn = \"worker\"\n"
        ));
        insta::assert_debug_snapshot!(missing("plugins-dir = \"nowhere\"\n"));
    }

    #[test]
    fn a_whole_configuration_lacks_nothing() {
        let text = "state-dir = \"not-there-yet\"\nplugins-dir = \"src\"\n\
                    [[source]]\nid = \"a\"\nregion = \"eu-central-1\"\n";
        assert_eq!(missing(text), Vec::<String>::new());
    }
}
