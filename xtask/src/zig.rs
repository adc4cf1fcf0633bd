//! The toolchain of C, C++ and Zig: the package ziglang of PyPI under `target/`, pinned. It has clang, lld and the
//! sources of the C and C++ libraries for WASI, and runs on every machine that the tests run on.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::paths;
use crate::process::run;

/// The newest that the SDK for Zig was tried with: Zig changes its library with every version.
const REQUIREMENTS: &str = "ziglang==0.16.0\n";

fn home() -> PathBuf {
    paths::target().join("zig")
}

/// Where its `python` is, which `pipefitter plugin build` finds on PATH.
pub(crate) fn bin() -> PathBuf {
    home().join("venv/bin")
}

/// Where it keeps what it has compiled, such as the C library: minutes, the first time.
pub(crate) fn cache() -> PathBuf {
    home().join("cache")
}

/// The command `zig`.
pub(crate) fn command() -> Command {
    let mut command = Command::new(bin().join("python"));
    command
        .args(["-m", "ziglang"])
        .env("ZIG_GLOBAL_CACHE_DIR", cache())
        .env("ZIG_LOCAL_CACHE_DIR", cache().join("local"));
    command
}

/// Install it, or leave it when it is there.
pub(crate) fn set_up() -> Result<()> {
    let stamp = home().join("requirements.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|text| text == REQUIREMENTS) {
        return Ok(());
    }
    eprintln!("The toolchain of C, C++ and Zig (once, 423 MB):");
    let venv = home().join("venv");
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&venv))?;
    let wanted = home().join("wanted.txt");
    std::fs::write(&wanted, REQUIREMENTS).context("could not write the list of Python packages")?;
    run(Command::new(bin().join("python"))
        .args(["-m", "pip", "install", "--quiet"])
        .args(["--disable-pip-version-check", "-r"])
        .arg(&wanted))?;
    std::fs::rename(&wanted, &stamp).context("could not finish the toolchain of C, C++ and Zig")
}
