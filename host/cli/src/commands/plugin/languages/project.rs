//! A plugin's folder, as its language's build sees it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pipefitter_plugins::Manifest;

use super::super::whole::write_whole;
use super::super::world::World;

/// Where `plugin new` puts the SDK, in the plugin's folder.
pub(super) const VENDORED: &str = "vendor/pipefitter-sdk";

/// What a build makes on the way, in the plugin's folder.
const WORK: &str = ".pipefitter";

/// A plugin that is being built.
pub(crate) struct Project<'a> {
    /// Its folder: absolute, without links.
    pub(crate) dir: &'a Path,
    /// What it asks for.
    pub(crate) manifest: &'a Manifest,
    /// Cargo's profile, such as `release`.
    pub(crate) profile: &'a str,
}

impl Project<'_> {
    /// The SDK: the plugin's own copy, or what `sdk` of `[build]` names.
    pub(super) fn sdk(&self) -> Result<PathBuf> {
        let own = self.dir.join(VENDORED);
        if own.is_dir() {
            return Ok(own);
        }
        let Some(sdk) = &self.manifest.build.sdk else {
            bail!(
                "{} is not there: copy it from a new plugin (`pipefitter plugin new`) of the language, or name the SDK's \
                 folder as `sdk` in [build] of action.toml",
                own.display()
            );
        };
        let named = self.dir.join(sdk);
        let there = named.canonicalize().ok().filter(|path| path.is_dir());
        there.with_context(|| {
            format!(
                "{} is not a folder: correct `sdk` in [build] of action.toml",
                named.display()
            )
        })
    }

    /// The folder for what is made on the way, which git ignores.
    pub(super) fn work(&self) -> Result<PathBuf> {
        let work = self.dir.join(WORK);
        let ignore = work.join(".gitignore");
        if !ignore.is_file() {
            write_whole(&ignore, b"*\n")?;
        }
        Ok(work)
    }

    /// The plugin's world as a WIT package, with the worlds `plugin` and `plugin-with-files`: made anew, for languages
    /// whose tools keep every import of a world.
    pub(super) fn wit(&self) -> Result<PathBuf> {
        let folder = self.work()?.join("wit");
        World::asked_by(self.manifest).write(self.manifest, &folder)?;
        Ok(folder)
    }

    /// A path in [`Self::work`] where nothing is: what lies there after the build is of this build.
    pub(super) fn fresh(&self, name: &str) -> Result<PathBuf> {
        let path = self.work()?.join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("could not remove {}", path.display()))
            }
            _ => Ok(path),
        }
    }

    /// Whether the manifest asks for the network.
    pub(super) fn asks_network(&self) -> bool {
        !self.manifest.capabilities.network.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "[action]\ncategory = \"Build\"\nprovider = \"Hello\"\nversion = \"1\"\n";

    fn with_project(build: &str, then: impl FnOnce(&Project<'_>)) {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().canonicalize().unwrap().join("hello");
        std::fs::create_dir(&dir).unwrap();
        let manifest = Manifest::parse(&format!("{LEAST}{build}"), "action.toml").unwrap();
        then(&Project {
            dir: &dir,
            manifest: &manifest,
            profile: "release",
        });
    }

    #[test]
    fn a_copy_of_the_sdk_in_the_folder_counts_before_the_named_one() {
        with_project("[build]\nsdk = \"../sdk\"\n", |project| {
            let named = project.dir.with_file_name("sdk");
            let refused = project.sdk().unwrap_err().to_string();
            assert!(refused.contains("correct `sdk`"), "{refused}");
            std::fs::create_dir(&named).unwrap();
            assert_eq!(project.sdk().unwrap(), named);
            let own = project.dir.join(VENDORED);
            std::fs::create_dir_all(&own).unwrap();
            assert_eq!(project.sdk().unwrap(), own);
        });
        with_project("", |project| {
            let refused = project.sdk().unwrap_err().to_string();
            assert!(refused.contains("plugin new"), "{refused}");
        });
    }

    #[test]
    fn what_is_made_on_the_way_is_hidden_from_git_and_never_of_an_earlier_build() {
        with_project("", |project| {
            let file = project.fresh("core.wasm").unwrap();
            std::fs::write(&file, "old").unwrap();
            assert_eq!(project.fresh("core.wasm").unwrap(), file);
            assert!(!file.exists());
            let ignore = project.dir.join(".pipefitter/.gitignore");
            assert_eq!(std::fs::read_to_string(ignore).unwrap(), "*\n");
            assert!(project.wit().unwrap().join("world.wit").is_file());
        });
    }
}
