//! A catalogue from a real plugins directory, with a compiler that compiles nothing.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use pipefitter_plugins::{
    Catalogue, Custody, LimitValues, Look, Manifest, Plugin, PluginDigest, PluginsDir, Prepare,
    PrepareError, Prepared, SupplyPolicy, look,
};

const MANIFEST: &str = r#"
[action]
category = "Build"
provider = "Site"
version = "1"
retry-safe = RETRY
resumable = RESUME
[[property]]
name = "do"
type = "string"
required = true
[[property]]
name = "seconds"
type = "number"
[[property]]
name = "password"
type = "string"
secret = true
[inputs]
min = 0
max = 2
[outputs]
min = 0
max = 2
"#;

/// The header of an empty component.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

struct Nothing;

impl Look for Nothing {
    fn look(&self, _digest: &PluginDigest, wasm: &[u8]) -> Result<Vec<u8>, PrepareError> {
        Ok(look(wasm))
    }
}

impl Prepare for Nothing {
    fn prepare(
        &self,
        _name: &str,
        digest: &PluginDigest,
        _wasm: &[u8],
        _seen: &[u8],
        _manifest: &Manifest,
    ) -> Result<Prepared, PrepareError> {
        Ok(Prepared {
            code_id: digest.to_string(),
            code_path: PathBuf::from("none"),
            compiled: false,
            command: false,
        })
    }
}

fn scan(providers: &[&str], retry_safe: bool, resumable: bool) -> Arc<Catalogue> {
    let manifest = MANIFEST
        .replace("RETRY", &retry_safe.to_string())
        .replace("RESUME", &resumable.to_string());
    scan_of(providers, &manifest)
}

fn scan_of(providers: &[&str], manifest: &str) -> Arc<Catalogue> {
    let dir = tempfile::tempdir().unwrap();
    for provider in providers {
        let manifest = manifest.replace("\"Site\"", &format!("{provider:?}"));
        let file = |extension: &str| {
            dir.path()
                .join(format!("{}.{extension}", provider.to_lowercase()))
        };
        std::fs::write(file("wasm"), COMPONENT).unwrap();
        std::fs::write(file("action.toml"), manifest).unwrap();
    }
    let catalogue = PluginsDir::open(dir.path(), Arc::new(Nothing))
        .unwrap()
        .with_policy(SupplyPolicy {
            custody: Custody::Advised,
            ..SupplyPolicy::default()
        })
        .scan();
    assert_eq!(catalogue.problems(), [], "the test's plugins are served");
    catalogue
}

/// One plugin, `site`, for `Build/Site/1`.
pub(crate) fn catalogue(retry_safe: bool, resumable: bool) -> Arc<Catalogue> {
    static MADE: [OnceLock<Arc<Catalogue>>; 4] = [const { OnceLock::new() }; 4];
    let at = usize::from(retry_safe) * 2 + usize::from(resumable);
    Arc::clone(MADE[at].get_or_init(|| scan(&["Site"], retry_safe, resumable)))
}

/// The plugin of [`catalogue`] with its code in this file.
pub(crate) fn with_code(code: &Path) -> Arc<Catalogue> {
    changed(|plugin| plugin.prepared.code_path = code.to_owned())
}

/// The same with this limit on memory, in bytes.
pub(crate) fn with_memory(bytes: u64) -> Arc<Catalogue> {
    changed(|plugin| plugin.manifest.limits = LimitValues::default().with("memory", bytes))
}

fn changed(change: impl Fn(&mut Plugin)) -> Arc<Catalogue> {
    let plain = catalogue(false, false);
    Arc::new(Catalogue::of(plain.plugins().map(|plugin| {
        let mut plugin = (**plugin).clone();
        change(&mut plugin);
        Arc::new(plugin)
    })))
}

/// The plugin of [`catalogue`], and `query`, for `Build/Query/1`, whose jobs are polled for by the value of `do`.
pub(crate) fn with_queryable() -> Arc<Catalogue> {
    let manifest = MANIFEST
        .replace("RETRY", "false")
        .replace("RESUME", "false")
        .replacen("required = true", "required = true\nqueryable = true", 1);
    let queryable = scan_of(&["Query"], &manifest);
    let plain = catalogue(false, false);
    let all = plain.plugins().chain(queryable.plugins()).cloned();
    Arc::new(Catalogue::of(all))
}

/// Up to five plugins, for `Build/A/1` to `Build/E/1`.
pub(crate) fn several(count: usize) -> Arc<Catalogue> {
    static MADE: OnceLock<Arc<Catalogue>> = OnceLock::new();
    let all = MADE.get_or_init(|| scan(&["A", "B", "C", "D", "E"], false, false));
    let first = all.plugins().take(count).cloned();
    Arc::new(Catalogue::of(first))
}
