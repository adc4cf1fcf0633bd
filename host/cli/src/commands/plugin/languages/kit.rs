//! What `plugin new` and `plugin build` know of a language, and which language a folder is of.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use include_dir::Dir;
use pipefitter_plugins::{Language, Manifest};

use super::project::Project;
use super::{c, custom, go, javascript, python, rust, zig};

/// All that is known of one language. See the [module's doc](super) for how one is added.
pub(crate) struct Kit {
    /// The language.
    pub(crate) language: Language,
    /// The files by which a plugin's folder of this language is known: all of them lie in it. None: it is known by
    /// `[build]` alone.
    pub(super) marks: &'static [&'static str],
    /// Looks for the tools that a build in this folder takes. The error says what to install.
    pub(crate) tools: fn(&Path) -> Result<()>,
    /// The shell's line that installs them, run in the plugin's folder; none where that is no matter of one line.
    pub(crate) install: Option<&'static str>,
    /// Builds a component, or a core module that names its world, and returns its file.
    pub(super) build: fn(&Project<'_>) -> Result<PathBuf>,
    /// What `plugin new` writes.
    pub(crate) template: Option<Template>,
}

/// What `plugin new` writes, embedded in this binary.
pub(crate) struct Template {
    /// `host/cli/templates/LANGUAGE`.
    pub(crate) files: &'static Dir<'static>,
    /// `guest-sdk/LANGUAGE`; several are laid over each other.
    pub(crate) sdk: &'static [&'static Dir<'static>],
    /// Where they go in the plugin's folder: [`VENDORED`](super::project::VENDORED), unless the language minds.
    pub(crate) sdk_folder: &'static str,
}

/// In the order of [`Language::ALL`].
static KITS: &[&Kit] = &[
    &rust::KIT,
    &python::KIT,
    &javascript::TYPESCRIPT,
    &javascript::JAVASCRIPT,
    &c::C,
    &c::CPP,
    &go::KIT,
    &zig::KIT,
    &custom::KIT,
];

impl Kit {
    /// Build a plugin's folder; returns the file to adapt and to embed the manifest in.
    pub(crate) fn build(&self, project: &Project<'_>) -> Result<PathBuf> {
        let missing = |mark: &&&str| !project.dir.join(mark).is_file();
        if let Some(mark) = self.marks.iter().find(missing) {
            bail!(
                "{} has no {mark}: a plugin in {} has it there; write it, or correct `language` in [build] of action.toml",
                project.dir.display(),
                self.language.title()
            );
        }
        (self.build)(project)
    }
}

/// The kit of a folder: by `[build]` of its manifest, or else by the files in it.
pub(crate) fn chosen(dir: &Path, manifest: &Manifest) -> Result<&'static Kit> {
    if manifest.build.command.is_some() {
        return Ok(&custom::KIT);
    }
    if let Some(language) = manifest.build.language {
        let kit = KITS.iter().copied().find(|kit| kit.language == language);
        return kit.with_context(|| {
            format!("plugins in {} are not built by this version: give `command` and `output` in [build] of action.toml", language.title())
        });
    }
    let lies_there = |kit: &Kit| {
        let mut marks = kit.marks.iter();
        !kit.marks.is_empty() && marks.all(|mark| dir.join(mark).is_file())
    };
    let mut found = KITS.iter().copied().filter(|kit| lies_there(kit));
    match (found.next(), found.next()) {
        (Some(kit), None) => Ok(kit),
        (Some(one), Some(other)) => bail!(
            "{} has {} and {}: put [build] into action.toml, with language = \"{}\" or language = \"{}\"",
            dir.display(),
            one.marks.join(", "),
            other.marks.join(", "),
            one.language,
            other.language
        ),
        (None, _) => bail!(
            "{} has no source that is known: {}. For any other language put `command`, which builds it, and \
             `output`, the .wasm that comes of it, into [build] of action.toml; or write the plugin's world with \
             `pipefitter plugin build --wit DIR`, build a component for it, and give that with --component",
            dir.display(),
            known()
        ),
    }
}

fn known() -> String {
    let kits = KITS.iter().filter(|kit| !kit.marks.is_empty());
    let named = kits.map(|kit| format!("{} ({})", kit.marks.join(" and "), kit.language.title()));
    named.collect::<Vec<_>>().join(", ")
}

/// The kits that `plugin new` has a template of.
pub(crate) fn templates() -> impl Iterator<Item = &'static Kit> {
    KITS.iter().copied().filter(|kit| kit.template.is_some())
}

/// Their languages, as clap takes them.
pub(crate) fn offered() -> Vec<clap::builder::PossibleValue> {
    templates()
        .map(|kit| {
            clap::builder::PossibleValue::new(kit.language.as_str()).help(kit.language.title())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "[action]\ncategory = \"Build\"\nprovider = \"Hello\"\nversion = \"1\"\n";

    fn chosen_of(files: &[&str], build: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            std::fs::write(dir.path().join(file), "").unwrap();
        }
        let manifest = Manifest::parse(&format!("{LEAST}{build}"), "action.toml").unwrap();
        match chosen(dir.path(), &manifest) {
            Ok(kit) => kit.language.to_string(),
            Err(error) => error
                .to_string()
                .replace(&dir.path().display().to_string(), "DIR"),
        }
    }

    #[test]
    fn a_folder_is_known_by_what_lies_in_it() {
        assert_eq!(chosen_of(&["Cargo.toml"], ""), "rust");
        assert_eq!(chosen_of(&["app.py", "README.md"], ""), "python");
        assert_eq!(chosen_of(&["plugin.ts", "package.json"], ""), "typescript");
        assert_eq!(chosen_of(&["plugin.js", "package.json"], ""), "javascript");
        assert_eq!(chosen_of(&["plugin.c", "src.c"], ""), "c");
        assert_eq!(chosen_of(&["plugin.cpp"], ""), "cpp");
        assert_eq!(chosen_of(&["plugin.zig"], ""), "zig");
        assert_eq!(chosen_of(&["plugin.go", "go.mod"], ""), "go");
    }

    #[test]
    fn the_manifest_has_the_last_word() {
        assert_eq!(
            chosen_of(
                &["Cargo.toml", "app.py"],
                "[build]\nlanguage = \"python\"\n"
            ),
            "python"
        );
        let command = "[build]\ncommand = [\"make\"]\noutput = \"out.wasm\"\n";
        assert_eq!(chosen_of(&["Cargo.toml"], command), "command");
    }

    #[test]
    fn what_is_not_known_or_known_twice_is_told_with_what_to_write() {
        assert_eq!(
            chosen_of(&["Cargo.toml", "app.py"], ""),
            "DIR has Cargo.toml and app.py: put [build] into action.toml, with language = \"rust\" or \
             language = \"python\""
        );
        let unknown = chosen_of(&["main.cob"], "");
        assert!(
            unknown
                .starts_with("DIR has no source that is known: Cargo.toml (Rust), app.py (Python)"),
            "{unknown}"
        );
        assert!(
            unknown.contains("[build]") && unknown.contains("--wit DIR"),
            "{unknown}"
        );
    }

    #[test]
    fn kits_are_in_order_and_none_is_there_twice() {
        let places: Vec<_> = KITS
            .iter()
            .map(|kit| Language::ALL.iter().position(|one| *one == kit.language))
            .collect();
        assert!(places.is_sorted_by(|one, next| one < next), "{places:?}");
    }
}
