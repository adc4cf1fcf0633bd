//! `pipefitter plugin list [DIR]`: the plugins of a folder, each with its state.
//!
//! They are looked at and not compiled: `pipefitter check` judges a configuration as a worker would.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use pipefitter_plugins::ActionTypeKey;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::describe;
use super::facts::{Facts, facts, nobodys_policy};
use crate::args::ListArgs;
use crate::config::{ConfigProblem, Place, load, print_problems};
use crate::exit::Exit;
use crate::plugin_files::plugin_files;
use crate::print;
use crate::wiring::Looking;

/// Digits of a digest that tell plugins apart for people.
const DIGITS: usize = 12;

pub(crate) fn main(args: &ListArgs) -> Result<Exit> {
    let (dir, policy) = match &args.config {
        None => (args.dir.clone(), nobodys_policy()),
        Some(file) => match load(file) {
            Err(problems) => {
                print_problems(&problems);
                return Ok(Exit::Config);
            }
            Ok(config) => {
                let Some(dir) = config.plugins_dir else {
                    bail!("{} names no `plugins-dir`", file.display());
                };
                (dir, config.supply.policy)
            }
        },
    };
    if !dir.is_dir() {
        bail!(
            "{} is not a folder: name the one that plugins lie in, or a configuration with --config",
            dir.display()
        );
    }
    let looking = Looking::start()?;
    let files = plugin_files(&dir)?;
    let found: Result<Vec<Facts>> = files
        .iter()
        .map(|file| facts(file, &policy, &looking))
        .collect();
    let mut found = found.context("could not list the plugins")?;
    claim(&mut found);
    if args.json {
        let all: Vec<Value> = found.iter().map(json).collect();
        print::line(format_args!("{:#}", Value::Array(all)))?;
    } else if found.is_empty() {
        print::line(format_args!("{} has no .wasm", dir.display()))?;
    } else {
        print::line(table(&found))?;
    }
    let good = found.iter().all(|facts| facts.in_the_way() == 0);
    Ok(if good { Exit::Success } else { Exit::Failure })
}

/// Two plugins for one action type: a worker serves neither.
fn claim(found: &mut [Facts]) {
    let mut claims: BTreeMap<ActionTypeKey, Vec<usize>> = BTreeMap::new();
    for (at, facts) in found.iter().enumerate() {
        if let Some(manifest) = facts.manifest() {
            claims.entry(manifest.key().clone()).or_default().push(at);
        }
    }
    for (key, places) in claims.iter().filter(|(_, places)| places.len() > 1) {
        for at in places {
            let others = places.iter().filter(|other| *other != at);
            let others: Vec<String> = others
                .map(|other| found[*other].file.display().to_string())
                .collect();
            let message = format!("{key} is served by {}, too", others.join(" and "));
            let file = found[*at].file.as_path().into();
            found[*at].problems.push(ConfigProblem {
                place: Place::File(file),
                message,
                remedy: "take one away, or give it another `provider` or `version`".to_owned(),
                warning: false,
            });
        }
    }
}

/// `ok`, or the first thing that is in the way.
fn state(facts: &Facts) -> String {
    let problem = facts.problems.iter().find(|problem| !problem.warning);
    problem.map_or_else(
        || "ok".to_owned(),
        |problem| problem.message.replace('\n', " "),
    )
}

fn action_type(facts: &Facts) -> String {
    let key = facts.manifest().map(|manifest| manifest.key().to_string());
    key.unwrap_or_else(|| "-".to_owned())
}

fn table(found: &[Facts]) -> String {
    let heads = ["NAME", "ACTION TYPE", "DIGEST", "SIZE", "STATE"].map(str::to_owned);
    let rows = found.iter().map(|facts| {
        [
            facts.name.clone(),
            action_type(facts),
            facts.digest.hex().chars().take(DIGITS).collect(),
            describe::size(facts.bytes),
            state(facts),
        ]
    });
    let rows: Vec<[String; 5]> = std::iter::once(heads).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max();
    let lines = rows.iter().map(|row| {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate().take(4) {
            let gap = width(column).unwrap_or(0) - cell.width() + 2;
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', gap));
        }
        line + &row[4]
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn json(facts: &Facts) -> Value {
    let key = facts.manifest().map(|manifest| manifest.key());
    json!({
        "file": facts.file.display().to_string(),
        "name": facts.name,
        "action_type": key.map(describe::action_type),
        "contract": facts.survey.contract,
        "digest": facts.digest.to_string(),
        "size": facts.bytes,
        "state": if facts.in_the_way() == 0 { "ok" } else { "refused" },
        "problems": facts.problems.iter().map(describe::problem).collect::<Vec<_>>(),
    })
}
