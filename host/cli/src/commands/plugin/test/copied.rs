//! The plugin under test: a copy that is called as its folder is, which is the name that configurations know it by.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use pipefitter_plugins::{Problem, embedded_manifest};

use crate::config::{ConfigProblem, Place};
use crate::plugin_files::problem_of_plugin;

/// The copy, and what its files are copies of.
pub(super) struct Copied {
    wasm: PathBuf,
    /// Each copy and its original, which is the one to name.
    files: Vec<(PathBuf, PathBuf)>,
}

impl Copied {
    /// Of a .wasm, in `folder`. A manifest beside it goes with it, or that of the plugin's folder, where it has none
    /// inside.
    pub(super) fn under_its_name(wasm: &Path, dir: &Path, folder: &Path) -> Result<Self> {
        let Some(name) = dir.file_name() else {
            bail!(
                "{} has no name to call the plugin by: give a folder that has one",
                dir.display()
            );
        };
        let name = name.to_string_lossy();
        let place = folder.join("plugin");
        std::fs::create_dir(&place)
            .with_context(|| format!("could not make {}", place.display()))?;
        let copy = place.join(format!("{name}.wasm"));
        let mut files = vec![(copy.clone(), wasm.to_path_buf())];
        let beside = wasm.with_extension("action.toml");
        let own = dir.join("action.toml");
        let manifest = if beside.is_file() {
            Some(beside)
        } else if !has_manifest(wasm)? && own.is_file() {
            Some(own)
        } else {
            None
        };
        if let Some(manifest) = manifest {
            files.push((place.join(format!("{name}.action.toml")), manifest));
        }
        for (copy, original) in &files {
            std::fs::copy(original, copy)
                .with_context(|| format!("could not copy {}", original.display()))?;
        }
        Ok(Self { wasm: copy, files })
    }

    /// The .wasm to load.
    pub(super) fn wasm(&self) -> &Path {
        &self.wasm
    }

    /// The plugin's name.
    pub(super) fn name(&self) -> String {
        let stem = self.wasm.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    }

    /// What is wrong with the copy, told of the originals.
    pub(super) fn problems(&self, problems: &[Problem]) -> Vec<ConfigProblem> {
        let problems = problems.iter().map(problem_of_plugin);
        problems.map(|problem| self.of_originals(problem)).collect()
    }

    fn of_originals(&self, mut problem: ConfigProblem) -> ConfigProblem {
        for (copy, original) in &self.files {
            let (shown, wanted) = (copy.display().to_string(), original.display().to_string());
            problem.message = problem.message.replace(&shown, &wanted);
            if let Place::Text { file, .. } | Place::File(file) = &mut problem.place
                && **file == **copy
            {
                *file = Arc::from(original.as_path());
            }
        }
        problem
    }
}

fn has_manifest(wasm: &Path) -> Result<bool> {
    let bytes =
        std::fs::read(wasm).with_context(|| format!("could not read {}", wasm.display()))?;
    // What is wrong with it is told when it is loaded.
    Ok(matches!(embedded_manifest(&bytes), Ok(Some(_)) | Err(_)))
}
