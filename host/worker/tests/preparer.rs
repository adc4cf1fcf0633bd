//! The preparer with a real component, the real compiler and the real cache.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails may panic"
)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pipefitter_plugins::{CodeCache, Prepare, Prepared, load_plugin};
use pipefitter_sandbox::{Sandbox, SandboxConfig, SealKey};
use pipefitter_worker::Preparer;

const PROBE: &str = "wasm32-wasip2/guest/pipefitter_test_probe.wasm";

const MANIFEST: &str = "[action]\ncategory = \"Test\"\nprovider = \"Probe\"\nversion = \"1\"\n";

fn probe() -> Vec<u8> {
    let exe = std::env::current_exe().unwrap();
    let found = exe
        .ancestors()
        .map(|dir| dir.join(PROBE))
        .find(|path| path.is_file());
    let path = found.unwrap_or_else(|| {
        panic!(
            "{PROBE} is not built: run `cargo build -p pipefitter-test-probe --profile guest --target \
             wasm32-wasip2` first"
        )
    });
    std::fs::read(path).unwrap()
}

fn preparer(state: &Path) -> Preparer {
    let key = SealKey::load_or_create(&state.join("keys")).unwrap();
    let sandbox = Sandbox::new(SandboxConfig::new(key)).unwrap();
    Preparer::new(sandbox, CodeCache::open(state.join("code")).unwrap())
}

fn prepare(preparer: &Preparer, wasm: &Path) -> Prepared {
    let plugin = load_plugin(wasm, preparer).unwrap_or_else(|problems| panic!("{problems:?}"));
    Arc::clone(&plugin).prepared.clone()
}

fn plugin(dir: &Path) -> PathBuf {
    let wasm = dir.join("probe.wasm");
    std::fs::write(&wasm, probe()).unwrap();
    std::fs::write(dir.join("probe.action.toml"), MANIFEST).unwrap();
    wasm
}

#[test]
fn code_is_compiled_once_and_again_when_a_byte_was_flipped() {
    let dir = tempfile::tempdir().unwrap();
    let (state, wasm) = (dir.path().join("state"), plugin(dir.path()));
    std::fs::create_dir(&state).unwrap();
    let first = preparer(&state);
    let made = prepare(&first, &wasm);
    assert_eq!(
        (first.compiled(), first.reused(), made.compiled),
        (1, 0, true)
    );

    let second = preparer(&state);
    let found = prepare(&second, &wasm);
    assert_eq!(
        (second.compiled(), second.reused(), found.compiled),
        (0, 1, false)
    );
    assert_eq!(found.code_path, made.code_path);

    let mut code = std::fs::read(&made.code_path).unwrap();
    let middle = code.len() / 2;
    code[middle] ^= 1;
    std::fs::set_permissions(&made.code_path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&made.code_path, code).unwrap();
    let third = preparer(&state);
    assert!(prepare(&third, &wasm).compiled);
    assert_eq!((third.compiled(), third.reused()), (1, 0));
}

#[test]
fn what_is_no_plugin_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let preparer = preparer(&state);
    let manifest = pipefitter_plugins::Manifest::parse(MANIFEST, "action.toml").unwrap();
    let good = load_plugin(&plugin(dir.path()), &preparer).unwrap();
    let refused = preparer.prepare("odd", &good.digest, b"\0asm\x01\0\0\0", &manifest);
    let message = refused.unwrap_err().message;
    assert!(
        message.starts_with("plugin `odd`: this is not a component"),
        "{message}"
    );
}
