//! Where things lie: everything that set-up makes is under the target directory.

use std::path::{Path, PathBuf};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Cargo's target directory.
#[expect(
    clippy::disallowed_methods,
    reason = "cargo's own setting, which no config of ours repeats"
)]
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// Ready-to-load test plugins, one `.wasm` each.
pub(crate) fn guests() -> PathBuf {
    target().join("guests")
}

/// The binary under test.
pub(crate) fn binary() -> PathBuf {
    target().join("debug").join("pipefitter")
}
