//! `plugin new` and `plugin build`: a plugin of one's own, as the README tells. Needs Cargo's registry.

use pipefitter_tests::{binary, finished};
use serde_json::Value;
use tokio::process::Command;

use crate::cli::pipefitter;

#[tokio::test]
async fn a_new_plugin_builds_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said, errors) =
        pipefitter(folder.path(), &["plugin", "new", "hello", "--lang", "rust"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    let (code, _, errors) =
        pipefitter(folder.path(), &["plugin", "new", "hello", "--lang", "rust"]).await;
    assert_eq!(code, 4, "a folder that is there is left alone");
    assert!(errors.contains("there already"), "{errors}");

    // Kept between runs: what the plugin depends on is the same each time.
    let mut build = Command::new(binary::pipefitter());
    build
        .args(["plugin", "build", "hello"])
        .current_dir(folder.path())
        .env("CARGO_TARGET_DIR", binary::target().join("scaffold"));
    let (code, said, errors) = finished(build).await;
    assert_eq!(code, 0, "{said}{errors}");
    assert!(said.contains("Built"), "{said}");

    let (code, said, errors) = pipefitter(
        folder.path(),
        &[
            "invoke",
            "hello/hello.wasm",
            "--job",
            "hello/job.json",
            "--input",
            "Source=hello/example",
            "--output",
            "Greetings=hello/out",
        ],
    )
    .await;
    assert_eq!(code, 0, "{said}{errors}");
    let outcome: Value = serde_json::from_str(&said).expect("the outcome is JSON");
    assert_eq!(outcome["outcome"], "succeeded");
    assert!(
        std::fs::read_dir(folder.path().join("hello/out"))
            .unwrap()
            .next()
            .is_some()
    );
}
