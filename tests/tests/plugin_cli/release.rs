//! The pipeline of `cargo xtask demo release`, over the source that the set-up has laid out: plugins in six languages
//! side by side, and what they find out in one message.

use std::collections::BTreeMap;

use pipefitter_tests::{Webhook, binary, finished, fresh_copy};

use crate::folder::pipefitter;
use crate::shipped::built;

const PLUGINS: [&str; 6] = [
    "checksum", "licence", "notify", "policy", "publish", "version",
];
const PATH: &str = "s3cr3t-path-of-the-release";
const TOKEN: &str = "s3cr3t-token-of-the-release";

#[tokio::test]
async fn the_release_demo_checks_publishes_and_tells() {
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("plugins");
    let published = folder.path().join("published");
    std::fs::create_dir(&plugins).unwrap();
    std::fs::create_dir(&published).unwrap();
    for name in PLUGINS {
        let Some(wasm) = built(&binary::root().join("plugins").join(name), name).await else {
            pipefitter_tests::skipped(&format!(
                "the release demo was not tested: it takes plugins/{name}"
            ));
            return;
        };
        fresh_copy(&wasm, &plugins.join(format!("{name}.wasm")));
    }
    let webhook = Webhook::start().await;
    let home = binary::root().join("xtask/demo/release");
    let grants = std::fs::read_to_string(home.join("pipefitter.toml")).unwrap();
    let config = folder.path().join("pipefitter.toml");
    std::fs::write(&config, grants.replace("PORT", &webhook.port().to_string())).unwrap();

    let mut dev = pipefitter(folder.path());
    dev.args(["dev", "--once", "--port", "0", "--plugins"])
        .arg(&plugins)
        .arg("--pipeline")
        .arg(home.join("pipeline.json"))
        .arg("--source")
        .arg(binary::demo_release())
        .arg("--config")
        .arg(&config)
        .env(
            "RELEASE_WEBHOOK_URL",
            format!("http://localhost:{}/ok/{PATH}", webhook.port()),
        )
        .env("RELEASE_WEBHOOK_TOKEN", TOKEN);
    let (code, said, errors) = finished(dev).await;
    assert_eq!(code, 0, "{said}{errors}");

    let found = variables(&said);
    let of = |action: &str, name: &str| found[action][name].as_str();
    let at_least = |action: &str, name: &str, least: u32| {
        let count: u32 = of(action, name).parse().unwrap();
        assert!(count >= least, "{action} has {count} {name}: {said}");
    };
    at_least("licence", "dependencies", 100);
    at_least("licence", "lock-files", 3);
    assert_eq!(of("licence", "allowed"), of("licence", "dependencies"));
    assert_eq!(of("policy", "violations"), "0");
    assert_eq!(of("policy", "undecided"), "0");
    at_least("policy", "files", 2);
    at_least("checksum", "files", 100);
    assert_eq!(of("verify", "digest"), of("checksum", "digest"));

    let read = |path: &str| {
        let path = published.join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let sums = read("sums/current/SHA256SUMS");
    assert_eq!(sums.lines().count().to_string(), of("checksum", "files"));
    assert!(sums.contains("  Cargo.lock\n"), "{sums}");
    assert_eq!(
        read("version/current/VERSION").trim(),
        of("version", "version")
    );
    let licences = read("licences/current/report.md");
    for line in ["| cargo:tokio@", "| pypi:jsonschema@"] {
        assert!(licences.contains(line), "{line}: {licences}");
    }
    assert!(read("policy/current/report.md").contains("| bucket-encrypted | 1 |"));

    let posted = webhook.posted().await;
    let [post] = &posted[..] else {
        panic!("one message was expected: {posted:?}");
    };
    assert_eq!(
        post.authorization.as_deref(),
        Some(format!("Bearer {TOKEN}").as_str())
    );
    assert_eq!(
        post.body["title"],
        format!("release: {} is ready", of("version", "version"))
    );
    let text = post.body["text"].as_str().unwrap();
    for (action, name) in [
        ("version", "version"),
        ("version", "previous"),
        ("licence", "dependencies"),
        ("policy", "warnings"),
        ("checksum", "files"),
        ("checksum", "digest"),
    ] {
        let value = of(action, name);
        assert!(text.contains(value), "{action}'s {name} is {value}: {text}");
    }
    for secret in [PATH, TOKEN] {
        assert!(
            !said.contains(secret) && !errors.contains(secret),
            "{said}{errors}"
        );
    }
}

/// What `dev` shows of each action's output variables.
fn variables(said: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut found: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    let mut action = "";
    for line in said.lines() {
        if let Some(ended) = line.strip_prefix("  \u{2713} ") {
            action = ended.split(' ').next().unwrap();
        } else if let Some((name, value)) = line
            .strip_prefix("      variable ")
            .and_then(|variable| variable.split_once(" = "))
        {
            let of_action = found.entry(action.to_owned()).or_default();
            of_action.insert(name.to_owned(), value.to_owned());
        }
    }
    found
}
