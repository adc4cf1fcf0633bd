//! What a plugin returns is what the pipeline shows.

use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, archives, terminal_results};

#[tokio::test]
async fn artifacts_variables_and_details_go_from_action_to_action() {
    let build = Plugin::probe("Probe");
    let rig = Rig::with(&[&build]).await;
    let pipeline = Pipeline::new("main-job")
        .stage([Action::new("Build", &build)
            .with("var.out", "forty-two")
            .input("Source")
            .output("Built")
            .namespace("built")])
        .stage([Action::new("Check", &build)
            .doing("describe")
            .with("text", "from #{built.out}")
            .with("message", "#{codepipeline.PipelineExecutionId}")
            .input("Built")
            .input("Source")
            .output("Report")])
        // Copies what came before, so that the next one has an artifact of every name.
        .stage([Action::new("Last", &build)
            .with("var.out", "#{built.files}")
            .input("Built")]);
    rig.create(&pipeline).await;
    let worker = rig.worker().await;

    let execution = rig.service.begin("main-job").await;
    let ended = rig.service.ended(&execution).await;
    let actions = rig.service.actions("main-job", &execution).await;

    let built = &actions["Build"];
    assert_eq!(built.status, "Succeeded", "{built:?}");
    assert_eq!(built.variables["out"], "forty-two");
    assert_eq!(built.variables["files"], "2");
    let files = archives::unzip(&rig.service.object(&built.outputs["Built"]).await);
    let expected = [
        ("Source/a.txt", &b"alpha"[..]),
        ("Source/sub/b.txt", b"beta"),
        ("report.txt", b"Source/a.txt 5\nSource/sub/b.txt 4\n"),
    ];
    let expected: Vec<(String, Vec<u8>)> = expected
        .iter()
        .map(|(name, content)| ((*name).to_owned(), content.to_vec()))
        .collect();
    assert_eq!(files, expected);

    // `describe` writes no file to its declared output, which the manifest does not allow.
    let checked = &actions["Check"];
    let (kind, message) = checked.failure();
    assert_eq!(kind, "JobFailed");
    assert!(
        message.contains("Report") && message.contains("allow-empty"),
        "{message}"
    );
    assert_eq!(ended, "failed");

    assert_eq!(worker.stop().await.code(), Some(0));
    let results = terminal_results(&rig.proxy.exchanges());
    assert_eq!(results.values().copied().collect::<Vec<_>>(), [1, 1]);
}

#[tokio::test]
async fn the_job_and_its_details_are_those_of_the_pipeline() {
    let build = Plugin::probe("Probe");
    let rig = Rig::with(&[&build]).await;
    let pipeline = Pipeline::new("described")
        .stage([Action::new("First", &build)
            .with("var.out", "x")
            .namespace("first")])
        .stage([Action::new("Describe", &build)
            .doing("describe")
            .input("Source")])
        .stage([Action::new("After", &build).with(
            "var.out",
            "#{first.out}/#{codepipeline.PipelineExecutionId}",
        )]);
    rig.create(&pipeline).await;
    let _worker = rig.worker().await;
    let execution = rig.service.begin("described").await;
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    let actions = rig.service.actions("described", &execution).await;

    let described = &actions["Describe"];
    assert_eq!(described.summary.as_deref(), Some("described"));
    assert_eq!(described.external_id.as_deref(), Some("probe-1"));
    let said = |name: &str| described.variables[name].as_str();
    assert_eq!(said("attempt"), "1");
    assert_eq!(said("account"), "000000000000");
    assert_eq!(said("type"), "Build/Custom/Probe/1");
    assert_eq!(said("context"), "described/Stage2/Describe");
    assert_eq!(said("execution"), execution);
    assert_eq!(said("token"), "(none)");
    assert_eq!(said("scratch"), "(none)");
    assert!(said("input0").starts_with("Source /"), "{}", said("input0"));
    assert_eq!(actions["After"].variables["out"], format!("x/{execution}"));
    // Without an id of the plugin's own, the id leads to the job's log.
    let log = actions["First"]
        .external_id
        .clone()
        .expect("there is always an id");
    assert!(
        rig.job_logs().contains_key(&log),
        "{log} is none of {:?}",
        rig.job_logs().keys()
    );
}

#[tokio::test]
async fn every_failure_type_reaches_the_pipeline_with_its_message() {
    let build = Plugin::probe("Probe");
    let rig = Rig::with(&[&build]).await;
    let kinds = [
        ("job-failed", "JobFailed"),
        ("configuration-error", "ConfigurationError"),
        ("permission-error", "PermissionError"),
        ("revision-out-of-sync", "RevisionOutOfSync"),
        ("revision-unavailable", "RevisionUnavailable"),
        ("system-unavailable", "SystemUnavailable"),
    ];
    let actions = kinds.map(|(kind, _)| {
        let message = format!("because of {kind}");
        Action::new(kind, &build)
            .doing("fail")
            .with("kind", kind)
            .with("message", &message)
    });
    let _worker = rig.worker().await;
    let results = rig.outcomes("failures", actions).await;
    for (kind, expected) in kinds {
        let (code, message) = results[kind].failure();
        assert_eq!(code, expected);
        assert!(
            message.starts_with(&format!("because of {kind}")),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_chain_of_continuations_ends_with_the_outputs() {
    let build = Plugin::probe("Probe");
    let rig = Rig::with(&[&build]).await;
    let _worker = rig.worker().await;
    let hops = Action::new("Hops", &build)
        .doing("continue")
        .with("hops", "3")
        .with("var.out", "at last")
        .input("Source")
        .output("Out");
    let result = rig.outcome("chain", hops).await;
    assert_eq!(result.status, "Succeeded", "{result:?}");
    assert_eq!(result.variables["out"], "at last");
    let files = archives::unzip(&rig.service.object(&result.outputs["Out"]).await);
    assert_eq!(files.len(), 3);

    // The service tells of the end before the answer to the last result has passed the proxy.
    rig.proxy.count("PutJobSuccessResult", 4).await;
    let put = rig.proxy.of("PutJobSuccessResult");
    let tokens: Vec<Option<&str>> = put
        .iter()
        .map(|exchange| exchange.request["continuationToken"].as_str())
        .collect();
    assert_eq!(tokens, [Some("hop-1"), Some("hop-2"), Some("hop-3"), None]);
    assert_eq!(put[1].request["executionDetails"]["summary"], "hop 2 of 3");
    assert!(
        put[..3]
            .iter()
            .all(|hop| hop.request.get("outputVariables").is_none()),
        "{put:?}"
    );
    // A hop uploads nothing.
    assert_eq!(rig.proxy.of("PUT").len(), 1);
    let results = terminal_results(&rig.proxy.exchanges());
    assert_eq!(results.into_values().collect::<Vec<_>>(), [1, 1, 1, 1]);
}

#[tokio::test]
async fn several_artifacts_and_none() {
    let build = Plugin::probe("Probe");
    let rig = Rig::with(&[&build]).await;
    let pipeline = Pipeline::new("several")
        .stage([
            Action::new("Two", &build)
                .input("Source")
                .output("Left")
                .output("Right"),
            Action::new("None", &build),
            Action::new("OnlyOut", &build).output("Alone"),
        ])
        .stage([Action::new("Both", &build)
            .input("Left")
            .input("Right")
            .output("All")]);
    rig.create(&pipeline).await;
    let _worker = rig.worker().await;
    let actions = rig.service.run("several").await;
    for (name, action) in &actions {
        assert_eq!(action.status, "Succeeded", "{name}: {action:?}");
    }
    assert_eq!(actions["None"].variables["files"], "0");
    let all = archives::unzip(&rig.service.object(&actions["Both"].outputs["All"]).await);
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert!(
        names.contains(&"Left/Source/a.txt") && names.contains(&"Right/report.txt"),
        "{names:?}"
    );
    let left = rig.service.object(&actions["Two"].outputs["Left"]).await;
    let right = rig.service.object(&actions["Two"].outputs["Right"]).await;
    assert_eq!(left, right, "the same files make the same zip");
}

#[tokio::test]
async fn answers_that_break_the_rules_fail_with_field_and_limit() {
    let build = Plugin::probe("Probe");
    let rig = Rig::with(&[&build]).await;
    let _worker = rig.worker().await;
    // What the answer is, and what the failure has to name.
    let bad = [
        ("bad-answer-token", "token"),
        ("bad-answer-long-token", "token"),
        ("bad-answer-host-token", "pipefitter:1:"),
        ("bad-answer-name", "not a name!"),
        ("bad-answer-twice", "same"),
        ("bad-answer-variables", "122"),
        ("bad-answer-message", "long long"),
        ("bad-answer-empty-message", ""),
        ("bad-answer-control", "red"),
        ("bad-answer-percent", "1500"),
    ];
    let actions = bad.map(|(what, _)| Action::new(what, &build).doing(what));
    let results = rig.outcomes("bad-answers", actions).await;
    for (what, named) in bad {
        let (kind, message) = results[what].failure();
        assert_eq!(kind, "JobFailed", "{what}");
        assert!(message.contains(named), "{what}: {message}");
        assert!(
            (1..=5000).contains(&message.encode_utf16().count()),
            "{what}"
        );
        assert!(
            !message.contains(['\u{1b}', '\u{0}']),
            "{what}: {message:?}"
        );
    }
}
