//! What a .wasm is and says of itself, and everything that is wrong with it: what `check`, `inspect` and `list` tell.
//!
//! Nothing of the file is taken apart in this process: a locked one does that, as for a worker.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use pipefitter_egress::NetworkGrant;
use pipefitter_plugins::{
    Custody, FileDigest, Look, Manifest, PluginDigest, PluginFiles, PrepareError, Problem,
    SupplyPolicy, inspect_plugin,
};
use pipefitter_sandbox::{Entry, FileKind, Survey, SurveyFault};

use super::asks::{Needs, differences, lacking};
use super::describe::size;
use crate::config::{ConfigProblem, Place};
use crate::plugin_files::problem_of_plugin;
use crate::wiring::Looking;

/// All that is known of one file.
pub(super) struct Facts {
    pub(super) file: PathBuf,
    /// Its name without the extension.
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) digest: FileDigest,
    pub(super) survey: Survey,
    /// Its manifest and signature, where the manifest can be read.
    pub(super) plugin: Option<PluginFiles>,
    /// What keeps it from being a plugin, and warnings.
    pub(super) problems: Vec<ConfigProblem>,
}

impl Facts {
    pub(super) fn manifest(&self) -> Option<&Manifest> {
        self.plugin.as_ref().map(|plugin| &plugin.manifest)
    }

    /// How many problems are in the way of serving it.
    pub(super) fn in_the_way(&self) -> usize {
        let counts = |problem: &&ConfigProblem| !problem.warning;
        self.problems.iter().filter(counts).count()
    }
}

/// For whom no operator's rules are at hand.
pub(super) fn nobodys_policy() -> SupplyPolicy {
    SupplyPolicy {
        custody: Custody::Advised,
        max_plugin_bytes: super::LARGEST_READ,
        ..SupplyPolicy::default()
    }
}

/// Look at a file, and judge it by a policy.
pub(super) fn facts(file: &Path, policy: &SupplyPolicy, looking: &Looking) -> Result<Facts> {
    let wasm = std::fs::read(file).with_context(|| format!("could not read {}", file.display()))?;
    let (survey, seen) = looking.survey(&wasm)?;
    let seen = Seen {
        digest: FileDigest::of(&wasm),
        told: seen,
        looking,
    };
    let mut problems: Vec<ConfigProblem> = survey
        .faults
        .iter()
        .map(|fault| of_survey(file, fault))
        .collect();
    let plugin = match inspect_plugin(file, policy, &seen) {
        Ok(plugin) => Some(plugin),
        // One that is no wasm at all has been told of, and why.
        Err(_) if survey.kind == FileKind::Other => None,
        Err(found) => {
            problems.extend(found.iter().map(problem_of_plugin));
            problems.extend(of_no_manifest(file, &found, &survey));
            None
        }
    };
    problems.extend(too_large(file, wasm.len() as u64, policy));
    if let Some(plugin) = &plugin {
        problems.extend(of_manifest(file, plugin, &survey));
    }
    let stem = file.file_stem().unwrap_or_default();
    Ok(Facts {
        file: file.to_owned(),
        name: stem.to_string_lossy().into_owned(),
        bytes: wasm.len() as u64,
        digest: seen.digest,
        survey,
        plugin,
        problems,
    })
}

/// What was seen in a file already, so that no second process has to look.
struct Seen<'a> {
    digest: FileDigest,
    told: Vec<u8>,
    looking: &'a Looking,
}

impl Look for Seen<'_> {
    fn look(&self, digest: &PluginDigest, wasm: &[u8]) -> Result<Vec<u8>, PrepareError> {
        // Another one, where the file was replaced meanwhile.
        if digest.as_str() != self.digest.hex() {
            return self.looking.look(digest, wasm);
        }
        Ok(self.told.clone())
    }
}

fn of_survey(file: &Path, fault: &SurveyFault) -> ConfigProblem {
    ConfigProblem {
        place: Place::File(file.into()),
        message: fault.message.clone(),
        remedy: fault.remedy.clone(),
        warning: false,
    }
}

/// One that a worker takes only where its operator has raised the bound. Where the operator's own bound is known, that was
/// judged by before.
fn too_large(file: &Path, bytes: u64, policy: &SupplyPolicy) -> Option<ConfigProblem> {
    let most = SupplyPolicy::default().max_plugin_bytes;
    (policy.max_plugin_bytes == super::LARGEST_READ && bytes > most).then(|| ConfigProblem {
        place: Place::File(file.into()),
        message: format!(
            "it has {}, and a worker takes {} at most, unless its configuration says otherwise",
            size(bytes),
            size(most)
        ),
        remedy: "make it smaller: strip it, and keep data out of it; or have the operator raise `plugin-size` in [limits] \
                 or in [plugins.NAME.limits]"
            .to_owned(),
        warning: true,
    })
}

fn needs_of(survey: &Survey) -> Option<Needs<'_>> {
    // A file that is no plugin imports nothing that could be compared.
    let entry = survey.entry?;
    Some(Needs {
        network: survey.needs_network(),
        secrets: survey.needs_secrets(),
        is_command: entry == Entry::Command,
    })
}

/// What a manifest that cannot be read, or is not there, has to ask for.
fn of_no_manifest(file: &Path, found: &[Problem], survey: &Survey) -> Vec<ConfigProblem> {
    let Some(needs) = needs_of(survey) else {
        return Vec::new();
    };
    let read = found.iter().find_map(|problem| {
        let place = problem.in_manifest.as_deref()?;
        Some((problem.file()?, &*place.text))
    });
    match read {
        Some((holder, text)) => lacking(holder, text, needs),
        None if found.iter().any(Problem::is_no_manifest) => {
            lacking(&file.with_extension("action.toml"), "", needs)
        }
        None => Vec::new(),
    }
}

/// What does not fit between manifest and component, and in the manifest by itself.
fn of_manifest(file: &Path, plugin: &PluginFiles, survey: &Survey) -> Vec<ConfigProblem> {
    let holder = plugin.manifest_file.as_deref().unwrap_or(file);
    let mut problems = Vec::new();
    if let Some(needs) = needs_of(survey) {
        problems = differences(holder, &plugin.manifest_text, &plugin.manifest, needs);
    }
    for ask in &plugin.manifest.capabilities.network {
        if let Err(error) = NetworkGrant::parse(&ask.to) {
            problems.push(ConfigProblem {
                place: Place::File(holder.into()),
                message: format!("the manifest asks for what no grant can be: {error}"),
                remedy: "write scheme and host, such as \"https://api.example.com\", in `network` of [capabilities]"
                    .to_owned(),
                warning: false,
            });
        }
    }
    if plugin.embedded_differs {
        problems.push(ConfigProblem {
            place: Place::File(Arc::from(holder)),
            message: format!(
                "it is not the manifest inside {}, which counts wherever that lies alone",
                file.display()
            ),
            remedy: "build the plugin again: `pipefitter plugin build`".to_owned(),
            warning: true,
        });
    }
    problems
}
