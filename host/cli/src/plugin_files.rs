//! Plugin files by name, and what is wrong with them, for commands that take one or list them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use pipefitter_plugins::{ManifestProblem, Problem};

use crate::config::{ConfigProblem, print_problems};

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

/// A problem of the catalogue, as `check` shows it.
pub(crate) fn problem_of_plugin(problem: &Problem) -> ConfigProblem {
    let files: Vec<String> = problem
        .files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    ConfigProblem {
        file: PathBuf::from(files.join(", ")),
        place: None,
        message: without_file(problem),
        remedy: problem.remedy.clone(),
        warning: false,
    }
}

/// What is shown names the file by itself.
fn without_file(problem: &Problem) -> String {
    let file = problem.file().map(|file| format!("{}: ", file.display()));
    file.and_then(|file| problem.message.strip_prefix(&file))
        .unwrap_or(&problem.message)
        .to_owned()
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
    let text: Arc<str> = text.into();
    problems
        .iter()
        .map(|problem| ConfigProblem {
            file: file.to_path_buf(),
            place: Some((text.clone(), problem.span.clone())),
            message: problem.message.clone(),
            remedy: problem.remedy.clone(),
            warning: false,
        })
        .collect()
}
