//! Every plugin that the project ships passes its cases. Which there are is read from the folder.

use std::path::{Path, PathBuf};

use pipefitter_tests::{binary, finished};

use crate::folder::pipefitter;

/// Where a toolchain is not there `plugin build` says what to install, with this exit code.
const HOST: i32 = 4;

#[tokio::test]
async fn every_plugin_passes_its_cases() {
    let plugins = binary::root().join("plugins");
    let mut tested = Vec::new();
    let mut skipped = Vec::new();
    let mut names: Vec<_> = std::fs::read_dir(&plugins)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("cases").is_dir())
        .collect();
    names.sort();
    for plugin in names {
        let name = plugin.file_name().unwrap().to_string_lossy().into_owned();
        assert!(cases(&plugin) >= 3, "{name} has fewer than three cases");
        let Some(wasm) = built(&plugin, &name).await else {
            skipped.push(name);
            continue;
        };
        let mut test = pipefitter(&plugin);
        test.args(["plugin", "test", "--wasm"]).arg(&wasm);
        let (code, said, errors) = finished(test).await;
        assert_eq!(code, 0, "{name}: {said}{errors}");
        tested.push(name);
    }
    for name in ["linkcheck", "publish", "site"] {
        assert!(
            tested.iter().any(|tested| tested == name),
            "{name} was not tested"
        );
    }
    for name in skipped {
        pipefitter_tests::skipped(&format!(
            "plugins/{name} was not tested: its toolchain is absent"
        ));
    }
}

fn cases(plugin: &Path) -> usize {
    let entries = std::fs::read_dir(plugin.join("cases")).unwrap();
    entries
        .filter(|entry| entry.as_ref().unwrap().path().is_dir())
        .count()
}

/// The plugin's .wasm: one that the set-up has built, or built here. None where its tools are not there, which is
/// told, and never so where a CI server runs this.
pub(crate) async fn built(plugin: &Path, name: &str) -> Option<PathBuf> {
    let there = binary::target()
        .join("plugins")
        .join(format!("{name}.wasm"));
    if there.is_file() {
        return Some(there);
    }
    let output = binary::target()
        .join("tested-plugins")
        .join(format!("{name}.wasm"));
    let mut build = pipefitter(plugin);
    build.args(["plugin", "build", "--output"]).arg(&output);
    let (code, said, errors) = finished(build).await;
    if code == HOST && errors.contains("install") && !is_ci() {
        eprintln!("{name}: {errors}");
        return None;
    }
    assert_eq!(code, 0, "{name} cannot be built: {said}{errors}");
    Some(output)
}

#[expect(
    clippy::disallowed_methods,
    reason = "CI servers say that they are one by this variable"
)]
fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty())
}
