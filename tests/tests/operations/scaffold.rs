//! `plugin new` and `plugin build`: a plugin of one's own, as the README tells. Needs Cargo's registry.

use std::path::Path;

use pipefitter_tests::{binary, finished};
use serde_json::Value;
use tokio::process::Command;

use crate::cli::pipefitter;

/// What `plugin build` says. What plugins depend on is kept between runs.
async fn built(folder: &Path, plugin: &str) -> (i32, String, String) {
    let mut build = Command::new(binary::pipefitter());
    build
        .args(["plugin", "build", plugin])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", binary::target().join("scaffold"));
    finished(build).await
}

fn append(file: &Path, more: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    std::fs::write(file, text + more).unwrap();
}

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

    let (code, said, errors) = built(folder.path(), "hello").await;
    assert_eq!(code, 0, "{said}{errors}");
    // The SDK's secrets are not imported by a plugin that does not call them, or it would be refused.
    assert!(said.contains("Built"), "{said}");
    assert!(said.ends_with("for the world action\n"), "{said}");

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

/// Makes a request with a secret in it, by the crate that docs/plugins/rust.md names.
const ASKS: &str = r#"
use pipefitter_sdk::{Context, Failure, Job, Outcome, secrets};
use wstd::http::{Body, Client, Request};

fn run(job: Job) -> Result<Outcome, Failure> {
    let url = job.config_value("greeting").unwrap_or("https://api.example.com/");
    let token = secrets::get("api-token")?;
    let text = wstd::runtime::block_on(fetch(url, &token))
        .map_err(|error| Failure::system_unavailable(format!("{url}: {error}")))?;
    Ok(Outcome::succeeded().summary(text))
}

async fn fetch(url: &str, token: &str) -> Result<String, wstd::http::Error> {
    let request = Request::get(url)
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty())?;
    let mut response = Client::new().send(request).await?;
    Ok(response.body_mut().str_contents().await?.to_owned())
}

pipefitter_sdk::plugin!(run);
"#;

#[tokio::test]
async fn a_plugin_is_built_for_what_its_manifest_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said, errors) =
        pipefitter(folder.path(), &["plugin", "new", "asks", "--lang", "rust"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    let plugin = folder.path().join("asks");
    let source = plugin.join("src/lib.rs");
    let harmless = std::fs::read_to_string(&source).unwrap();
    let cargo = std::fs::read_to_string(plugin.join("Cargo.toml")).unwrap();
    let dependency = "[dependencies]\nwstd = { version = \"=0.6.8\", default-features = false }\n";
    let cargo = cargo.replace("[dependencies]\n", dependency);
    std::fs::write(plugin.join("Cargo.toml"), cargo).unwrap();

    std::fs::write(&source, ASKS).unwrap();
    let (code, said, errors) = built(folder.path(), "asks").await;
    assert_eq!(code, 1, "{said}{errors}");
    for told in [
        "imports `wasi:http/",
        "imports `pipefitter:action/secrets@0.1.0`",
        "[capabilities]",
        "network = [{ to = \"https://api.example.com\", reason = \"what for\" }]",
        "secrets = [{ name = \"a-name\", reason = \"what for\" }]",
    ] {
        assert!(errors.contains(told), "{told}: {errors}");
    }
    assert!(
        !plugin.join("asks.wasm").exists(),
        "what no worker takes is not written"
    );

    append(
        &plugin.join("action.toml"),
        "\n[capabilities]\nnetwork = [{ to = \"https://api.example.com\", reason = \"what for\" }]\n\
         secrets = [{ name = \"api-token\", reason = \"what for\" }]\n",
    );
    let (code, said, errors) = built(folder.path(), "asks").await;
    assert_eq!(code, 0, "{said}{errors}");
    let world = "for the world action + needs-secrets + wasi:http/outgoing-handler\n";
    assert!(said.ends_with(world), "{said}");
    assert!(!errors.contains("asks for"), "no warning: {errors}");

    std::fs::write(&source, harmless).unwrap();
    let (code, said, errors) = built(folder.path(), "asks").await;
    assert_eq!(code, 0, "an ask too many is a warning: {said}{errors}");
    for told in [
        "the manifest asks for `network`",
        "the manifest asks for `secrets`",
    ] {
        assert!(errors.contains(told), "{told}: {errors}");
    }
}

/// Its imports are those of the world, used or not: what the tools of Python and JavaScript keep.
const PYTHON: &str = "
from wit_world import exports
from wit_world.imports import secrets, outgoing_handler
from wit_world.imports.pipefitter_action_types import ExecutionDetails, Outcome_Succeeded, Success


class Handler(exports.Handler):
    def run(self, job):
        details = ExecutionDetails(summary='ran', external_execution_id=None, percent_complete=None)
        return Outcome_Succeeded(Success(variables=[], details=details, current_revision=None))
";

#[tokio::test]
async fn other_languages_build_for_the_world_that_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = folder.path().join("asks");
    std::fs::create_dir(&plugin).unwrap();
    let manifest = "[action]\ncategory = \"Build\"\nprovider = \"Asks\"\nversion = \"1\"\n";
    let asks = "[capabilities]\nnetwork = [{ to = \"https://api.example.com\" }]\nsecrets = [{ name = \"a\" }]\n";
    std::fs::write(plugin.join("action.toml"), format!("{manifest}{asks}")).unwrap();
    std::fs::write(plugin.join("app.py"), PYTHON).unwrap();

    let wit = ["plugin", "build", "asks", "--wit", "asks/wit"];
    for _ in 0..2 {
        let (code, said, errors) = pipefitter(folder.path(), &wit).await;
        assert_eq!(code, 0, "{said}{errors}");
        assert!(
            said.contains("world `plugin`, action + needs-secrets"),
            "{said}"
        );
    }

    let mut componentize = Command::new(binary::venv("componentize-py"));
    componentize
        .args([
            "-d",
            "wit",
            "-w",
            "plugin",
            "componentize",
            "app",
            "-o",
            "built.wasm",
        ])
        .current_dir(&plugin);
    let (code, said, errors) = finished(componentize).await;
    assert_eq!(code, 0, "{said}{errors}");

    let take = ["plugin", "build", "asks", "--component", "asks/built.wasm"];
    let (code, said, errors) = pipefitter(folder.path(), &take).await;
    assert_eq!(code, 0, "{said}{errors}");
    assert!(!errors.contains("asks for"), "no warning: {errors}");
    assert!(plugin.join("asks.wasm").is_file());

    std::fs::write(plugin.join("action.toml"), manifest).unwrap();
    let (code, said, errors) = pipefitter(folder.path(), &take).await;
    assert_eq!(code, 1, "{said}{errors}");
    assert!(
        errors.contains("imports `pipefitter:action/secrets"),
        "{errors}"
    );
}
