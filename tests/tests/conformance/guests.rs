//! The guests: found by their folders, so that none is forgotten.

use std::path::PathBuf;

use pipefitter_tests::binary;

/// One language's guest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Guest {
    /// The folder's name.
    pub(crate) name: String,
    /// The provider of its action type.
    pub(crate) provider: String,
    pub(crate) network: bool,
    pub(crate) secrets: bool,
    pub(crate) wasm: PathBuf,
}

impl Guest {
    /// What the suite has to know of it, from its manifest.
    pub(crate) fn read(name: String, manifest: &str, wasm: PathBuf) -> Guest {
        let provider = manifest
            .lines()
            .find_map(|line| line.strip_prefix("provider = \"")?.strip_suffix('"'))
            .unwrap_or_else(|| panic!("{name}: its manifest has no provider"));
        Guest {
            provider: provider.to_owned(),
            network: manifest.contains("\nnetwork = "),
            secrets: manifest.contains("\nsecrets = "),
            name,
            wasm,
        }
    }
}

fn folder() -> PathBuf {
    binary::root().join("tests/conformance/guests")
}

/// Those that are built, in the order of their names. One that is not, since its toolchain is absent, is told loudly; where
/// `CI` is set it fails.
#[expect(
    clippy::disallowed_methods,
    reason = "what every CI service says of itself"
)]
pub(crate) fn all() -> Vec<Guest> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder()).expect("the guests' folder is there");
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in names {
        let wasm = binary::target().join(format!("guests/conformance-{name}.wasm"));
        if !wasm.is_file() {
            assert!(
                std::env::var_os("CI").is_none(),
                "{name} is not built: run `cargo xtask setup`"
            );
            pipefitter_tests::skipped(&format!(
                "{name} has no conformance: its toolchain is absent, and `cargo xtask setup` says what it needs"
            ));
            continue;
        }
        let manifest = std::fs::read_to_string(folder().join(&name).join("action.toml"))
            .unwrap_or_else(|error| panic!("{name}: action.toml: {error}"));
        let guest = Guest::read(name, &manifest, wasm);
        let (name, provider) = (&guest.name, &guest.provider);
        let language = provider
            .strip_prefix("Conformance")
            .unwrap_or_else(|| panic!("{name}: {provider}"));
        let common = std::fs::read_to_string(folder().with_file_name("manifest.toml")).unwrap();
        let common = common.split_once("[action]").unwrap().1;
        let expected = common.replace("{{language}}", language);
        assert!(
            manifest.contains(expected.trim_end()),
            "{name}: action.toml is not tests/conformance/manifest.toml for {language}"
        );
        found.push(guest);
    }
    assert!(
        !found.is_empty(),
        "no guest is built: run `cargo xtask setup`"
    );
    found
}
