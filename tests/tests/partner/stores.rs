//! Tokens from a variable and from a program, and what the command line makes of a partner's source.

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::{Rig, binary, finished};
use tokio::process::Command;

use super::partner::{ADA, BOB, begin, json, nothing_leaked, probe, rig, write_tokens};

#[tokio::test]
async fn a_variable_of_the_environment() {
    let plugin = probe();
    let mut rig = rig(&plugin, &[ADA], "{ env = \"PARTNER_TOKENS\" }").await;
    let tokens = json(&[(ADA.id, ADA.token)]);
    rig.setup
        .environment
        .push(("PARTNER_TOKENS".to_owned(), tokens));
    let worker = rig.worker().await;
    let execution = begin(&rig, ADA, Action::new("Act", &plugin).input("Source")).await;
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    let said = worker.stop_cleanly().await;
    nothing_leaked(&rig, &said);
}

#[tokio::test]
async fn a_program_that_is_asked_once_for_each_customer() {
    let plugin = probe();
    let rig = rig(
        &plugin,
        &[ADA, BOB],
        "{ exec = [\"/bin/sh\", \"token-of.sh\", \"{client-id}\"] }",
    )
    .await;
    let asked = rig.folder().join("asked");
    let script = format!(
        "echo \"$1\" >> {asked:?}\necho token-sentinel on standard error >&2\nif [ \"$1\" = {} ]; then echo {}; fi\n",
        ADA.id, ADA.token
    );
    let path = rig.folder().join("token-of.sh");
    std::fs::write(&path, script).unwrap();
    let mut rig = rig;
    rig.setup.source = rig
        .setup
        .source
        .replace("token-of.sh", &path.display().to_string());
    let worker = rig.worker().await;
    begin(&rig, BOB, Action::new("Act", &plugin).input("Source")).await;
    let said = worker
        .process
        .line(&format!("jobs of client {}", BOB.id))
        .await;
    assert!(said.contains("it has no client token"), "{said}");
    let execution = begin(&rig, ADA, Action::new("Act", &plugin).input("Source")).await;
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    let again = rig.service.begin(ADA.pipeline).await;
    assert_eq!(rig.service.ended(&again).await, "succeeded");
    let said = worker.stop_cleanly().await;
    nothing_leaked(&rig, &said);
    let asked = std::fs::read_to_string(asked).unwrap();
    let count = |id: &str| asked.lines().filter(|line| *line == id).count();
    assert_eq!((count(ADA.id), count(BOB.id)), (1, 1), "{asked}");
}

async fn pipefitter(rig: &Rig, arguments: &[&str]) -> (i32, String, String) {
    std::fs::write(&rig.setup.config, rig.setup.toml()).unwrap();
    let mut command = Command::new(binary::pipefitter());
    command
        .args(arguments)
        .arg("--config")
        .arg(&rig.setup.config)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env_remove("PIPEFITTER_LOG");
    finished(command).await
}

#[tokio::test]
async fn check_and_iam_know_partners() {
    let plugin = probe();
    let rig = rig(&plugin, &[ADA], "{ file = \"tokens.json\" }").await;
    let (code, said, errors) = pipefitter(&rig, &["check"]).await;
    assert_eq!(code, 1, "{said}{errors}");
    assert!(
        errors.contains("the client tokens in") && errors.contains("pipefitter.toml:15:17"),
        "{errors}"
    );
    write_tokens(&rig, &[(ADA.id, ADA.token)]);
    let (code, said, errors) = pipefitter(&rig, &["check"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    let (code, said, errors) = pipefitter(&rig, &["iam"]).await;
    assert_eq!(code, 0, "{errors}");
    let policy: serde_json::Value = serde_json::from_str(&said).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    assert_eq!(statements.len(), 1, "{said}");
    assert_eq!(statements[0]["Resource"], "*");
    let actions = statements[0]["Action"].as_array().unwrap();
    assert!(
        actions
            .iter()
            .all(|action| action.as_str().unwrap().contains("ThirdParty")),
        "{said}"
    );
    assert_eq!(actions.len(), 5);
}
