//! What may be demanded of plugins' files, and what is refused with its place.

use std::path::Path;
use std::time::Duration;

use pipefitter_plugins::{SigningKey, TrustedKey};
use pipefitter_sandbox::CompileLimits;

use crate::config::model::Config;
use crate::config::problem::render;
use crate::config::read::parse;
use crate::wiring::{StateDir, worker_config};

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const KEY: &str = "RWQGfmf4x+FCKoSyn/lxDoDB++0sS84p8t4s4JY90ke5F85W0X2f8soF";

fn read(text: &str) -> Config {
    parse(Path::new("pipefitter.toml"), text)
        .map_err(|problems| render(&problems, false))
        .unwrap()
}

fn problems_of(text: &str) -> String {
    match parse(Path::new("pipefitter.toml"), text) {
        Ok(_) => "no problems".to_owned(),
        Err(problems) => render(&problems, false),
    }
}

#[test]
fn without_a_word_64_mib_are_taken_unsigned_and_unpinned() {
    let policy = read("").supply.policy;
    assert_eq!(policy.max_plugin_bytes, 64 << 20);
    assert!(!policy.require_signature && policy.plugins.is_empty());
}

#[test]
fn sizes_pins_and_keys_are_read() {
    let config = read(&format!(
        "require-signature = true\ntrusted-keys = [\"{KEY}\"]\n\
         [limits]\nplugin-size = \"1MiB\"\ncode-cache = \"3GiB\"\n\
         compile-memory = \"1GiB\"\ncompile-time = \"90s\"\n\
         [limits.default]\nwall = \"1h\"\n\
         [plugins.a]\ndigest = \"{DIGEST}\"\n\
         [plugins.b]\ndigest = [\"{DIGEST}\", \"{DIGEST}\"]\nmanifest-digest = \"{DIGEST}\"\n\
         [plugins.c]\nrequire-signature = false\n"
    ));
    let policy = &config.supply.policy;
    assert_eq!(policy.max_plugin_bytes, 1 << 20);
    assert_eq!(config.supply.code_cache, Some(3 << 30));
    let compile = config.supply.compile;
    assert_eq!(compile.memory, Some(1 << 30));
    assert_eq!(compile.time, Some(Duration::from_secs(90)));
    assert!(config.limits.get("wall").is_some());
    assert_eq!(policy.trusted_keys, [TrustedKey::parse(KEY).unwrap()]);
    assert_eq!(policy.plugins["a"].digests[0].to_string(), DIGEST);
    assert_eq!(policy.plugins["b"].digests.len(), 2);
    assert_eq!(policy.plugins["b"].manifest_digests.len(), 1);
    assert_eq!(policy.plugins["c"].require_signature, Some(false));
}

#[test]
fn a_plugins_own_sizes_count_above_those_of_all() {
    let config = read(
        "[limits]\nplugin-size = \"1MiB\"\ncompile-memory = \"1GiB\"\ncompile-time = \"90s\"\n\
         [plugins.a.limits]\nplugin-size = \"2MiB\"\ncompile-time = \"5s\"\nwall = \"1m\"\n\
         [plugins.b]\n",
    );
    let policy = &config.supply.policy;
    assert_eq!(policy.plugins["a"].max_bytes, Some(2 << 20));
    assert_eq!(policy.max_bytes_of_any(), 2 << 20);
    assert!(config.plugins["a"].limits.get("wall").is_some());
    let state = tempfile::tempdir().unwrap();
    let state = StateDir::open(&state.path().join("state")).unwrap();
    let worker = worker_config(&config, &state);
    let compile = |name: &str| worker.plugin_settings[name].compile;
    for (name, seconds) in [("a", 5), ("b", 90)] {
        let limits = CompileLimits::new(1 << 30, Duration::from_secs(seconds));
        assert_eq!(compile(name), Some(limits), "{name}");
    }
    let small = problems_of(
        "[plugins.a.limits]\nplugin-size = \"1B\"\ncompile-memory = \"1B\"\ncompile-time = \"1ms\"\n",
    );
    for key in ["plugin-size", "compile-memory", "compile-time"] {
        assert!(small.contains(&format!("`{key}` is")), "{small}");
    }
}

#[test]
fn a_key_may_be_a_file_below_the_configurations_folder() {
    let folder = tempfile::tempdir().unwrap();
    let public = folder.path().join("release.pub");
    let made = SigningKey::generate(&folder.path().join("release.key"), &public, None).unwrap();
    let text = "require-signature = true\ntrusted-keys = [\"release.pub\"]\n";
    let config = parse(&folder.path().join("pipefitter.toml"), text)
        .map_err(|problems| render(&problems, false))
        .unwrap();
    assert_eq!(config.supply.policy.trusted_keys, [made]);
}

#[test]
fn what_would_protect_nothing_is_refused() {
    insta::assert_snapshot!(problems_of(&format!(
        "require-signature = true\n\
         [limits]\nplugin-size = \"1B\"\n\
         [plugins.a]\ndigest = \"sha256:abc\"\n\
         [plugins.b]\ndigest = []\n\
         [plugins.c]\nmanifest-digest = \"{DIGEST}\"\n\
         [plugins.d]\nrequire-signature = false\ntrusted-keys = [\"RW{}\", 7]\n",
        "!".repeat(54)
    )));
    let unused = problems_of(&format!("trusted-keys = [\"{KEY}\"]\n"));
    assert!(unused.contains("none is required"), "{unused}");
    let keyless = problems_of("[plugins.a]\nrequire-signature = true\n");
    assert!(keyless.contains("there are no `trusted-keys`"), "{keyless}");
    let empty = problems_of("require-signature = true\ntrusted-keys = []\n");
    assert!(empty.contains("no signature counts"), "{empty}");
}
