//! Secrets of the operator's: who is told them, and what hides them, under both kinds of isolation.

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, RigOptions, binary};

const TOKEN: &str = "tok-4f9d1c77ab";
const OTHER: &str = "another-secret-value";

fn reader() -> Plugin {
    let mut plugin = Plugin::probe("Reader").named("reader");
    plugin.wasm = binary::guest("secret");
    plugin.properties = ["do", "name"].map(str::to_owned).to_vec();
    plugin.more_properties = String::new();
    plugin
}

/// A worker's rig that has two secrets and grants the plugin `granted`.
async fn rig(plugin: &Plugin, isolation: &str, granted: &str) -> Rig {
    let mut rig = Rig::with(&[plugin]).await;
    let file = rig.setup.state_dir.with_file_name("other-secret");
    std::fs::write(&file, format!("{OTHER}\n")).unwrap();
    let gone = file.with_file_name("no-secret");
    rig.setup.environment = vec![("TEST_TOKEN".to_owned(), TOKEN.to_owned())];
    rig.setup.tables = format!(
        "[secrets.token]\nenvironment = \"TEST_TOKEN\"\n[secrets.other]\nfile = {file:?}\n\
         [secrets.gone]\nfile = {gone:?}\n\
         [plugins.reader]\nisolation = \"{isolation}\"\n[plugins.reader.grant]\n{granted}\n"
    );
    rig
}

#[tokio::test]
async fn a_granted_secret_is_told_hidden_and_nothing_else_is() {
    let plugin = reader();
    for isolation in ["process", "shared"] {
        let rig = rig(&plugin, isolation, "secrets = [\"token\", \"gone\"]").await;
        let worker = rig.worker().await;
        let actions = [
            ("Keep", "keep", "token"),
            ("Log", "log", "token"),
            ("Message", "message", "token"),
            ("Variable", "variable", "token"),
            ("Denied", "keep", "other"),
            ("Unknown", "keep", "nobody"),
            ("Missing", "keep", "gone"),
        ];
        for (name, what, secret) in actions {
            let action = Action::new(name, &plugin).doing(what).with("name", secret);
            rig.pipeline(&format!("{name}-{isolation}"), [action]).await;
        }
        let run = |name: &'static str| {
            let service = &rig.service;
            async move { service.run(&format!("{name}-{isolation}")).await[name].clone() }
        };
        let kept = run("Keep").await;
        assert_eq!(kept.variables["length"], TOKEN.len().to_string());
        // What a plugin encodes on purpose is not hidden, and docs/SECURITY.md says so.
        assert_eq!(
            kept.variables["reversed"],
            TOKEN.chars().rev().collect::<String>()
        );
        run("Log").await;
        let failed = run("Message").await;
        let (_, message) = failed.failure();
        assert!(message.contains("it is ***"), "{message}");
        let failed = run("Variable").await;
        let (_, message) = failed.failure();
        assert!(
            message.contains("`told`") && message.contains("token"),
            "{message}"
        );
        for (name, kind) in [
            ("Denied", "\"denied\""),
            ("Unknown", "\"denied\""),
            ("Missing", "\"missing\""),
        ] {
            let failed = run(name).await;
            let (_, message) = failed.failure();
            assert!(message.contains(kind), "{name}: {message}");
        }
        assert_eq!(worker.stop().await.code(), Some(0));
        let hex: String = TOKEN.bytes().map(|byte| format!("{byte:02x}")).collect();
        for entry in std::fs::read_dir(rig.setup.state_dir.join("logs")).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            for secret in [TOKEN, OTHER, &hex] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn a_plugin_that_imports_secrets_is_not_served_without_a_grant() {
    let plugin = reader();
    let rig = Rig::start(RigOptions::default()).await;
    plugin.install(&rig.setup.plugins_dir);
    let worker = rig.worker().await;
    let said = worker.process.line("pipefitter:action/secrets").await;
    assert!(
        said.contains("reader") && said.contains("secrets = ["),
        "{said}"
    );
    assert_eq!(worker.stop().await.code(), Some(0));
}

#[tokio::test]
async fn a_secret_that_is_too_short_or_not_there_is_told_with_a_remedy() {
    let plugin = reader();
    let mut rig = rig(&plugin, "process", "secrets = [\"token\"]").await;
    rig.setup.environment = vec![("TEST_TOKEN".to_owned(), "tiny".to_owned())];
    let said = rig.setup.launch().process.line("[secrets]").await;
    assert!(said.contains("`token`") && said.contains('8'), "{said}");
    assert!(!said.contains("tiny"), "{said}");
    rig.setup.environment = Vec::new();
    let said = rig.setup.launch().process.line("[secrets]").await;
    assert!(said.contains("TEST_TOKEN"), "{said}");
    rig.setup.tables = rig
        .setup
        .tables
        .replace("[secrets.token]", "[secrets.renamed]");
    let said = rig.setup.launch().process.line("nowhere").await;
    assert!(said.contains("`token`"), "{said}");
}
