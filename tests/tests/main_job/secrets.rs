//! A secret of the configuration leaves the worker nowhere but to the plugin.

use pipefitter_tests::Rig;
use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;

const SECRET: &str = "correct-horse/battery+staple";

#[tokio::test]
async fn secrets_are_masked_in_logs_and_messages() {
    let plugin = Plugin::probe("Probe");
    let rig = Rig::with(&[&plugin]).await;
    let worker = rig.worker().await;
    let tell = Action::new("Tell", &plugin)
        .doing("secret-log")
        .with("key", "secret")
        .with("secret", SECRET)
        .input("Source");
    let result = rig.outcome("secrets", tell).await;
    let (_, message) = result.failure();
    assert!(
        message.contains("failed with") && !message.contains(SECRET),
        "{message}"
    );
    let logs = rig.job_logs();
    let log = &logs[result.external_id.as_ref().expect("there is always an id")];
    assert!(
        log.contains("the secret is ") && !log.contains(SECRET),
        "{log}"
    );
    assert!(log.contains("in pieces: ***, and on"), "{log}");

    // Nor does the worker's own log tell it, or what else is secret of a job.
    let exchanges = rig.proxy.exchanges();
    let job = &exchanges
        .iter()
        .find_map(|e| e.answer["jobs"].get(0))
        .expect("a job was offered")["data"]["artifactCredentials"];
    let secrets = [
        SECRET,
        job["secretAccessKey"].as_str().unwrap(),
        job["sessionToken"].as_str().unwrap(),
    ];
    let worker_log = worker.process.output();
    assert_eq!(worker.stop().await.code(), Some(0));
    for secret in secrets {
        assert!(!worker_log.contains(secret), "{worker_log}");
        assert!(!log.contains(secret), "{log}");
    }
    let journal = std::fs::read(rig.journal()).expect("there is a journal");
    for secret in secrets {
        let found = journal
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!found, "the journal holds a secret");
    }
}

#[tokio::test]
async fn a_variable_that_holds_a_secret_fails_the_action() {
    let plugin = Plugin::probe("Probe");
    let rig = Rig::with(&[&plugin]).await;
    let worker = rig.worker().await;
    let leak = |value: &str, secret: &str| {
        Action::new("Leak", &plugin)
            .with("var.out", value)
            .with("secret", secret)
            .input("Source")
    };
    let result = rig
        .outcome("leaks", leak(&format!("https://me:{SECRET}@host"), SECRET))
        .await;
    let (kind, message) = result.failure();
    assert_eq!(kind, "JobFailed");
    assert!(
        message.contains("output variable `out` holds the secret property `secret`")
            && !message.contains("horse"),
        "{message}"
    );
    // A short one counts where it stands alone.
    let result = rig.outcome("passes", leak("1207 pages", "12")).await;
    assert_eq!(result.status, "Succeeded", "{result:?}");
    assert_eq!(result.variables["out"], "1207 pages");
    assert_eq!(worker.stop().await.code(), Some(0));
}
