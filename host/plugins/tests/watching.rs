//! A watched plugins directory, in real time, through its public doors.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by stopping"
)]

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pipefitter_plugins::{
    Look, Manifest, PluginDigest, PluginsDir, Prepare, PrepareError, Prepared, SupplyPolicy,
    embed_manifest, load_manifest, load_plugin, look,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use wasm_encoder::{Component, CustomSection};

/// So that a fault fails the test instead of stopping the run; nothing waits for it otherwise.
const PATIENCE: Duration = Duration::from_secs(300);

struct Compiler;

impl Look for Compiler {
    fn look(&self, _digest: &PluginDigest, wasm: &[u8]) -> Result<Vec<u8>, PrepareError> {
        Ok(look(wasm))
    }
}

impl Prepare for Compiler {
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
            code_path: PathBuf::from("code"),
            compiled: true,
            command: false,
        })
    }
}

/// Whatever the umask is.
fn closed_folder() -> tempfile::TempDir {
    tempfile::Builder::new()
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir()
        .unwrap()
}

fn write_plugin(path: &Path, provider: &str) {
    let mut component = Component::new();
    component.section(&CustomSection {
        name: "content".into(),
        data: provider.as_bytes().into(),
    });
    let manifest =
        format!("[action]\ncategory = \"Test\"\nprovider = \"{provider}\"\nversion = \"1\"\n");
    std::fs::write(
        path,
        embed_manifest(&component.finish(), &manifest).unwrap(),
    )
    .unwrap();
    // Whatever the umask is.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
}

#[tokio::test]
async fn files_come_change_and_go_while_the_directory_is_watched() {
    let temp = closed_folder();
    let dir = PluginsDir::open(temp.path(), Arc::new(Compiler)).unwrap();
    let cancel = CancellationToken::new();
    let (mut catalogue, watching) = dir.watch(cancel.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(watching);
    let patient = |wanted: &'static [&'static str]| {
        let mut catalogue = catalogue.clone();
        async move {
            let serves = |found: &Arc<pipefitter_plugins::Catalogue>| {
                let providers: Vec<&str> = found
                    .plugins()
                    .map(|plugin| plugin.manifest.key().provider.as_str())
                    .collect();
                providers == wanted
            };
            tokio::time::timeout(PATIENCE, catalogue.wait_for(serves))
                .await
                .unwrap()
                .unwrap();
        }
    };
    write_plugin(&temp.path().join("a.wasm"), "First");
    patient(&["First"]).await;
    write_plugin(&temp.path().join("a.wasm"), "Changed");
    patient(&["Changed"]).await;
    std::fs::DirBuilder::new()
        .mode(0o700)
        .create(temp.path().join("more"))
        .unwrap();
    write_plugin(&temp.path().join("more/b.wasm"), "Second");
    patient(&["Changed", "Second"]).await;
    std::fs::remove_file(temp.path().join("a.wasm")).unwrap();
    patient(&["Second"]).await;
    assert!(catalogue.borrow_and_update().problems().is_empty());
    cancel.cancel();
    tasks.join_all().await;
    assert!(
        catalogue.changed().await.is_err(),
        "nobody is left to change it"
    );
}

#[test]
fn one_plugin_is_loaded_without_a_directory() {
    let temp = closed_folder();
    let path = temp.path().join("site.wasm");
    write_plugin(&path, "Site");
    let plugin = load_plugin(&path, &SupplyPolicy::default(), &Compiler).unwrap();
    assert_eq!(
        (
            plugin.name.as_str(),
            plugin.manifest.key().provider.as_str()
        ),
        ("site", "Site")
    );
    assert_eq!(load_manifest(&path, &Compiler).unwrap(), plugin.manifest);
    let problems = load_plugin(
        &temp.path().join("gone.wasm"),
        &SupplyPolicy::default(),
        &Compiler,
    )
    .unwrap_err();
    assert!(problems[0].message.contains("gone.wasm"), "{problems:?}");
}
