//! Which of the loaded plugins are served, where two want the same.
//!
//! An action type has one plugin, and so has a name, since grants go by it. Of several that want the same
//! none gets it, so that the order in which files were copied never decides; only the one that has it
//! already keeps it, so that a file dropped in by mistake stops nothing that runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::contract::{ActionTypeKey, Plugin, Problem};

pub(crate) type ByPath = BTreeMap<PathBuf, Arc<Plugin>>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    Type(ActionTypeKey),
    Name(String),
}

/// What is served of `wanted`, given what was served until now. A plugin that loses falls back to its older
/// version, which can in turn be what another new one wants: so this goes on until nobody loses.
pub(crate) fn settle(mut wanted: ByPath, served: &ByPath) -> (ByPath, Vec<Problem>) {
    let mut conflicts: BTreeMap<Claim, Vec<PathBuf>> = BTreeMap::new();
    loop {
        let mut lost: Vec<PathBuf> = Vec::new();
        for (claim, paths) in claims(&wanted) {
            if paths.len() < 2 {
                continue;
            }
            let has_it = |path: &PathBuf| {
                served
                    .get(path)
                    .is_some_and(|plugin| claims_of(plugin).contains(&claim))
            };
            lost.extend(paths.iter().filter(|path| !has_it(path)).cloned());
            conflicts.entry(claim).or_insert(paths);
        }
        if lost.is_empty() {
            break;
        }
        for path in lost {
            match served.get(&path) {
                Some(older) => wanted.insert(path, Arc::clone(older)),
                None => wanted.remove(&path),
            };
        }
    }
    let problems = conflicts
        .into_iter()
        .map(|(claim, files)| problem(&claim, files, &wanted))
        .collect();
    (wanted, problems)
}

fn claims(wanted: &ByPath) -> BTreeMap<Claim, Vec<PathBuf>> {
    let mut claims: BTreeMap<Claim, Vec<PathBuf>> = BTreeMap::new();
    for (path, plugin) in wanted {
        for claim in claims_of(plugin) {
            claims.entry(claim).or_default().push(path.clone());
        }
    }
    claims
}

fn claims_of(plugin: &Plugin) -> [Claim; 2] {
    [
        Claim::Type(plugin.manifest.key().clone()),
        Claim::Name(plugin.name.clone()),
    ]
}

fn problem(claim: &Claim, files: Vec<PathBuf>, served: &ByPath) -> Problem {
    let names: Vec<String> = files
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let names = names.join(" and ");
    let keeps = files.iter().find(|path| {
        served
            .get(*path)
            .is_some_and(|plugin| claims_of(plugin).contains(claim))
    });
    let outcome = keeps.map_or_else(
        || "neither is served".to_owned(),
        |path| format!("{} had it first and keeps it", shown(path)),
    );
    let (message, remedy) = match claim {
        Claim::Type(key) => (
            format!("{names} both want the action type {key}: {outcome}"),
            "remove one, or give one another `version` or `provider` in its manifest",
        ),
        Claim::Name(name) => (
            format!("{names} are both named {name}, and grants go by name: {outcome}"),
            "rename one",
        ),
    };
    Problem {
        older_served: files.iter().any(|path| served.contains_key(path)),
        files,
        message,
        remedy: remedy.to_owned(),
        in_manifest: None,
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
