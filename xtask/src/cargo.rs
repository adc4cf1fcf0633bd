//! What cargo knows of the packages that this repository is built of.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::paths;

/// The packages that Cargo.lock names, each as `cargo metadata` describes it; those that are not here yet are fetched.
pub(crate) fn packages() -> Result<Vec<Value>> {
    let output = Command::new("cargo")
        .args(["metadata", "--locked", "--all-features"])
        .args(["--format-version", "1"])
        .current_dir(paths::root())
        .output()
        .context("could not run cargo metadata")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("cargo metadata failed: {}", said.trim());
    }
    let mut metadata: Value =
        serde_json::from_slice(&output.stdout).context("cargo metadata printed no JSON")?;
    match metadata["packages"].take() {
        Value::Array(packages) => Ok(packages),
        _ => bail!("cargo metadata has no packages"),
    }
}

/// The folder of one of them.
pub(crate) fn folder(name: &str) -> Result<PathBuf> {
    let packages = packages()?;
    let manifest = packages
        .iter()
        .find(|package| package["name"] == name)
        .and_then(|package| package["manifest_path"].as_str())
        .with_context(|| format!("{name} is not among the dependencies"))?;
    Ok(Path::new(manifest).with_file_name(""))
}
