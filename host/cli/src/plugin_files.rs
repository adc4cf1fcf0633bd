//! Plugin files by name, and what is wrong with them, for commands that take one or list them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use pipefitter_plugins::{ManifestProblem, Problem};

use crate::config::{ConfigProblem, Place, print_problems};

/// The .wasm files of a plugins folder and of the folders in it, as the catalogue sees them.
pub(crate) fn plugin_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = wasm_files(dir)?;
    let entries =
        std::fs::read_dir(dir).with_context(|| format!("could not read {}", dir.display()))?;
    for entry in entries {
        let path = entry
            .with_context(|| format!("could not read {}", dir.display()))?
            .path();
        if path.is_dir() {
            files.extend(wasm_files(&path)?);
        }
    }
    files.sort();
    Ok(files)
}

fn wasm_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(dir).with_context(|| format!("could not read {}", dir.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry
            .with_context(|| format!("could not read {}", dir.display()))?
            .path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|e| e == "wasm") && path.is_file() {
            files.push(path);
        }
    }
    Ok(files)
}

/// A .wasm, or the only one of a folder.
pub(crate) fn one_plugin_file(plugin: &Path) -> Result<PathBuf> {
    if !plugin.exists() {
        bail!(
            "{} is not there: name a .wasm, or a folder with one in it; `pipefitter plugin build` makes it",
            plugin.display()
        );
    }
    if !plugin.is_dir() {
        return Ok(plugin.to_path_buf());
    }
    let mut files = wasm_files(plugin)?;
    match (files.pop(), files.len()) {
        (Some(file), 0) => Ok(file),
        (None, _) => bail!(
            "{} has no .wasm: build the plugin with `pipefitter plugin build {}`",
            plugin.display(),
            plugin.display()
        ),
        (Some(_), more) => {
            bail!(
                "{} has {} .wasm files: name one of them",
                plugin.display(),
                more + 1
            )
        }
    }
}

/// A problem of the catalogue, as `check` shows it: with its lines where it is in a manifest. Most other messages name
/// the file: once is enough.
pub(crate) fn problem_of_plugin(problem: &Problem) -> ConfigProblem {
    if let Some(place) = &problem.in_manifest {
        return ConfigProblem {
            place: Place::Text {
                file: Path::new(&place.label).into(),
                text: Arc::clone(&place.text),
                span: place.span.clone(),
            },
            message: place.fault.clone(),
            remedy: problem.remedy.clone(),
            warning: false,
        };
    }
    let unnamed = problem
        .file()
        .filter(|file| !problem.message.contains(&file.display().to_string()));
    ConfigProblem {
        place: unnamed.map_or(Place::Nowhere, |file| Place::File(file.into())),
        message: problem.message.clone(),
        remedy: problem.remedy.clone(),
        warning: false,
    }
}

/// Print what is wrong with plugins.
pub(crate) fn report_plugin_problems(problems: &[Problem]) {
    let problems: Vec<ConfigProblem> = problems.iter().map(problem_of_plugin).collect();
    print_problems(&problems);
}

/// A manifest's problems, with the lines they are about.
pub(crate) fn manifest_problems(
    file: &Path,
    text: &str,
    problems: &[ManifestProblem],
) -> Vec<ConfigProblem> {
    let (file, text): (Arc<Path>, Arc<str>) = (file.into(), text.into());
    problems
        .iter()
        .map(|problem| ConfigProblem {
            place: Place::Text {
                file: Arc::clone(&file),
                text: Arc::clone(&text),
                span: problem.span.clone(),
            },
            message: problem.message.clone(),
            remedy: problem.remedy.clone(),
            warning: false,
        })
        .collect()
}
