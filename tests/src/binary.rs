//! Where the things under test are: found from the test's own executable, built by `cargo xtask`.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const REMEDY: &str = "run `cargo xtask test`, or `cargo xtask setup` once";

/// Cargo's target directory.
#[must_use]
pub fn target() -> &'static Path {
    static TARGET: OnceLock<PathBuf> = OnceLock::new();
    TARGET.get_or_init(|| {
        let own = std::env::current_exe().expect("the test's own executable has a path");
        own.ancestors()
            .find(|dir| dir.ends_with("debug") || dir.ends_with("release"))
            .and_then(Path::parent)
            .unwrap_or_else(|| panic!("{} is in no target directory", own.display()))
            .to_path_buf()
    })
}

/// The repository.
#[must_use]
pub fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// The binary under test.
#[must_use]
pub fn pipefitter() -> PathBuf {
    there(target().join("debug/pipefitter"))
}

/// A test guest, such as `probe` or `twin-python`.
#[must_use]
pub fn guest(name: &str) -> PathBuf {
    there(target().join("guests").join(format!("{name}.wasm")))
}

/// A plugin that the project ships, such as `site`.
#[must_use]
pub fn shipped(name: &str) -> PathBuf {
    there(target().join("plugins").join(format!("{name}.wasm")))
}

/// The source of the release demo.
#[must_use]
pub fn demo_release() -> PathBuf {
    there(target().join("demo-release/source"))
}

/// A program of the Python environment: `python`, `aws`.
#[must_use]
pub fn venv(program: &str) -> PathBuf {
    there(target().join("venv/bin").join(program))
}

/// Variables for a program that builds plugins: PATH with the toolchains that the set-up has brought, and their caches.
#[must_use]
pub fn toolchains() -> Vec<(String, String)> {
    let path = there(target().join("toolchains.env"));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The folder of the npm packages that clients of the service are made with.
#[must_use]
pub fn npm_clients() -> PathBuf {
    there(target().join("npm-clients/node_modules/@aws-sdk"));
    target().join("npm-clients")
}

fn there(path: PathBuf) -> PathBuf {
    assert!(path.exists(), "{} is not there: {REMEDY}", path.display());
    path
}
