//! The preparer with a real component, the real compiler and the real cache.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails may panic"
)]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use pipefitter_plugins::{
    CodeCache, PluginsDir, Prepare, Prepared, SupplyPolicy, embed_manifest, load_plugin, look,
};
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

fn settings(key: SealKey) -> SandboxConfig {
    let mut settings = SandboxConfig::new(key);
    settings.look = look;
    settings
}

fn preparer(state: &Path) -> Preparer {
    let key = SealKey::load_or_create(&state.join("keys")).unwrap();
    let sandbox = Sandbox::new(settings(key)).unwrap();
    Preparer::new(sandbox, CodeCache::open(state.join("code")).unwrap())
}

fn prepare(preparer: &Preparer, wasm: &Path) -> Prepared {
    let plugin = load_plugin(wasm, &SupplyPolicy::default(), preparer)
        .unwrap_or_else(|problems| panic!("{problems:?}"));
    Arc::clone(&plugin).prepared.clone()
}

/// Whatever the umask is.
fn closed_folder() -> tempfile::TempDir {
    tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .unwrap()
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    std::fs::write(path, bytes).unwrap();
    std::fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
}

fn plugin(dir: &Path) -> PathBuf {
    let wasm = dir.join("probe.wasm");
    write(&wasm, probe());
    write(&dir.join("probe.action.toml"), MANIFEST);
    wasm
}

/// What was done to an entry of the cache, by name.
type Tampering = (&'static str, fn(&Path));

const TAMPERED: [Tampering; 9] = [
    ("another plugin's, under its name", |code| {
        // Sealed by this very worker, for a .wasm with other bytes.
        let state = code.ancestors().nth(2).unwrap();
        let other = state.join("other.wasm");
        write(&other, embed_manifest(&probe(), MANIFEST).unwrap());
        let made = prepare(&preparer(state), &other).code_path;
        assert_ne!(made, code);
        std::fs::rename(made, code).unwrap();
    }),
    ("a flipped byte", |code| {
        let mut bytes = std::fs::read(code).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        replace(code, &bytes);
    }),
    ("cut short", |code| {
        let bytes = std::fs::read(code).unwrap();
        replace(code, &bytes[..bytes.len() - 1]);
    }),
    ("empty", |code| replace(code, b"")),
    ("a link to the very code", |code| {
        let aside = code.with_extension("aside");
        std::fs::rename(code, &aside).unwrap();
        std::os::unix::fs::symlink(&aside, code).unwrap();
    }),
    ("a pipe that nobody writes into", |code| {
        std::fs::remove_file(code).unwrap();
        let made = std::process::Command::new("mkfifo").arg(code).status();
        assert!(made.unwrap().success());
    }),
    ("open to others", |code| {
        std::fs::set_permissions(code, Permissions::from_mode(0o440)).unwrap();
    }),
    ("sealed with another key", |code| {
        let keys = code.ancestors().nth(2).unwrap().join("keys");
        std::fs::remove_dir_all(keys).unwrap();
    }),
    ("gone", |code| std::fs::remove_file(code).unwrap()),
];

fn replace(code: &Path, bytes: &[u8]) {
    std::fs::remove_file(code).unwrap();
    std::fs::write(code, bytes).unwrap();
    std::fs::set_permissions(code, Permissions::from_mode(0o400)).unwrap();
}

#[test]
fn code_is_compiled_once_and_again_whenever_it_is_not_what_was_put_there() {
    let dir = closed_folder();
    let (state, wasm) = (dir.path().join("state"), plugin(dir.path()));
    std::fs::create_dir(&state).unwrap();
    let first = preparer(&state);
    let made = prepare(&first, &wasm);
    assert_eq!(
        (first.compiled(), first.reused(), made.compiled),
        (1, 0, true)
    );
    for (how, tamper) in TAMPERED {
        let second = preparer(&state);
        let found = prepare(&second, &wasm);
        assert_eq!((second.compiled(), second.reused()), (0, 1), "before {how}");
        assert_eq!(found.code_path, made.code_path);
        tamper(&made.code_path);
        let third = preparer(&state);
        assert!(prepare(&third, &wasm).compiled, "{how}");
        assert_eq!((third.compiled(), third.reused()), (1, 0), "{how}");
    }
}

/// How often a .wasm was taken apart in the test below.
static LOOKS: AtomicU32 = AtomicU32::new(0);

fn counted(wasm: &[u8]) -> Vec<u8> {
    LOOKS.fetch_add(1, Ordering::SeqCst);
    look(wasm)
}

#[test]
fn what_was_seen_in_a_plugin_is_kept_with_its_code() {
    let dir = closed_folder();
    let state = dir.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let wasm = dir.path().join("probe.wasm");
    write(&wasm, embed_manifest(&probe(), MANIFEST).unwrap());
    let load = || {
        let key = SealKey::load_or_create(&state.join("keys")).unwrap();
        let mut settings = settings(key);
        settings.look = counted;
        let cache = CodeCache::open(state.join("code")).unwrap();
        let preparer = Preparer::new(Sandbox::new(settings).unwrap(), cache);
        let plugin = load_plugin(&wasm, &SupplyPolicy::default(), &preparer).unwrap();
        assert_eq!(plugin.manifest.key().provider, "Probe");
        (
            LOOKS.load(Ordering::SeqCst),
            plugin.prepared.code_path.clone(),
        )
    };
    let (looks, code) = load();
    assert_eq!(looks, 1);
    assert_eq!(load().0, 1, "the manifest is kept with the code");
    replace(&code, b"something else");
    assert_eq!(load().0, 2);
}

#[test]
fn code_that_is_gone_is_missed() {
    let dir = closed_folder();
    let preparer = preparer(dir.path());
    let prepared = prepare(&preparer, &plugin(dir.path()));
    assert!(preparer.has(&prepared));
    std::fs::remove_file(&prepared.code_path).unwrap();
    assert!(!preparer.has(&prepared));
}

#[test]
fn code_makes_room_for_new_code_but_not_while_it_is_served() {
    let dir = closed_folder();
    let (state, plugins) = (dir.path().join("state"), dir.path().join("plugins"));
    for folder in [&state, &plugins] {
        std::fs::create_dir(folder).unwrap();
        std::fs::set_permissions(folder, Permissions::from_mode(0o700)).unwrap();
    }
    let key = SealKey::load_or_create(&state.join("keys")).unwrap();
    let sandbox = Sandbox::new(settings(key)).unwrap();
    let cache = CodeCache::open(state.join("code")).unwrap().with_bound(1);
    let preparer = Arc::new(Preparer::new(sandbox, cache));
    let mut dir = PluginsDir::open(&plugins, preparer.clone()).unwrap();
    let entries = || std::fs::read_dir(state.join("code")).unwrap().count();
    let mut version = |text: &str| {
        let wasm = embed_manifest(&probe(), &format!("{MANIFEST}# {text}\n")).unwrap();
        write(&plugins.join("probe.wasm"), wasm);
        Arc::clone(dir.scan().by_name("probe").unwrap())
    };
    let first = version("1");
    assert_eq!(entries(), 1, "it is served");
    let second = version("2");
    assert_eq!(entries(), 2, "a job may still have the first");
    assert!(first.prepared.code_path.exists());
    drop((first, second));
    let third = version("3");
    assert_eq!(entries(), 1);
    assert!(third.prepared.code_path.exists());
    assert_eq!(preparer.compiled(), 3);
}

#[test]
fn what_is_no_plugin_is_refused_by_name() {
    let dir = closed_folder();
    let state = dir.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let preparer = preparer(&state);
    let manifest = pipefitter_plugins::Manifest::parse(MANIFEST, "action.toml").unwrap();
    let good = load_plugin(&plugin(dir.path()), &SupplyPolicy::default(), &preparer).unwrap();
    let module = b"\0asm\x01\0\0\0";
    let refused = preparer.prepare("odd", &good.digest, module, &look(module), &manifest);
    let message = refused.unwrap_err().message;
    assert!(
        message.starts_with("plugin `odd`: this is not a component"),
        "{message}"
    );
}
