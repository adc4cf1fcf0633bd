//! The source of the release demo: this repository as it would be released. What the licences of its dependencies are
//! read from is vendored as package managers leave it, without the code.
//!
//! A whole-system suite runs the same pipeline over the same folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::folder::{copy_ours, copy_tree, fresh};
use crate::guests::copy;
use crate::{cargo, paths, python};

/// Where the pipeline, the grants and what the source has besides are checked in.
pub(super) const HOME: &str = "xtask/demo/release";

const POLICY: &str = "plugins/policy";

/// Lay it out anew; returns its folder.
pub(crate) fn lay_out() -> Result<PathBuf> {
    let source = paths::target().join("demo-release/source");
    fresh(&source)?;
    copy_tree(&paths::root().join(HOME).join("source"), &source)?;
    copy_ours(
        &[
            "CHANGELOG.md",
            "Cargo.lock",
            "Cargo.toml",
            "LICENSE",
            "README.md",
            "plugins/licence/go.mod",
            "plugins/policy/requirements.txt",
            "xtask/demo/release/pipeline.json",
        ],
        &source,
    )?;
    crates(&source)?;
    python_packages(&source)?;
    Ok(source)
}

/// As `cargo vendor --versioned-dirs` does.
fn crates(source: &Path) -> Result<()> {
    let text = |package: &serde_json::Value, name: &str| {
        let value = package[name].as_str().map(str::to_owned);
        value.with_context(|| format!("cargo metadata has a package without `{name}`"))
    };
    for package in cargo::packages()? {
        // Without a source it is one of ours.
        if package["source"].is_null() {
            continue;
        }
        let folder = format!("{}-{}", text(&package, "name")?, text(&package, "version")?);
        let manifest = text(&package, "manifest_path")?;
        copy(
            Path::new(&manifest),
            &source.join("vendor").join(folder).join("Cargo.toml"),
        )?;
    }
    Ok(())
}

/// As `pip install --target` does.
fn python_packages(source: &Path) -> Result<()> {
    python::packages(&paths::root().join(POLICY))?;
    let packages = Path::new(POLICY).join(python::PACKAGES);
    let installed = paths::root().join(&packages);
    let entries = std::fs::read_dir(&installed)
        .with_context(|| format!("could not read {}", installed.display()))?;
    for entry in entries {
        let metadata = entry?.path().join("METADATA");
        if let Ok(below) = metadata.strip_prefix(&installed)
            && metadata.is_file()
        {
            copy(&metadata, &source.join(&packages).join(below))?;
        }
    }
    Ok(())
}
