//! A plugin that imports what is not granted is refused when it is loaded.

use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, binary, closed_to_others, finished};
use tokio::process::Command;

/// What says which plugin, which import and which line.
const NAMED: [&str; 4] = ["net", "wasi:http/", "[plugins.net.grant]", "network = ["];

#[tokio::test]
async fn check_refuses_an_import_that_is_not_granted() {
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    Plugin::net("net").install(&plugins);
    closed_to_others(folder.path());
    let check = async |grant: &str| {
        let text = format!(
            "state-dir = \"state\"\nplugins-dir = \"plugins\"\n[[source]]\nid = \"main\"\nregion = \
             \"eu-central-1\"\n{grant}"
        );
        std::fs::write(folder.path().join("pipefitter.toml"), text).unwrap();
        let mut command = Command::new(binary::pipefitter());
        command.args(["check"]).current_dir(folder.path());
        finished(command).await
    };
    for nothing in [
        "",
        "[plugins.net]\n",
        "[plugins.net.grant]\n",
        "[plugins.net.grant]\nnetwork = []\n",
    ] {
        let (code, said, errors) = check(nothing).await;
        let all = said + &errors;
        assert_eq!(code, 1, "{nothing:?}: {all}");
        for named in NAMED {
            assert!(all.contains(named), "{named} is not told:\n{all}");
        }
    }
    let granted = "[plugins.net.grant]\nnetwork = [\"https://api.example.com\"]\n";
    let (code, said, errors) = check(granted).await;
    assert_eq!(code, 0, "{said}{errors}");
}

#[tokio::test]
async fn a_worker_serves_the_others_and_says_what_would_grant_it() {
    let probe = Plugin::probe("Probe");
    let mut rig = Rig::with(&[&Plugin::net("net"), &probe]).await;
    rig.setup
        .tables
        .push_str("[plugins.net.grant]\nnetwork = []\n");
    let worker = rig.worker().await;
    let said = worker.process.output();
    for named in NAMED {
        assert!(said.contains(named), "{named} is not told:\n{said}");
    }
    let action = pipefitter_tests::pipelines::Action::new("Ok", &probe)
        .input("Source")
        .output("Out");
    let result = rig.outcome("others", action).await;
    assert_eq!(result.status, "Succeeded", "{result:?}");
    worker.stop_cleanly().await;
}
