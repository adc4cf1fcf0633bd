//! `pipefitter plugin build [DIR]`: one .wasm with its manifest inside, ready to drop in.
//!
//! The manifest is what a plugin is built by: it makes the [world](super::world), and a component that imports what it
//! does not ask for is not written. How the component is made is its [language's](super::languages) own affair. The
//! .wasm is replaced in one step, or not at all.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pipefitter_plugins::{Language, Manifest, embed_manifest};
use pipefitter_sandbox::{Entry, Shape, own_component};

use super::asks::{Needs, differences};
use super::check;
use super::languages::{self, Project};
use super::whole::write_whole;
use super::world::World;
use crate::args::BuildArgs;
use crate::config::print_problems;
use crate::exit::Exit;
use crate::plugin_files::manifest_problems;
use crate::print;

pub(crate) fn main(args: BuildArgs) -> Result<Exit> {
    let dir = source_folder(&args.dir)?;
    let manifest_file = dir.join("action.toml");
    let text = std::fs::read_to_string(&manifest_file)
        .with_context(|| format!("could not read {}", manifest_file.display()))?;
    let manifest = match Manifest::parse(&text, &manifest_file.display().to_string()) {
        Ok(manifest) => manifest,
        Err(problems) => {
            print_problems(&manifest_problems(&manifest_file, &text, &problems));
            return Ok(Exit::Failure);
        }
    };
    if let Some(folder) = args.wit {
        let world = World::asked_by(&manifest);
        world.write(&manifest, &folder)?;
        let written = format_args!("Wrote {}: world `plugin`, {world}", folder.display());
        print::line(written)?;
        return Ok(Exit::Success);
    }
    let output = match args.output {
        Some(output) => output,
        None => output_of(&dir)?,
    };
    let project = Project {
        dir: &dir,
        manifest: &manifest,
        profile: &args.profile,
    };
    let ended = build(&project, &text, args.component, &output);
    if !matches!(ended, Ok(Exit::Success)) && output.exists() {
        print::error_line(format_args!(
            "{} is still the one of an earlier build",
            output.display()
        ));
    }
    ended
}

/// `text` is the manifest's, `component` one that was built before.
fn build(
    project: &Project<'_>,
    text: &str,
    component: Option<PathBuf>,
    output: &Path,
) -> Result<Exit> {
    let (built, by_others) = match component {
        Some(component) => (component, true),
        None => {
            let kit = languages::chosen(project.dir, project.manifest)?;
            (kit.build(project)?, kit.language == Language::Command)
        }
    };
    let wasm =
        std::fs::read(&built).with_context(|| format!("could not read {}", built.display()))?;
    let no_plugin = || format!("{} is no plugin", built.display());
    let wasm = own_component(&wasm).with_context(no_plugin)?;
    let shape = Shape::of_own_build(&wasm).with_context(no_plugin)?;
    let manifest_file = project.dir.join("action.toml");
    let needs = Needs {
        network: shape.needs_network(),
        secrets: shape.needs_secrets(),
        is_command: shape.entry == Entry::Command,
    };
    let differences = differences(&manifest_file, text, project.manifest, needs);
    print_problems(&differences);
    if differences.iter().any(|difference| !difference.warning) {
        return Ok(Exit::Failure);
    }
    // What the SDKs of this version build fits it; what others have built may have been made for another.
    if by_others && let Some(refusal) = check::refusal(&wasm)? {
        bail!("{}: {refusal}", no_plugin());
    }
    let with_manifest = embed_manifest(&wasm, text).context("could not embed action.toml")?;
    write_whole(output, &with_manifest)?;
    let built_for = match shape.entry {
        Entry::Handler => format!("for the world {}", World::asked_by(project.manifest)),
        Entry::AsyncHandler => "with an asynchronous entry".to_owned(),
        Entry::Command => "as a plain command".to_owned(),
    };
    print::line(format_args!(
        "Built {} ({} KiB) {built_for}",
        output.display(),
        with_manifest.len().div_ceil(1024),
    ))?;
    Ok(Exit::Success)
}

/// A folder, absolute and without links.
pub(super) fn folder(named: &Path) -> Result<PathBuf> {
    named.canonicalize().with_context(|| {
        format!(
            "{} is not a folder that can be read: {ANOTHER}",
            named.display()
        )
    })
}

/// The folder of a plugin's sources, which has its manifest.
pub(super) fn source_folder(named: &Path) -> Result<PathBuf> {
    let dir = folder(named)?;
    if !dir.join("action.toml").exists() {
        bail!("{} has no action.toml: {ANOTHER}", dir.display());
    }
    Ok(dir)
}

/// What to do where a folder is no plugin's.
const ANOTHER: &str =
    "name a plugin's folder, or make one with `pipefitter plugin new NAME --lang LANGUAGE`";

/// What a folder is built with where nothing is said.
pub(super) fn plain(dir: &Path) -> BuildArgs {
    BuildArgs {
        dir: dir.to_path_buf(),
        output: None,
        profile: "release".to_owned(),
        component: None,
        wit: None,
    }
}

/// The .wasm of a folder, where nothing is said.
pub(super) fn output_of(dir: &Path) -> Result<PathBuf> {
    let Some(name) = dir.file_name() else {
        bail!(
            "{} has no name to call the .wasm: give --output",
            dir.display()
        );
    };
    Ok(dir.join(format!("{}.wasm", name.to_string_lossy())))
}
