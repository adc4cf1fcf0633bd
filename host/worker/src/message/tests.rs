//! Every text that a pipeline's owner may read, as it reads.

use pipefitter_plugins::{ArtifactCounts, ConfigurationProblem};
use pipefitter_sandbox::{Fault, Isolation, Limit, StopReason};

use super::*;

fn rendered(fault: &Fault) -> String {
    rendered_of("site", Isolation::Process, fault)
}

fn rendered_of(plugin: &str, isolation: Isolation, fault_: &Fault) -> String {
    let tail = ["reading 12 pages".to_owned(), "page 7 of 12".to_owned()];
    let scene = Scene {
        plugin,
        isolation,
        action: "Site",
        pipeline: "docs",
        tail: &tail,
        log: "0123.log",
    };
    let failure = fault(&scene, fault_);
    format!("{:?}\n{}\n", failure.kind, failure.message)
}

#[test]
fn faults() {
    let faults = [
        Fault::Trap {
            what: "wasm `unreachable` instruction executed".to_owned(),
            frames: vec!["site::render".to_owned(), "site::run".to_owned()],
        },
        Fault::Exited { success: true },
        Fault::Exited { success: false },
        Fault::Limit {
            limit: Limit::WallTime,
            value: "15m".to_owned(),
        },
        Fault::Limit {
            limit: Limit::Memory,
            value: "256 MiB".to_owned(),
        },
        Fault::Limit {
            limit: Limit::Stack,
            value: "1 MiB".to_owned(),
        },
        Fault::Start("the directory /srv/www is not there".to_owned()),
        Fault::Code(
            "the compiled code is not to be used: it was changed; compile the component again"
                .to_owned(),
        ),
        Fault::Host("the guest's thread panicked".to_owned()),
        Fault::Crashed("its process crashed (signal: 11 (SIGSEGV))".to_owned()),
        Fault::Interrupted(Some(StopReason::HandOver)),
        Fault::Interrupted(None),
    ];
    let texts: Vec<String> = faults.iter().map(rendered).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_line_for_the_configuration_is_toml() {
    let memory = Fault::Limit {
        limit: Limit::Memory,
        value: "256 MiB".to_owned(),
    };
    let text = rendered_of("my.plugin", Isolation::Process, &memory);
    assert!(
        text.contains("under [plugins.\"my.plugin\".limits] in"),
        "{text}"
    );
}

#[test]
fn a_stack_that_is_the_same_for_all_is_not_to_be_raised() {
    let stack = Fault::Limit {
        limit: Limit::Stack,
        value: "512 KiB".to_owned(),
    };
    insta::assert_snapshot!(rendered_of("site", Isolation::Shared, &stack));
}

#[test]
fn others() {
    let problem = ConfigurationProblem {
        key: "title".to_owned(),
        message: "configuration property `title` is required".to_owned(),
    };
    let failures = [
        restarted(false, 1),
        restarted(true, 3),
        shutdown(true),
        shutdown(false),
        shutdown_upload(),
        host_panic("running the plugin"),
        journal_broken(),
        result_refused("ValidationException: summary"),
        outcome_unreadable(),
        recall_denied("Build/Site/1"),
        not_recalled("Build/Site/1"),
        local("make the job's directories", &"no space left on device"),
        result_field("site", &"outputVariables has a bad name"),
        no_plugin("Build/Site/1"),
        configuration("Site", &[problem]),
        artifact_count("Site", "input", 2, ArtifactCounts { min: 1, max: 1 }),
        artifact_count("Site", "output", 3, ArtifactCounts { min: 0, max: 2 }),
        no_location("Source"),
        token("publish", &crate::envelope::TokenError::TooLong(1_701)),
        token("publish", &crate::envelope::TokenError::Reserved),
        secret_shown(
            "site",
            "output variable `url`",
            "the secret property `password`",
        ),
    ];
    let texts: Vec<String> = failures
        .iter()
        .map(|failure| format!("{:?}\n{}\n", failure.kind, failure.message))
        .collect();
    insta::assert_snapshot!(texts.join("\n"));
}
