//! `cargo xtask golden`: the components that are kept when a version of the contract is published. The suite of conformance
//! runs them ever after.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{languages, paths, suite};

/// Keep every guest of the conformance suite, as it is now, for the version that `wit/` has. A version that was published
/// never changes: its components are written once.
pub(crate) fn run() -> Result<()> {
    let contract = fs::read_to_string(paths::root().join("wit/action.wit"))
        .context("could not read the contract")?;
    let version = version(&contract).context("wit/action.wit names no version")?;
    let folder = paths::root().join("tests/golden").join(version);
    if folder.exists() {
        bail!(
            "tests/golden/{version} is there: what was published is not written again. Raise the version in wit/ first"
        );
    }
    suite::set_up()?;
    let guests = languages::guests()?;
    fs::create_dir_all(&folder).context("could not make the folder of golden components")?;
    for guest in guests {
        let name = guest.file_name().unwrap_or_default().to_string_lossy();
        keep(&guest, &name, &folder)?;
    }
    keep_asynchronous(&folder)
}

/// Of the world `action-async` the twin in Rust, which the suite of operations runs.
fn keep_asynchronous(folder: &Path) -> Result<()> {
    let folder = folder.join("action-async");
    fs::create_dir_all(&folder).context("could not make the folder of golden components")?;
    keep(
        &paths::root().join("tests/guests/asynchronous"),
        "rust",
        &folder,
    )
}

fn keep(guest: &Path, language: &str, folder: &Path) -> Result<()> {
    let built = paths::guests().join(format!("golden-{language}.wasm"));
    languages::build_for_all(guest, language, &built)?;
    let wasm = fs::read(&built).with_context(|| {
        format!("could not read {language}'s guest: a version is published with every language")
    })?;
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed
        .write_all(&wasm)
        .and_then(|()| packed.finish())
        .and_then(|packed| fs::write(folder.join(format!("{language}.wasm.gz")), packed))
        .with_context(|| format!("could not write {language}'s component"))?;
    fs::copy(
        guest.join("action.toml"),
        folder.join(format!("{language}.toml")),
    )
    .with_context(|| format!("could not copy {language}'s manifest"))?;
    Ok(())
}

/// Of `package pipefitter:action@0.1.0;`
fn version(contract: &str) -> Option<&str> {
    let line = contract
        .lines()
        .find_map(|line| line.strip_prefix("package "))?;
    line.trim_end_matches(';')
        .split_once('@')
        .map(|(_, version)| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_packages() {
        assert_eq!(version("// x\npackage a:b@1.2.3;\n"), Some("1.2.3"));
        assert_eq!(version("package a:b;\n"), None);
    }
}
