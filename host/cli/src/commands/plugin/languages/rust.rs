//! Rust: Cargo, for wasm32-wasip2, which makes components by itself.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use include_dir::{Dir, include_dir};
use pipefitter_plugins::Language;
use serde_json::Value;

use super::kit::{Kit, Template};
use super::project::{Project, VENDORED};
use super::tools::{self, Install, Tool, Wanted};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/rust");
static SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/rust");

pub(super) static KIT: Kit = Kit {
    language: Language::Rust,
    marks: &["Cargo.toml"],
    tools: |dir| toolchain(dir).map(drop),
    // Where cargo is missing, the target is not all.
    install: None,
    build,
    template: Some(Template {
        files: &FILES,
        sdk: &[&SDK],
        sdk_folder: VENDORED,
    }),
};

const TARGET: &str = "wasm32-wasip2";

/// `rust-version` of the SDK.
const CARGO: Wanted = Wanted {
    program: "cargo",
    version: &["--version"],
    least: (1, 95, 0),
    from: "as https://rustup.rs says, then",
    install: Install::Anywhere("rustup update stable && rustup target add wasm32-wasip2"),
};

fn toolchain(dir: &Path) -> Result<Tool> {
    let cargo = tools::look_up(&CARGO, dir)?;
    has_target(TARGET, dir)?;
    Ok(cargo)
}

/// Whether the toolchain that a folder takes can build for a target.
pub(super) fn has_target(target: &str, dir: &Path) -> Result<()> {
    let libdir = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .current_dir(dir)
        .output()
        .context("could not run rustc")?;
    let libdir = String::from_utf8_lossy(&libdir.stdout).trim().to_owned();
    if libdir.is_empty() || !Path::new(&libdir).is_dir() {
        bail!("the Rust toolchain lacks the target {target}: run `rustup target add {target}`");
    }
    Ok(())
}

/// Cargo's own errors go to the terminal whole; the artifact's path is read from its messages.
fn build(project: &Project<'_>) -> Result<PathBuf> {
    let cargo = toolchain(project.dir)?;
    tools::progress(format_args!("Building with {}", cargo.title()));
    let output = cargo
        .command(project.dir)
        .args(["build", "--target", TARGET, "--profile", project.profile])
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .context("could not start cargo")?;
    if !output.status.success() {
        bail!("cargo could not build the plugin: its messages are above");
    }
    let manifest = project.dir.join("Cargo.toml");
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
