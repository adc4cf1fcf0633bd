//! One plugin in Rust, Python and JavaScript, in Rust as a core module for wasip1, which the worker adapts, and as plain
//! commands in Rust, C and AssemblyScript: the same job, the same results.

use std::collections::BTreeMap;
use std::path::Path;

use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::plugins::install_twin;
use pipefitter_tests::{ActionResult, Rig, RigOptions, ServiceOptions, archives};
use serde_json::Value;

use crate::cli::pipefitter;

const LANGUAGES: [(&str, &str); 7] = [
    ("rust", "TwinRust"),
    ("wasip1", "TwinWasip1"),
    ("python", "TwinPython"),
    ("javascript", "TwinJavascript"),
    ("command", "TwinCommand"),
    ("command-c", "TwinCommandC"),
    ("assemblyscript", "TwinAssemblyScript"),
];
pub(crate) const TEXT: &str = "gr\u{fc}\u{df}e \u{1f600} from every language\n";

/// Exit code, outcome and what was made, of each mode.
pub(crate) async fn invoked(
    folder: &Path,
    language: &str,
    more: &[&str],
) -> BTreeMap<&'static str, (i32, Value, Option<String>)> {
    let mut found = BTreeMap::new();
    for mode in ["ok", "fail", "continue"] {
        let out = format!("out-{language}-{mode}");
        let output = format!("Out={out}");
        let set = format!("mode={mode}");
        let plugin = format!("plugins/twin-{language}.wasm");
        let mut arguments = vec![
            "invoke", &plugin, "--input", "In=in", "--output", &output, "--set", &set,
        ];
        arguments.extend(more);
        let (code, said, errors) = pipefitter(folder, &arguments).await;
        let outcome: Value = serde_json::from_str(&said)
            .unwrap_or_else(|error| panic!("{language} {mode}: {error}: {said}{errors}"));
        assert!(
            errors.contains("twin runs"),
            "{language} {mode}: the log is not shown: {errors}"
        );
        let made = std::fs::read_to_string(folder.join(&out).join("shout.txt")).ok();
        found.insert(mode, (code, outcome, made));
    }
    found
}

#[tokio::test]
async fn twins_agree_when_invoked() {
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    std::fs::write(folder.path().join("in/message.txt"), TEXT).unwrap();
    let mut results = BTreeMap::new();
    for (language, _) in LANGUAGES {
        install_twin(language, &plugins);
        results.insert(language, invoked(folder.path(), language, &[]).await);
    }
    let rust = &results["rust"];
    let codes: Vec<i32> = rust.values().map(|(code, ..)| *code).collect();
    assert_eq!(codes, [3, 1, 0], "continue, fail, ok: {rust:?}");
    assert_eq!(rust["ok"].2.as_deref(), Some(TEXT.to_uppercase().as_str()));
    for (language, result) in &results {
        assert_eq!(result, rust, "{language} differs from Rust");
    }
}

/// What has to be the same, of an action: everything but ids and places.
fn comparable(result: &ActionResult) -> ActionResult {
    let outputs = result
        .outputs
        .keys()
        .map(|name| (name.clone(), Default::default()));
    ActionResult {
        external_id: None,
        outputs: outputs.collect(),
        ..result.clone()
    }
}

#[tokio::test]
async fn twins_agree_through_the_worker() {
    // The providers' action types come from `dev --plugins`, which registers what it finds.
    let plugins = tempfile::tempdir().unwrap();
    for (language, _) in LANGUAGES {
        install_twin(language, plugins.path());
    }
    let service = ServiceOptions {
        plugins: Some(plugins.path().to_path_buf()),
        ..ServiceOptions::default()
    };
    let mut rig = Rig::start(RigOptions {
        plugins: Vec::new(),
        service,
    })
    .await;
    rig.service.has_types(LANGUAGES.len()).await;
    // One folder and one cache of compiled code for both: Python's takes a while.
    rig.setup.plugins_dir = plugins.path().to_path_buf();
    rig.setup.state_dir = rig.folder().join("service");
    let pipeline =
        Pipeline::new("twins").stage(LANGUAGES.iter().flat_map(|(language, provider)| {
            ["ok", "fail", "continue"].map(|mode| {
                Action::of_type(&format!("{language}-{mode}"), "Build", provider)
                    .with("mode", mode)
                    .input("Source")
                    .output(&format!("{language}-{mode}"))
            })
        }));
    let source = archives::zip(&[("message.txt", TEXT.as_bytes())]);
    rig.service.create(&pipeline, source).await;
    let worker = rig.worker().await;
    assert_eq!(
        worker.served("compiled").await,
        0,
        "compiled by the service, and kept"
    );
    let mut results = rig.service.run("twins").await;
    results.remove("Source");
    for mode in ["ok", "fail", "continue"] {
        let rust = results[&format!("rust-{mode}")].clone();
        for (language, _) in LANGUAGES {
            let result = &results[&format!("{language}-{mode}")];
            let mut expected = comparable(&rust);
            expected.outputs = comparable(result).outputs;
            assert_eq!(result.outputs.len(), rust.outputs.len());
            assert_eq!(comparable(result), expected, "{language} {mode}");
            if let Some(place) = result.outputs.values().next() {
                let files = archives::unzip(&rig.service.object(place).await);
                assert_eq!(
                    files,
                    [("shout.txt".to_owned(), TEXT.to_uppercase().into_bytes())]
                );
            }
        }
    }
    assert_eq!(results["rust-continue"].variables["token"], "2");
    assert_eq!(results["rust-fail"].failure().0, "ConfigurationError");
    assert_eq!(worker.stop().await.code(), Some(0));
}
