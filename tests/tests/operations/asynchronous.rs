//! Plugins with an asynchronous entry through the real binary: refused, allowed, and then as any other.

use std::path::Path;

use pipefitter_tests::closed_to_others;
use pipefitter_tests::plugins::{install_golden_twin, install_twin};
use tempfile::TempDir;

use crate::cli::{GOOD, pipefitter};
use crate::languages::{TEXT, invoked};

/// The last is what the first was when the contract was published.
const TWINS: [&str; 3] = ["asynchronous", "python-async", "golden"];

fn folder(twins: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    std::fs::write(folder.path().join("in/message.txt"), TEXT).unwrap();
    for twin in twins {
        install_twin(twin, &plugins);
    }
    closed_to_others(folder.path());
    folder
}

fn configure(folder: &Path, more: &str) {
    std::fs::write(folder.join("pipefitter.toml"), format!("{GOOD}{more}")).unwrap();
}

#[tokio::test]
async fn an_asynchronous_entry_is_refused_with_the_line_that_allows_it() {
    let folder = folder(&["asynchronous"]);
    configure(folder.path(), "");
    let (code, said, errors) = pipefitter(folder.path(), &["check"]).await;
    // Lines are broken to fit, names included.
    let all = (said + &errors).replace("\n  \u{2502} ", "");
    assert_eq!(code, 1, "{all}");
    for words in [
        "pipefitter:action/async-handler@0.1.0",
        "[plugins.twin-asynchronous]",
        "async = true",
    ] {
        assert!(all.contains(words), "{words} is not said:\n{all}");
    }
    configure(folder.path(), "[plugins.twin-asynchronous]\nasync = true\n");
    let (code, said, errors) = pipefitter(folder.path(), &["check"]).await;
    assert_eq!(
        (code, said.trim()),
        (0, "No problems: 1 plugin can be served."),
        "{errors}"
    );
}

#[tokio::test]
async fn asynchronous_twins_agree_with_the_others_under_both_isolations() {
    let folder = folder(&["rust", "asynchronous", "python-async"]);
    install_golden_twin("0.1.0", &folder.path().join("plugins"));
    configure(folder.path(), "");
    let rust = invoked(folder.path(), "rust", &[]).await;
    for isolation in ["process", "shared"] {
        let tables: String = TWINS
            .iter()
            .map(|twin| {
                format!("[plugins.twin-{twin}]\nasync = true\nisolation = \"{isolation}\"\n")
            })
            .collect();
        configure(folder.path(), &tables);
        for twin in TWINS {
            let more = ["--config", "pipefitter.toml"];
            let result = invoked(folder.path(), twin, &more).await;
            assert_eq!(result, rust, "{twin} in {isolation}");
            for mode in ["ok", "fail", "continue"] {
                let made = folder.path().join(format!("out-{twin}-{mode}"));
                // For the other isolation.
                let _there = std::fs::remove_dir_all(made);
            }
        }
    }
}
