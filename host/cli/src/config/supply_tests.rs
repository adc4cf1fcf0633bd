//! What may be demanded of plugins' files, and what is refused with its place.

use std::path::Path;
use std::time::Duration;

use pipefitter_plugins::{SigningKey, TrustedKey};

use crate::config::model::Config;
use crate::config::problem::render;
use crate::config::read::parse;

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
    assert_eq!(config.supply.compile_memory, Some(1 << 30));
    assert_eq!(config.supply.compile_time, Some(Duration::from_secs(90)));
    assert!(config.limits.get("wall").is_some());
    assert_eq!(policy.trusted_keys, [TrustedKey::parse(KEY).unwrap()]);
    assert_eq!(policy.plugins["a"].digests[0].to_string(), DIGEST);
    assert_eq!(policy.plugins["b"].digests.len(), 2);
    assert_eq!(policy.plugins["b"].manifest_digests.len(), 1);
    assert_eq!(policy.plugins["c"].require_signature, Some(false));
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
