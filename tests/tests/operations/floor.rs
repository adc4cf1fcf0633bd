//! Kernels that lack what isolation needs: what `check` and `run` say of them, and what a lower floor lets run.

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, binary, finished};
use tokio::process::Command;

use crate::plugins::in_one_line;

const WITHOUT_CALL: &str = env!("CARGO_BIN_EXE_without-call");
const LANDLOCK: &str = "landlock_create_ruleset";
const FILTER: &str = "seccomp";

fn without(call: &str) -> [String; 2] {
    [WITHOUT_CALL.to_owned(), call.to_owned()]
}

/// A rig whose worker finds a kernel without these calls, and is told this floor.
async fn rig(calls: &[&str], floor: &str, plugin: &Plugin) -> Rig {
    let mut rig = Rig::with(&[plugin]).await;
    rig.setup.started_by = calls.iter().flat_map(|call| without(call)).collect();
    rig.setup.top = format!("isolation-floor = {floor:?}\n");
    rig
}

#[tokio::test]
async fn a_kernel_below_the_floor_is_named_and_refused() {
    let plugin = Plugin::probe("Probe");
    for (calls, floor, named, not_named) in [
        (
            &[LANDLOCK][..],
            "full",
            &["Landlock (Linux 5.19"][..],
            &["system call filter"][..],
        ),
        (
            &[FILTER],
            "full",
            &["the system call filter", "the kernel said: seccomp"],
            &["Landlock"],
        ),
        (
            &[FILTER],
            "seccomp",
            &["the system call filter", "the kernel said: seccomp"],
            &["Landlock"],
        ),
        (
            &[LANDLOCK, FILTER],
            "full",
            &["Landlock (Linux 5.19", "the system call filter"],
            &[],
        ),
    ] {
        let case = format!("{floor} without {calls:?}");
        let rig = rig(calls, floor, &plugin).await;
        let worker = rig.setup.launch();
        let status = worker.process.ended().await;
        let refused = worker.process.output();
        assert_eq!(status.code(), Some(4), "{case}:\n{refused}");
        assert!(!refused.contains("serving jobs"), "{case}:\n{refused}");
        assert!(
            rig.proxy.of("PollForJobs").is_empty(),
            "{case}: it has polled"
        );

        let [starter, arguments @ ..] = rig.setup.started_by.as_slice() else {
            panic!("{case}: nothing is taken from the kernel");
        };
        let mut check = Command::new(starter);
        check
            .args(arguments)
            .arg(binary::pipefitter())
            .args(["check", "--config"])
            .arg(&rig.setup.config);
        let (code, said, errors) = finished(check).await;
        assert_eq!(
            (code, said.trim()),
            (1, "1 problem."),
            "{case}:\n{said}{errors}"
        );
        let line = rig
            .setup
            .toml()
            .lines()
            .position(|line| line.starts_with("isolation-floor"))
            .unwrap()
            + 1;
        let place = format!("pipefitter.toml:{line}:");
        assert!(errors.contains(&place), "{case}: {place}\n{errors}");

        for (who, said) in [
            ("run", in_one_line(&refused)),
            ("check", in_one_line(&errors)),
        ] {
            for named in named {
                assert!(said.contains(named), "{case}: {who}: {named}\n{said}");
            }
            for other in not_named {
                let lacks = said.split("it lacks").nth(1).unwrap_or_default();
                assert!(!lacks.contains(other), "{case}: {who}: {other}\n{said}");
            }
        }
    }
}

#[tokio::test]
async fn a_lower_floor_runs_jobs_on_a_kernel_that_has_no_more() {
    let plugin = Plugin::probe("Probe");
    for (calls, floor) in [
        (&[LANDLOCK][..], "seccomp"),
        (&[LANDLOCK], "none"),
        (&[FILTER], "none"),
        (&[LANDLOCK, FILTER], "none"),
    ] {
        let case = format!("{floor} without {calls:?}");
        let rig = rig(calls, floor, &plugin).await;
        let worker = rig.worker().await;
        let ended = rig
            .outcome("job", Action::new("Act", &plugin).with("var.out", &case))
            .await;
        assert_eq!(ended.status, "Succeeded", "{case}: {ended:?}");
        assert_eq!(ended.variables["out"], case);
        worker.stop_cleanly().await;
    }
}
