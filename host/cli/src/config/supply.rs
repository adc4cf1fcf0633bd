//! What the operator demands of plugins' files: sizes, pinned digests, signatures.

use std::path::Path;
use std::time::Duration;

use pipefitter_plugins::toml_table::{Entry, Table};
use pipefitter_plugins::{Custody, FileDigest, PluginPolicy, SupplyPolicy, TrustedKey};

use super::model::CompileConfig;

/// The header of a component: nothing shorter is a plugin.
const LEAST_PLUGIN: u64 = 8;

/// What the compiler takes for the smallest component.
const LEAST_COMPILE_MEMORY: u64 = 16 << 20;
/// The kernel counts whole seconds.
const LEAST_COMPILE_TIME: Duration = Duration::from_secs(1);

/// Letters of a public key in base64; a path of this length that begins with RW is given as `./RW...`.
const KEY_LETTERS: usize = 56;

/// What is the same in `[limits]` and `[plugins.NAME.limits]`: what a plugin's file may be, and what compiling it may use.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sizes {
    pub(super) plugin: Option<u64>,
    pub(super) compile: CompileConfig,
}

pub(super) fn read_sizes(table: &Table<'_>) -> Sizes {
    let sizes = Sizes {
        plugin: table.size("plugin-size"),
        compile: CompileConfig {
            memory: table.size("compile-memory"),
            time: table.duration("compile-time"),
        },
    };
    if sizes.plugin.is_some_and(|bytes| bytes < LEAST_PLUGIN) {
        table.problem(
            "plugin-size",
            "`plugin-size` is so little that no plugin is served",
            "raise it, or take the line out for 64MiB",
        );
    }
    let compile = sizes.compile;
    if compile
        .memory
        .is_some_and(|bytes| bytes < LEAST_COMPILE_MEMORY)
    {
        table.problem(
            "compile-memory",
            "`compile-memory` is so little that no plugin is compiled",
            "raise it, or take the line out for 3GiB",
        );
    }
    if compile.time.is_some_and(|time| time < LEAST_COMPILE_TIME) {
        table.problem(
            "compile-time",
            "`compile-time` is less than a second, and whole seconds are what is counted",
            "raise it, or take the line out for 5m",
        );
    }
    sizes
}

/// The keys at the top of the file.
pub(super) fn read_trust(root: &Table<'_>, base: &Path, policy: &mut SupplyPolicy) {
    policy.require_signature = root.flag("require-signature").unwrap_or(false);
    let keys = root.get("trusted-keys");
    policy.trusted_keys = keys
        .as_ref()
        .map(|entry| read_keys(entry, base))
        .unwrap_or_default();
    if policy.require_signature && keys.is_none() {
        root.problem(
            "require-signature",
            "`require-signature` is true, and there are no `trusted-keys`",
            "add `trusted-keys = [\"RW...\"]` beside it: `pipefitter plugin keygen` makes a key",
        );
    }
}

/// The keys of `[plugins.NAME]`.
pub(super) fn read_plugin(table: &Table<'_>, base: &Path, all: &SupplyPolicy) -> PluginPolicy {
    let own = PluginPolicy {
        max_bytes: None,
        digests: read_digests(table, "digest"),
        manifest_digests: read_digests(table, "manifest-digest"),
        require_signature: table.flag("require-signature"),
        trusted_keys: table
            .get("trusted-keys")
            .map(|entry| read_keys(&entry, base)),
    };
    if own.digests.is_empty() && !own.manifest_digests.is_empty() {
        table.problem(
            "manifest-digest",
            "`manifest-digest` pins a manifest for any .wasm",
            "add `digest`, which pins the .wasm: `pipefitter plugin verify` prints it",
        );
    }
    let required = own.require_signature.unwrap_or(all.require_signature);
    let has_keys = own.trusted_keys.is_some() || !all.trusted_keys.is_empty();
    if own.require_signature == Some(true) && !has_keys {
        table.problem(
            "require-signature",
            "`require-signature` is true, and there are no `trusted-keys`",
            "add `trusted-keys = [\"RW...\"]` here or at the top of the file",
        );
    }
    if own.trusted_keys.is_some() && !required {
        table.problem(
            "trusted-keys",
            "`trusted-keys` say whose signatures count, and none is required",
            "add `require-signature = true`, or take the line out",
        );
    }
    own
}

/// Keys that nothing uses look like protection, and are none.
pub(super) fn check(root: &Table<'_>, policy: &SupplyPolicy) {
    let required = policy.require_signature
        || policy
            .plugins
            .values()
            .any(|own| own.require_signature == Some(true));
    if !policy.trusted_keys.is_empty() && !required {
        root.problem(
            "trusted-keys",
            "`trusted-keys` say whose signatures count, and none is required",
            "add `require-signature = true` beside it, or take the line out",
        );
    }
}

/// One text, or a list for the time of a rollout.
fn read_digests(table: &Table<'_>, key: &'static str) -> Vec<FileDigest> {
    let Some(entry) = table.get(key) else {
        return Vec::new();
    };
    let read = |entry: &Entry<'_>| {
        let digest = entry.text()?.parse::<FileDigest>();
        digest
            .map_err(|error| {
                entry.problem(
                    error.to_string(),
                    "`pipefitter plugin verify FILE` prints the line",
                );
            })
            .ok()
    };
    match entry.items() {
        Some(items) => {
            if items.is_empty() {
                entry.problem(
                    format!("`{key}` lists nothing, and so pins nothing"),
                    "fill it in, or take the line out",
                );
            }
            items.iter().filter_map(read).collect()
        }
        None => read(&entry).into_iter().collect(),
    }
}

/// Each the key itself, or a file that holds one.
fn read_keys(entry: &Entry<'_>, base: &Path) -> Vec<TrustedKey> {
    let Some(items) = entry.items() else {
        entry.problem(
            "`trusted-keys` is no list",
            "write a list in brackets, such as [\"RW...\", \"release.pub\"]",
        );
        return Vec::new();
    };
    if items.is_empty() {
        entry.problem(
            "`trusted-keys` is empty, so that no signature counts",
            "add a public key (RW...) or the path of one",
        );
    }
    let read = |entry: &Entry<'_>| {
        let text = entry.text()?;
        let key = if text.len() == KEY_LETTERS && text.starts_with("RW") {
            TrustedKey::parse(text)
        } else {
            TrustedKey::read(&base.join(text), Custody::Enforced)
        };
        key.map_err(|error| {
            entry.problem(
                error.to_string(),
                "give minisign's public key (RW...), or the path of its .pub file",
            );
        })
        .ok()
    };
    items.iter().filter_map(read).collect()
}

#[cfg(test)]
#[path = "supply_tests.rs"]
mod tests;
