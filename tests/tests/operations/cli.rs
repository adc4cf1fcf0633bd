//! The command line: what is said, and how it ends.

use std::path::{Path, PathBuf};

use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{binary, closed_to_others, finished};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

pub(crate) async fn pipefitter(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(binary::pipefitter());
    command
        .args(arguments)
        .current_dir(folder)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env_remove("PIPEFITTER_CONFIG")
        .env_remove("PIPEFITTER_LOG");
    finished(command).await
}

pub(crate) fn folder_with_probe() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    Plugin::probe("Probe").install(&plugins);
    closed_to_others(folder.path());
    (folder, plugins)
}

pub(crate) const GOOD: &str = "state-dir = \"state\"\nplugins-dir = \"plugins\"\n[[source]]\nid = \"main\"\nregion = \
                    \"eu-central-1\"\n";

#[tokio::test]
async fn check_tells_every_problem_with_its_line_and_remedy() {
    let (folder, plugins) = folder_with_probe();
    let config = folder.path().join("pipefitter.toml");
    let check = async |text: &str| {
        std::fs::write(&config, text).unwrap();
        pipefitter(folder.path(), &["check"]).await
    };
    let (code, said, errors) = check(GOOD).await;
    assert_eq!(
        (code, said.trim()),
        (0, "No problems: 1 plugin can be served."),
        "{errors}"
    );
    assert!(
        !folder.path().join("state").exists(),
        "a check leaves a trace"
    );

    let broken = format!(
        "stat-dir = \"x\"\n[worker]\nslots = \"eight\"\npoll-interval-min = \"fast\"\n[plugins.nobody]\n{}",
        "[[source]]\nid = \"main\"\n"
    );
    let (code, said, errors) = check(&broken).await;
    let all = said + &errors;
    assert_eq!(code, 1, "{all}");
    for named in [
        "stat-dir",
        "state-dir",
        "slots",
        "poll-interval-min",
        "region",
        "pipefitter.toml",
    ] {
        assert!(all.contains(named), "{named} is not named:\n{all}");
    }
    let (code, _, errors) =
        pipefitter(folder.path(), &["run", "--config", "pipefitter.toml"]).await;
    assert_eq!(code, 78, "{errors}");

    // What only its values show has a line too, there and where `run` refuses.
    let unusable = GOOD.replace("eu-central-1", "Frankfurt") + "[plugins.nobody]\n";
    let (code, said, errors) = check(&unusable).await;
    assert_eq!((code, said.trim()), (1, "1 problem."), "{errors}");
    for placed in ["pipefitter.toml:5:10", "pipefitter.toml:6:10"] {
        assert!(errors.contains(placed), "{placed} is not named:\n{errors}");
    }
    let (code, _, errors) = pipefitter(folder.path(), &["run"]).await;
    assert_eq!(code, 78, "{errors}");
    assert!(errors.contains("pipefitter.toml:5:10"), "{errors}");

    // A plugin that is wrong is a problem too.
    std::fs::write(
        plugins.join("probe.action.toml"),
        "[action]\ncategory = \"Baking\"\n",
    )
    .unwrap();
    let (code, said, errors) = check(GOOD).await;
    assert_eq!(code, 1, "{said}{errors}");
    assert!(errors.contains("Baking"), "{said}{errors}");
    for problem in errors.split("help:").filter(|text| text.contains("×")) {
        assert_eq!(problem.matches("probe.action.toml").count(), 1, "{errors}");
    }

    let (code, _, errors) = pipefitter(folder.path(), &["check", "--config", "missing.toml"]).await;
    assert_eq!(code, 1);
    assert!(errors.contains("missing.toml"), "{errors}");
    let (code, _, _) = pipefitter(folder.path(), &["chekc"]).await;
    assert_eq!(code, 2);
}

#[tokio::test]
async fn invoke_ends_as_the_job_did_and_prints_its_outcome() {
    let (folder, _) = folder_with_probe();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    std::fs::write(folder.path().join("in/hello.txt"), "hello").unwrap();
    let invoke = async |more: &[&str]| {
        let mut arguments = vec!["invoke", "plugins/probe.wasm"];
        arguments.extend(more);
        let (code, said, errors) = pipefitter(folder.path(), &arguments).await;
        let outcome: Value = serde_json::from_str(&said).unwrap_or_default();
        (code, outcome, errors)
    };
    let inputs = [
        "--input",
        "Source=in",
        "--output",
        "Out=out",
        "--set",
        "var.out=x",
    ];
    let (code, outcome, errors) = invoke(&inputs).await;
    assert_eq!(
        (code, &outcome["outcome"]),
        (0, &"succeeded".into()),
        "{outcome}{errors}"
    );
    assert_eq!(outcome["variables"]["out"], "x");
    assert_eq!(
        std::fs::read(folder.path().join("out/Source/hello.txt")).unwrap(),
        b"hello"
    );
    assert!(
        errors.contains("copied 1 files"),
        "the log is not shown: {errors}"
    );

    let told = [
        "--set",
        "do=fail",
        "--set",
        "kind=permission-error",
        "--set",
        "message=no key",
    ];
    let (code, outcome, errors) = invoke(&told).await;
    assert_eq!(
        (code, &outcome["outcome"]),
        (1, &"failed".into()),
        "{outcome}{errors}"
    );
    assert_eq!(outcome["kind"], "permission_error");

    std::fs::write(
        folder.path().join("job.json"),
        r#"{ "configuration": { "do": "continue" } }"#,
    )
    .unwrap();
    let (code, outcome, errors) = invoke(&["--job", "job.json"]).await;
    assert_eq!(
        (code, &outcome["outcome"]),
        (3, &"in_progress".into()),
        "{outcome}{errors}"
    );
    assert_eq!(outcome["token"], "hop-1");

    // What the host cannot do is neither the plugin's failure nor the command line's.
    let (code, _, errors) = invoke(&["--input", "Source=nowhere"]).await;
    assert_eq!(code, 4, "{errors}");
    assert!(errors.contains("nowhere"), "{errors}");
    let (code, _, errors) = invoke(&["--output", "Out=out"]).await;
    assert_eq!(code, 4, "{errors}");
    assert!(errors.contains("not empty"), "{errors}");
    // The checks are the worker's.
    let (code, outcome, _) = invoke(&["--set", "doo=ok"]).await;
    assert_eq!(
        (code, &outcome["kind"]),
        (1, &"configuration_error".into()),
        "{outcome}"
    );
    let (code, _, errors) = invoke(&["--config", "missing.toml"]).await;
    assert_eq!(code, 78, "{errors}");
}

#[tokio::test]
async fn help_version_completions_and_policy() {
    let (folder, _) = folder_with_probe();
    let (code, said, _) = pipefitter(folder.path(), &["--version"]).await;
    assert_eq!(code, 0);
    assert!(said.starts_with("pipefitter "), "{said}");
    let (code, said, _) = pipefitter(folder.path(), &["--help"]).await;
    assert_eq!(code, 0);
    for command in [
        "run",
        "dev",
        "invoke",
        "check",
        "plugin",
        "action-type",
        "iam",
        "events",
        "completions",
    ] {
        assert!(said.contains(command), "{command}: {said}");
    }
    let (code, said, _) = pipefitter(folder.path(), &["completions", "bash"]).await;
    assert!(code == 0 && said.contains("pipefitter"), "{said}");
    std::fs::write(folder.path().join("pipefitter.toml"), GOOD).unwrap();
    let (code, said, errors) =
        pipefitter(folder.path(), &["iam", "--account", "111122223333"]).await;
    assert_eq!(code, 0, "{errors}");
    let policy: Value = serde_json::from_str(&said).expect("the policy is JSON");
    let text = policy.to_string();
    assert!(
        text.contains(
            "arn:aws:codepipeline:eu-central-1:111122223333:actiontype:Custom/Build/Probe/1"
        ),
        "{text}"
    );
    assert!(
        !text.contains("s3:"),
        "the worker needs no rights on S3: {text}"
    );
}

#[tokio::test]
async fn iam_has_a_policy_for_each_role_and_for_who_assumes_it() {
    let (folder, _) = folder_with_probe();
    let far = "[[source]]\nid = \"far\"\nregion = \"us-east-1\"\nexternal-id = \"ours\"\n\
               role-arn = \"arn:aws:iam::444455556666:role/worker\"\n";
    std::fs::write(
        folder.path().join("pipefitter.toml"),
        format!("{GOOD}{far}"),
    )
    .unwrap();
    let (code, said, errors) =
        pipefitter(folder.path(), &["iam", "--account", "111122223333"]).await;
    assert_eq!(code, 0, "{errors}");
    let policies = serde_json::Deserializer::from_str(&said).into_iter::<Value>();
    let policies: Vec<Value> = policies.map(Result::unwrap).collect();
    let titles: Vec<&str> = errors.lines().collect();
    assert_eq!((policies.len(), titles.len()), (3, 3), "{said}{errors}");
    let of = |named: &str| {
        let at = titles.iter().position(|title| title.contains(named));
        policies[at.unwrap_or_else(|| panic!("{named}: {errors}"))]["Statement"].clone()
    };
    let assume = &of("to assume roles")[0];
    assert_eq!(
        assume["Resource"][0],
        "arn:aws:iam::444455556666:role/worker"
    );
    assert_eq!(
        assume["Condition"]["StringEquals"]["sts:ExternalId"],
        "ours"
    );
    for (named, arn) in [
        (
            "`main`",
            "arn:aws:codepipeline:eu-central-1:111122223333:actiontype:Custom/Build/Probe/1",
        ),
        (
            "role/worker",
            "arn:aws:codepipeline:us-east-1:444455556666:actiontype:Custom/Build/Probe/1",
        ),
    ] {
        assert_eq!(
            of(named)[0]["Resource"],
            serde_json::json!([arn]),
            "{named}"
        );
    }
}

#[tokio::test]
async fn events_and_checks_of_executions_ask_for_rights_and_a_rule() {
    let (folder, _) = folder_with_probe();
    std::fs::write(folder.path().join("pipefitter.toml"), GOOD).unwrap();
    let (code, _, errors) = pipefitter(folder.path(), &["events"]).await;
    assert_eq!(code, 4, "{errors}");
    assert!(errors.contains("queue-url"), "{errors}");

    let queue = "https://sqs.eu-central-1.amazonaws.com/111122223333/events";
    let news = format!("{GOOD}\ncheck-executions = \"1m\"\nevents = {{ queue-url = {queue:?} }}\n");
    std::fs::write(folder.path().join("pipefitter.toml"), news).unwrap();
    let (code, said, errors) = pipefitter(folder.path(), &["iam"]).await;
    assert_eq!(code, 0, "{errors}");
    let policy: Value = serde_json::from_str(&said).expect("the policy is JSON");
    let statements = policy["Statement"].as_array().unwrap();
    let of = |sid: &str| statements.iter().find(|statement| statement["Sid"] == sid);
    let resource = &of("CheckExecutions").unwrap()["Resource"];
    assert_eq!(resource, "arn:aws:codepipeline:eu-central-1:*:*");
    let resource = &of("ReceiveEvents").unwrap()["Resource"][0];
    assert_eq!(resource, "arn:aws:sqs:eu-central-1:111122223333:events");

    let (code, said, errors) = pipefitter(folder.path(), &["events"]).await;
    assert_eq!(code, 0, "{errors}");
    let requests: Value = serde_json::from_str(&said).expect("the requests are JSON");
    let pattern = requests["put-rule"]["EventPattern"].as_str().unwrap();
    let pattern: Value = serde_json::from_str(pattern).expect("the pattern is JSON");
    assert_eq!(pattern["detail"]["type"]["provider"][0], "Probe");
    assert_eq!(requests["set-queue-attributes"]["QueueUrl"], queue);
    let (code, _, errors) = pipefitter(folder.path(), &["events", "--source", "nobody"]).await;
    assert!(
        code == 4 && errors.contains("no source `nobody`"),
        "{errors}"
    );
}

#[tokio::test]
async fn dev_once_ends_as_its_execution_did() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["plugins", "source"] {
        std::fs::create_dir(path(name)).unwrap();
    }
    let mut plugin = Plugin::probe("Probe");
    plugin.inputs = (1, 1);
    plugin.outputs = (1, 1);
    plugin.install(&path("plugins"));
    std::fs::write(path("source/hello.txt"), "hello").unwrap();
    let dev = async |more: &[&str]| {
        let mut arguments = vec![
            "dev",
            "--once",
            "--port",
            "0",
            "--plugins",
            "plugins",
            "--source",
            "source",
        ];
        arguments.extend(more);
        pipefitter(folder.path(), &arguments).await
    };
    let (code, said, errors) = dev(&[]).await;
    assert_eq!(code, 0, "{said}{errors}");
    for shown in ["copied 1 files", "variable files = 1", "succeeded"] {
        assert!(
            said.contains(shown),
            "{shown:?} is not shown:\n{said}{errors}"
        );
    }
    // The same pipeline, told to fail.
    let (code, made, errors) = pipefitter(
        folder.path(),
        &["dev", "--plugins", "plugins", "--print-pipeline"],
    )
    .await;
    assert_eq!(code, 0, "{errors}");
    let mut made: Value = serde_json::from_str(&made).expect("the pipeline is JSON");
    let action = &mut made["pipeline"]["stages"][1]["actions"][0];
    action["configuration"] = serde_json::json!({ "do": "fail", "message": "as told" });
    std::fs::write(path("pipeline.json"), made.to_string()).unwrap();
    let (code, said, errors) = dev(&["--pipeline", "pipeline.json"]).await;
    assert_eq!(code, 1, "{said}{errors}");
    assert!(said.contains("as told"), "{said}");

    // What the author of a made pipeline forgot to fill in.
    let text = made.to_string().replace("as told", "FILL-IN");
    std::fs::write(path("pipeline.json"), text).unwrap();
    let (code, said, errors) = dev(&["--pipeline", "pipeline.json"]).await;
    assert_eq!(code, 4, "{said}{errors}");
    assert!(
        errors.contains("FILL-IN") && errors.contains("Probe.message"),
        "{errors}"
    );
}

#[tokio::test]
async fn a_missing_grant_names_the_file_to_write_it_in() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("plugins")).unwrap();
    Plugin::probe("Probe")
        .granted()
        .install(&folder.path().join("plugins"));
    std::fs::write(folder.path().join("mine.toml"), "").unwrap();
    let dev = ["dev", "--once", "--port", "0", "--plugins", "plugins"];
    let (code, _, errors) = pipefitter(folder.path(), &dev).await;
    assert_eq!(code, 4, "{errors}");
    assert!(
        errors.contains("add to a file given with --config"),
        "{errors}"
    );
    let (_, _, errors) = pipefitter(
        folder.path(),
        &[&dev[..], &["--config", "mine.toml"]].concat(),
    )
    .await;
    assert!(errors.contains("add to mine.toml:"), "{errors}");
    assert!(!errors.contains("pipefitter.toml"), "{errors}");
}
