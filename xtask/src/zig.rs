//! The toolchain of C, C++ and Zig: the package ziglang of PyPI under `target/`, pinned. It has clang, lld and the
//! sources of the C and C++ libraries for WASI, and runs on every machine that the tests run on.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{paths, python};

/// The newest that the SDK for Zig was tried with: Zig changes its library with every version.
const REQUIREMENTS: &str = "ziglang==0.16.0\n";

fn home() -> PathBuf {
    paths::target().join("zig")
}

/// Where its `python` is, which `pipefitter plugin build` finds on PATH.
pub(crate) fn bin() -> PathBuf {
    home().join("venv/bin")
}

/// The variables that say where it keeps what it has compiled, such as the C library: minutes, the first time.
pub(crate) fn caches() -> [(&'static str, OsString); 2] {
    let cache = home().join("cache");
    let local = cache.join("local");
    [
        ("ZIG_GLOBAL_CACHE_DIR", cache.into_os_string()),
        ("ZIG_LOCAL_CACHE_DIR", local.into_os_string()),
    ]
}

/// The command `zig`.
pub(crate) fn command() -> Command {
    let mut command = Command::new(bin().join("python"));
    command.args(["-m", "ziglang"]).envs(caches());
    command
}

/// Install it, or leave it when it is there.
pub(crate) fn set_up() -> Result<()> {
    let title = "The toolchain of C, C++ and Zig, 423 MB";
    python::environment(&home().join("venv"), REQUIREMENTS, title)
}
