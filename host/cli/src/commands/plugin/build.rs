//! `pipefitter plugin build [DIR]`: one .wasm with its manifest inside, ready to drop in.
//!
//! The manifest is what a plugin is built by: it makes the [world](super::world), and a component that imports what it
//! does not ask for is not written.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use pipefitter_plugins::{Manifest, embed_manifest};
use pipefitter_sandbox::{Shape, own_component};
use serde_json::Value;

use super::asks::differences;
use super::whole::write_whole;
use super::world::World;
use crate::args::BuildArgs;
use crate::config::print_problems;
use crate::exit::Exit;
use crate::plugin_files::manifest_problems;
use crate::print;

const TARGET: &str = "wasm32-wasip2";

pub(crate) fn main(args: BuildArgs) -> Result<Exit> {
    let dir = args
        .dir
        .canonicalize()
        .with_context(|| format!("{} is not a folder that can be read", args.dir.display()))?;
    let manifest_file = dir.join("action.toml");
    let text = std::fs::read_to_string(&manifest_file).with_context(|| {
        format!(
            "could not read {}: a plugin has a manifest",
            manifest_file.display()
        )
    })?;
    let manifest = match Manifest::parse(&text, &manifest_file.display().to_string()) {
        Ok(manifest) => manifest,
        Err(problems) => {
            print_problems(&manifest_problems(&manifest_file, &text, &problems));
            return Ok(Exit::Failure);
        }
    };
    let world = World::asked_by(&manifest);
    if let Some(folder) = args.wit {
        world.write(&manifest, &folder)?;
        let written = format_args!("Wrote {}: world `plugin`, {world}", folder.display());
        print::line(written)?;
        return Ok(Exit::Success);
    }
    let output = match (args.output, dir.file_name()) {
        (Some(output), _) => output,
        (None, Some(name)) => dir.join(format!("{}.wasm", name.to_string_lossy())),
        (None, None) => bail!(
            "{} has no name to call the .wasm: give --output",
            dir.display()
        ),
    };
    let built = match args.component {
        Some(component) => component,
        None => {
            check_source(&dir)?;
            check_toolchain()?;
            cargo_build(&dir, &args.profile)?
        }
    };
    let wasm =
        std::fs::read(&built).with_context(|| format!("could not read {}", built.display()))?;
    let no_plugin = || format!("{} is no plugin", built.display());
    let wasm = own_component(&wasm).with_context(no_plugin)?;
    let shape = Shape::of_own_build(&wasm).with_context(no_plugin)?;
    let differences = differences(&manifest_file, &text, &manifest, &shape);
    print_problems(&differences);
    if differences.iter().any(|difference| !difference.warning) {
        return Ok(Exit::Failure);
    }
    let with_manifest = embed_manifest(&wasm, &text).context("could not embed action.toml")?;
    write_whole(&output, &with_manifest)?;
    print::line(format_args!(
        "Built {} ({} KiB) for the world {world}",
        output.display(),
        with_manifest.len().div_ceil(1024)
    ))?;
    Ok(Exit::Success)
}

fn check_source(dir: &Path) -> Result<()> {
    if dir.join("Cargo.toml").is_file() {
        return Ok(());
    }
    bail!(
        "{} has no Cargo.toml: only plugins in Rust are built from source. For any other language write the \
         plugin's world with `pipefitter plugin build --wit DIR`, build a component for it with the language's \
         tools, and give that with --component",
        dir.display()
    );
}

fn check_toolchain() -> Result<()> {
    let cargo = Command::new("cargo")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !cargo.is_ok_and(|status| status.success()) {
        bail!("cargo is not there: install Rust as https://rustup.rs says");
    }
    let libdir = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .context("could not run rustc")?;
    let libdir = String::from_utf8_lossy(&libdir.stdout).trim().to_owned();
    if libdir.is_empty() || !Path::new(&libdir).is_dir() {
        bail!("the Rust toolchain lacks the target {TARGET}: run `rustup target add {TARGET}`");
    }
    Ok(())
}

/// Cargo's own errors go to the terminal whole; the artifact's path is read from its messages.
fn cargo_build(dir: &Path, profile: &str) -> Result<PathBuf> {
    let output = Command::new("cargo")
        .args(["build", "--target", TARGET, "--profile", profile])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(dir)
        .stderr(Stdio::inherit())
        .output()
        .context("could not start cargo")?;
    if !output.status.success() {
        bail!("cargo could not build the plugin: its messages are above");
    }
    let manifest = dir.join("Cargo.toml");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["manifest_path"].as_str().map(Path::new) == Some(&manifest))
        .filter_map(|message| {
            let files = message["filenames"].as_array()?.clone();
            files
                .iter()
                .filter_map(Value::as_str)
                .find(|f| f.ends_with(".wasm"))
                .map(PathBuf::from)
        })
        .next_back()
        .with_context(|| {
            format!(
                "cargo made no .wasm: {} needs `[lib]` with `crate-type = [\"cdylib\"]`",
                manifest.display()
            )
        })
}
