//! The action's configuration against the plugin's manifest: the worker's own check.

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, RigOptions};

#[tokio::test]
async fn faults_of_the_configuration_name_the_key() {
    let mut plugin = Plugin::probe("Probe");
    plugin.properties.truncate(3);
    plugin.more_properties = "[[property]]\nname = \"title\"\ntype = \"string\"\nrequired = true\n\
         [[property]]\nname = \"size\"\ntype = \"number\"\nrequired = false\n"
        .to_owned();
    // The service knows one key more than the worker: the type was registered from another manifest.
    let mut registered = plugin.clone();
    registered.properties.push("titel".to_owned());
    let rig = Rig::start(RigOptions::default()).await;
    plugin.install(&rig.setup.plugins_dir);
    rig.service.register(&registered).await;
    let _worker = rig.worker().await;

    let action = |name: &str| Action::new(name, &plugin);
    let results = rig
        .outcomes(
            "configuration",
            [
                action("missing").with("size", "1"),
                action("unknown").with("title", "t").with("titel", "t"),
                action("no-number").with("title", "t").with("size", "many"),
                action("good").with("title", "t").with("size", "-1.5"),
            ],
        )
        .await;
    for (name, key) in [
        ("missing", "`title`"),
        ("unknown", "`titel`"),
        ("no-number", "`size`"),
    ] {
        let (kind, message) = results[name].failure();
        assert_eq!(kind, "ConfigurationError", "{message}");
        assert!(message.contains(key), "{name}: {message}");
    }
    assert!(
        results["unknown"]
            .failure()
            .1
            .contains("did you mean `title`")
    );
    assert_eq!(results["good"].status, "Succeeded", "{:?}", results["good"]);
}

#[tokio::test]
async fn a_queryable_property_is_polled_by_its_configured_values_only() {
    let mut plugin = Plugin::probe("Probe");
    plugin.properties.truncate(3);
    plugin.more_properties = "[[property]]\nname = \"team\"\ntype = \"string\"\nrequired = true\n\
         queryable = true\n"
        .to_owned();
    let mut rig = Rig::with(&[&plugin]).await;
    rig.setup.worker =
        "[worker.query-values]\n\"Build/Probe/1\" = [\"red\", \"blue\"]\n".to_owned();
    let worker = rig.worker().await;
    let action = |team: &str| Action::new(team, &plugin).with("team", team);
    rig.pipeline("teams", ["red", "green", "blue"].map(action))
        .await;
    let execution = rig.service.begin("teams").await;
    rig.proxy.count("PutJobSuccessResult", 2).await;
    assert_eq!(worker.stop().await.code(), Some(0));
    let actions = rig.service.actions("teams", &execution).await;
    let statuses = ["red", "green", "blue"].map(|team| actions[team].status.as_str());
    assert_eq!(statuses, ["Succeeded", "InProgress", "Succeeded"]);
    let polls = rig.proxy.of("PollForJobs");
    assert!(
        polls
            .iter()
            .all(|poll| poll.request["queryParam"]["team"].is_string())
    );
}
