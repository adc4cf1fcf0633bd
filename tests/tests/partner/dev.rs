//! `dev` with a worker of its own, which serves a partner's type by the tokens that the service was told.

use pipefitter_tests::{binary, closed_to_others, finished};
use serde_json::json;
use tokio::process::Command;

use super::partner::{ADA, declared, probe};

#[tokio::test]
async fn dev_serves_a_partners_action_by_itself() {
    let plugin = probe();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["plugins", "source"] {
        std::fs::create_dir(path(name)).unwrap();
    }
    plugin.install(&path("plugins"));
    closed_to_others(folder.path());
    std::fs::write(path("source/a.txt"), "alpha").unwrap();
    std::fs::write(path("partners.toml"), declared(&plugin, &[ADA], "uuid")).unwrap();
    let source = json!({ "category": "Source", "owner": "AWS", "provider": "S3", "version": "1" });
    let partner = json!({ "category": "Build", "owner": "ThirdParty", "provider": "Partner", "version": "1" });
    let pipeline = json!({ "pipeline": {
        "name": ADA.pipeline,
        "roleArn": "arn:aws:iam::000000000000:role/pipeline",
        "artifactStore": { "type": "S3", "location": "artifacts" },
        "version": 1,
        "stages": [
            { "name": "Source", "actions": [{
                "name": "Source",
                "actionTypeId": source,
                "configuration": { "S3Bucket": "sources", "S3ObjectKey": "source.zip" },
                "outputArtifacts": [{ "name": "Source" }],
            }] },
            { "name": "Build", "actions": [{
                "name": "Act",
                "actionTypeId": partner,
                "configuration": { "text": "x" },
                "inputArtifacts": [{ "name": "Source" }],
            }] },
        ],
    } });
    std::fs::write(path("pipeline.json"), pipeline.to_string()).unwrap();
    let mut command = Command::new(binary::pipefitter());
    command
        .args([
            "dev",
            "--once",
            "--port",
            "0",
            "--plugins",
            "plugins",
            "--source",
            "source",
        ])
        .args([
            "--pipeline",
            "pipeline.json",
            "--third-party",
            "partners.toml",
        ])
        .current_dir(folder.path())
        .env_remove("PIPEFITTER_CONFIG");
    let (code, said, errors) = finished(command).await;
    let all = said + &errors;
    assert_eq!(code, 0, "{all}");
    assert!(!all.contains("token-sentinel"), "{all}");
}
