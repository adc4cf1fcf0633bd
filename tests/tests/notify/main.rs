//! The plugin notify, end to end: a pipeline's action posts to a webhook of the test's own, through a granted network,
//! with a URL that is a secret and a header that the worker attaches.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, Webhook, binary};
use serde_json::json;

/// In the webhook's path: whoever has it can post.
const PATH: &str = "s3cr3tp4th-5e1f";
const TOKEN: &str = "tok-77ab4f9d1c";

/// As it is shipped: the manifest is inside.
fn notify() -> Plugin {
    let properties = [
        "kind", "message", "title", "secret", "url", "channel", "attempts",
    ];
    Plugin {
        name: "notify".to_owned(),
        wasm: binary::shipped("notify"),
        category: "Invoke".to_owned(),
        provider: "Notify".to_owned(),
        inputs: (0, 0),
        outputs: (0, 0),
        properties: properties.map(str::to_owned).to_vec(),
        more_properties: String::new(),
        action: String::new(),
        limits: String::new(),
        capabilities: String::new(),
        allow_empty: false,
    }
}

async fn rig(webhook: &Webhook) -> Rig {
    let mut rig = Rig::with(&[&notify()]).await;
    std::fs::remove_file(rig.setup.plugins_dir.join("notify.action.toml")).unwrap();
    let tables = format!(
        "[plugins.notify.grant]\nnetwork = [\"{0}\"]\nsecrets = [\"webhook-url\", \"gone\"]\n\
         attach = [{{ secret = \"bot\", header = \"Authorization\", prefix = \"Bearer \", to = \"{0}\" }}]\n\
         [secrets.webhook-url]\nenvironment = \"TEST_URL\"\n\
         [secrets.gone]\nenvironment = \"TEST_GONE\"\n\
         [secrets.bot]\nenvironment = \"TEST_TOKEN\"\n",
        webhook.origin()
    );
    rig.setup.tables.push_str(&tables);
    rig.setup.environment = vec![
        (
            "TEST_URL".to_owned(),
            format!("{}/ok/{PATH}", webhook.origin()),
        ),
        (
            "TEST_GONE".to_owned(),
            format!("{}/gone/{PATH}", webhook.origin()),
        ),
        ("TEST_TOKEN".to_owned(), TOKEN.to_owned()),
    ];
    rig
}

fn action(name: &str) -> Action {
    Action::new(name, &notify())
}

#[tokio::test]
async fn a_pipeline_tells_a_webhook_and_nobody_learns_its_url() {
    let webhook = Webhook::start().await;
    let rig = rig(&webhook).await;
    let worker = rig.worker().await;
    let hook = |path: &str| format!("{}/{path}", webhook.origin());
    let actions = [
        action("generic").with(
            "message",
            "{{pipeline}}/{{stage}}/{{action}}: \"gr\u{fc}\u{df}e\" \u{1f600}",
        ),
        action("slack")
            .with("kind", "slack")
            .with("title", "Now")
            .with("message", "<https://e.example|{{ action }}>"),
        action("teams")
            .with("kind", "teams")
            .with("message", "**{{action}}**"),
        action("busy").with("url", &hook("busy")),
        action("down")
            .with("url", &hook("down"))
            .with("attempts", "2"),
        action("gone").with("secret", "gone"),
        action("elsewhere")
            .with("url", "http://127.0.0.1:1/hook")
            .with("attempts", "1"),
        action("misspelt").with("message", "{{pipelin}}"),
        action("denied").with("secret", "another"),
    ];
    let results = rig.outcomes("notify", actions).await;

    for told in ["generic", "slack", "teams"] {
        let result = &results[told];
        assert_eq!(result.status, "Succeeded", "{told}: {result:?}");
        assert_eq!(result.variables["status"], "200");
        assert_eq!(result.variables["attempts"], "1");
    }
    let posted = webhook.posted().await;
    let text_of = |action: &str, field: &str| {
        let found = posted
            .iter()
            .find(|post| post.body.to_string().contains(action));
        let post = found.unwrap_or_else(|| panic!("{action} has posted nothing: {posted:?}"));
        post.body.pointer(field).unwrap().clone()
    };
    assert_eq!(
        text_of("/generic", "/text"),
        json!("notify/Stage1/generic: \"gr\u{fc}\u{df}e\" \u{1f600}")
    );
    assert_eq!(text_of("/generic", "/pipeline"), json!("notify"));
    assert_eq!(
        text_of("|slack", "/text"),
        json!("*Now*\n<https://e.example|slack>")
    );
    assert_eq!(
        text_of("**teams", "/attachments/0/content/body/0/text"),
        json!("**teams**")
    );
    for post in &posted {
        assert_eq!(post.authorization.as_deref(), Some("Bearer tok-77ab4f9d1c"));
        assert_eq!(post.content_type.as_deref(), Some("application/json"));
    }

    assert_eq!(results["busy"].variables["attempts"], "3", "{results:?}");
    for (what, kind, said) in [
        (
            "down",
            "SystemUnavailable",
            "answered 500; that was attempt 2 of 2",
        ),
        (
            "gone",
            "ConfigurationError",
            "answered 404: no hook at [...]: look at the secret `gone`",
        ),
        (
            "elsewhere",
            "SystemUnavailable",
            "http://127.0.0.1:1 could not be reached",
        ),
        (
            "misspelt",
            "ConfigurationError",
            "configuration `message`: `{{pipelin}}`",
        ),
        (
            "denied",
            "PermissionError",
            "the secret `another` is not granted",
        ),
    ] {
        let (failed, message) = results[what].failure();
        assert_eq!(failed, kind, "{what}: {message}");
        assert!(message.contains(said), "{what}: {message}");
    }

    let logs: String = rig.job_logs().into_values().collect();
    assert!(logs.contains("no grant covers it"), "{logs}");
    let said = worker.stop_cleanly().await;
    for text in [&format!("{results:?}"), &logs, &said] {
        for secret in [PATH, TOKEN] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}
