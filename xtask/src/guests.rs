//! Plugins and test guests: built from source in three languages, each a `.wasm` with its manifest; some as core modules
//! for wasip1, too.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::run;
use crate::{cargo, hostile, javascript, languages, paths, python, zig};

/// The plugins in Rust that the project ships, by folder.
pub(crate) const PLUGINS: &[&str] = &["site", "linkcheck", "publish"];

/// Build the binary that everything else drives.
pub(crate) fn build_binary() -> Result<()> {
    build_binaries(&["pipefitter"])
}

/// Build binaries of the workspace, all of one profile.
pub(crate) fn build_binaries(names: &[&str]) -> Result<()> {
    // The whole workspace is selected, so that dependencies get the very features that the tests build
    // them with: with one package alone, half of them would be compiled twice.
    run(Command::new("cargo")
        .args(["build", "--locked", "--workspace"])
        .args(names.iter().flat_map(|name| ["--bin", name]))
        .current_dir(paths::root()))
}

/// Build the shipped plugins in Rust, which is all that the demo takes, with the product's own command; returns the folder that holds them.
pub(crate) fn build_plugins() -> Result<PathBuf> {
    let out = paths::target().join("plugins");
    std::fs::create_dir_all(&out).context("could not make a folder for plugins")?;
    for name in PLUGINS {
        run(Command::new(paths::binary())
            .args(["plugin", "build", "--profile", "guest"])
            .arg(paths::root().join("plugins").join(name))
            .arg("--output")
            .arg(out.join(format!("{name}.wasm"))))?;
    }
    Ok(out)
}

/// Build what only tests load.
pub(crate) fn build_test_guests() -> Result<()> {
    let out = paths::guests();
    std::fs::create_dir_all(&out).context("could not make a folder for test guests")?;
    let source = paths::root().join("tests/guests");
    run(Command::new("cargo")
        .args([
            "build",
            "--locked",
            "--profile",
            "guest",
            "--target",
            "wasm32-wasip2",
        ])
        .args(["-p", "pipefitter-test-probe", "-p", "pipefitter-test-twin"])
        .args([
            "-p",
            "pipefitter-test-escape",
            "-p",
            "pipefitter-test-secret",
            "-p",
            "pipefitter-test-net",
            "-p",
            "pipefitter-test-asynchronous",
        ])
        .current_dir(paths::root()))?;
    run(Command::new("cargo")
        .args(["build", "--locked", "--profile", "guest"])
        .args(["--target", "wasm32-wasip1"])
        .args(["-p", "pipefitter-test-probe", "-p", "pipefitter-test-twin"])
        .args([
            "-p",
            "pipefitter-test-command",
            "-p",
            "pipefitter-test-talker",
        ])
        .current_dir(paths::root()))?;
    let modules = paths::target().join("wasm32-wasip1/guest");
    for (built, twin) in [("twin", "wasip1"), ("command", "command")] {
        copy(
            &modules.join(format!("pipefitter_test_{built}.wasm")),
            &out.join(format!("twin-{twin}.wasm")),
        )?;
    }
    let built = paths::target().join("wasm32-wasip2/guest");
    copy(
        &built.join("pipefitter_test_probe.wasm"),
        &out.join("probe.wasm"),
    )?;
    copy(
        &built.join("pipefitter_test_secret.wasm"),
        &out.join("secret.wasm"),
    )?;
    copy(
        &source.join("probe/action.toml"),
        &out.join("probe.action.toml"),
    )?;
    copy(
        &built.join("pipefitter_test_net.wasm"),
        &out.join("net.wasm"),
    )?;
    copy(
        &built.join("pipefitter_test_twin.wasm"),
        &out.join("twin-rust.wasm"),
    )?;
    copy(
        &built.join("pipefitter_test_asynchronous.wasm"),
        &out.join("twin-asynchronous.wasm"),
    )?;
    for (folder, world) in [("python", "action"), ("python-async", "action-async")] {
        let twin = out.join(format!("twin-{folder}.wasm"));
        python_twin(&source.join(folder), world, &twin)?;
    }
    c_twin(
        &source.join("command-c/main.c"),
        &out.join("twin-command-c.wasm"),
    )?;
    javascript_twin(
        &source.join("javascript"),
        &out.join("twin-javascript.wasm"),
    )?;
    javascript::assemblyscript(
        &source.join("assemblyscript/main.ts"),
        &out.join("twin-assemblyscript.wasm"),
    )?;
    languages::build()?;
    hostile::build()
}

fn python_twin(source: &Path, world: &str, out: &Path) -> Result<()> {
    let app = source.join("app.py");
    let wit = paths::root().join("wit");
    let contract = [wit.join("action.wit"), wit.join("action-async.wit")];
    if is_fresh(out, &[&app, &contract[0], &contract[1]]) {
        return Ok(());
    }
    run(Command::new(python::bin().join("componentize-py"))
        .arg("-d")
        .arg(&wit)
        .args(["-w", world, "componentize", "app", "-p"])
        .arg(source)
        .arg("-o")
        .arg(out)
        .env("PYTHONDONTWRITEBYTECODE", "1"))
}

/// A plain command. The stack is made small: the compiler's own is 16 MiB of memory.
fn c_twin(source: &Path, out: &Path) -> Result<()> {
    if is_fresh(out, &[source]) {
        return Ok(());
    }
    run(zig::command()
        .args([
            "cc",
            "-target",
            "wasm32-wasi",
            "-O2",
            "-s",
            "-Wall",
            "-Wextra",
            "-Werror",
        ])
        .args(["-Wl,-z,stack-size=131072", "-o"])
        .arg(out)
        .arg(source))
}

/// jco takes one folder of WIT with its dependencies: the contract, and WASI's from the very crate that
/// the host links.
fn javascript_twin(source: &Path, out: &Path) -> Result<()> {
    let plugin = source.join("plugin.js");
    let world = source.join("world.wit");
    let contract = paths::root().join("wit/action.wit");
    if is_fresh(out, &[&plugin, &world, &contract]) {
        return Ok(());
    }
    let work = paths::target().join("guests/javascript");
    let wit = work.join("wit");
    let wasi = wasi_wit()?;
    copy(&plugin, &work.join("plugin.js"))?;
    copy(&world, &wit.join("world.wit"))?;
    copy(&contract, &wit.join("deps/action/action.wit"))?;
    for package in ["filesystem", "io", "clocks"] {
        let file = format!("{package}.wit");
        copy(
            &wasi.join(&file),
            &wit.join("deps").join(package).join(&file),
        )?;
    }
    // The QuickJS backend resolves the source against its own folder: it is run from there.
    run(Command::new(javascript::jco())
        .args(["componentize", "plugin.js", "--wit", "wit", "-n", "twin"])
        .args(["--backend", "quickjs", "--backend-qjs-disable-async", "-o"])
        .arg(out)
        .current_dir(&work))
}

fn wasi_wit() -> Result<PathBuf> {
    let folder = cargo::folder("wasmtime-wasi")?.join("src/p2/wit/deps");
    if !folder.is_dir() {
        bail!(
            "wasmtime-wasi has moved its WIT: {} is not there",
            folder.display()
        );
    }
    Ok(folder)
}

/// Whether something was made after all of its sources were changed.
pub(crate) fn is_fresh(out: &Path, sources: &[&Path]) -> bool {
    let modified = |path: &Path| path.metadata().and_then(|m| m.modified()).ok();
    let Some(made) = modified(out) else {
        return false;
    };
    sources
        .iter()
        .all(|source| modified(source).is_some_and(|at| at <= made))
}

/// Copy a file; one that is the same already keeps its time.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
    }
    let new = std::fs::read(from).with_context(|| format!("could not read {}", from.display()))?;
    // A file that did not change keeps its time, so that nothing is compiled for nothing.
    if std::fs::read(to).is_ok_and(|old| old == new) {
        return Ok(());
    }
    write(to, &new)
}

/// Write a file.
pub(crate) fn write(to: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(to, bytes).with_context(|| format!("could not write {}", to.display()))
}
