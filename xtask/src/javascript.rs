//! The JavaScript side: npm packages under `target/`, pinned.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::guests::{copy, is_fresh};
use crate::paths;
use crate::process::{quiet, run};

/// The packages' commands.
pub(crate) fn bin() -> PathBuf {
    paths::target().join("npm/node_modules/.bin")
}

/// jco's command.
pub(crate) fn jco() -> PathBuf {
    bin().join("jco")
}

/// Install what the lock files pin, or leave it when that is there.
pub(crate) fn set_up() -> Result<()> {
    install("tests/guests/javascript", "npm")?;
    install("tests/javascript", "npm-clients")?;
    install("tests/guests/assemblyscript", ASSEMBLYSCRIPT)
}

/// Where AssemblyScript's compiler is, in [`paths::target`].
const ASSEMBLYSCRIPT: &str = "npm-assemblyscript";

/// Compile a program in AssemblyScript to a core module for wasip1. Its imports are resolved against the folder that it is
/// compiled in: a copy of it is.
pub(crate) fn assemblyscript(source: &Path, out: &Path) -> Result<()> {
    if is_fresh(out, &[source]) {
        return Ok(());
    }
    let home = paths::target().join(ASSEMBLYSCRIPT);
    copy(source, &home.join("main.ts"))?;
    run(Command::new(home.join("node_modules/.bin/asc"))
        .args(["main.ts", "-O3", "--runtime", "minimal", "--config"])
        .arg("node_modules/@assemblyscript/wasi-shim/asconfig.json")
        .arg("-o")
        .arg(out)
        .current_dir(&home))
}

/// Run the tests of the SDK and of the plugins in TypeScript, natively: their types, and node's own test runner.
pub(crate) fn test() -> Result<()> {
    let npm = paths::target().join("npm");
    let sdk = paths::root().join("guest-sdk/javascript");
    let notify = paths::root().join("plugins/notify");
    let guests = paths::root().join("tests/conformance/guests");
    let guests = ["javascript", "typescript"].map(|name| guests.join(name));
    for project in [&sdk, &notify].into_iter().chain(&guests) {
        run(Command::new(npm.join("node_modules/.bin/tsc"))
            .arg("--project")
            .arg(project))?;
    }
    // From the folder of the packages: an old node finds there what it needs to read TypeScript.
    run(Command::new("node")
        .arg("--import")
        .arg(sdk.join("src/testing/register.js"))
        .arg("--test")
        .args(tests_in(&sdk)?)
        .args(tests_in(&notify)?)
        .current_dir(&npm))
}

fn tests_in(project: &Path) -> Result<Vec<PathBuf>> {
    let folder = project.join("tests");
    let entries = std::fs::read_dir(&folder)
        .with_context(|| format!("could not read {}", folder.display()))?;
    let mut tests: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(".test.js"))
        .collect();
    tests.sort();
    Ok(tests)
}

/// Every package of them is pinned with its checksum, those that others bring included. The lock files are made by `npm
/// install --package-lock-only --omit-lockfile-registry-resolved`.
fn install(pinned: &str, folder: &str) -> Result<()> {
    let pinned = paths::root().join(pinned);
    let home = paths::target().join(folder);
    let stamp = home.join("installed.json");
    let lock = pinned.join("package-lock.json");
    let text = std::fs::read_to_string(&lock).context("could not read the pinned npm packages")?;
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == text) {
        return Ok(());
    }
    eprintln!("npm packages (once):");
    copy(&lock, &home.join("package-lock.json"))?;
    copy(&pinned.join("package.json"), &home.join("package.json"))?;
    run(Command::new("npm")
        .args([
            "ci",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
            "--loglevel=error",
        ])
        .current_dir(&home))?;
    std::fs::write(&stamp, text).context("could not finish the npm packages")
}

/// Unpack a published npm package once; returns its folder. npm verifies the registry's checksum.
pub(crate) fn package(name: &str, version: &str) -> Result<PathBuf> {
    let home = paths::target()
        .join("npm-packages")
        .join(format!("{name}-{version}"));
    let unpacked = home.join("package");
    if unpacked.join("package.json").is_file() {
        return Ok(unpacked);
    }
    std::fs::create_dir_all(&home).context("could not make a folder for the package")?;
    quiet(
        Command::new("npm")
            .args(["pack", "--silent", &format!("{name}@{version}")])
            .current_dir(&home),
    )?;
    let archive = archive_in(&home)?;
    quiet(
        Command::new("tar")
            .arg("xzf")
            .arg(&archive)
            .current_dir(&home),
    )?;
    Ok(unpacked)
}

fn archive_in(home: &Path) -> Result<PathBuf> {
    std::fs::read_dir(home)
        .context("could not read the package's folder")?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|e| e == "tgz"))
        .context("npm pack left no archive")
}
