//! However a probe ends, nothing of it stays, or what stays is named with the command that removes it.

use pipefitter_tests::{Fault, Process, binary, finished};
use rustix::process::Signal;
use tokio::process::Command;

use crate::lab::Lab;

const WAITS: &str = "waiting until the job's credentials are refused";

/// A probe that is in the middle of a long wait.
async fn waiting(lab: &Lab, arguments: &[&str]) -> Process {
    let arguments = [&["--only", "credentials"], arguments].concat();
    let probe = lab.probe(&arguments);
    probe.line(WAITS).await;
    assert!(
        lab.left().await.len() >= 4,
        "pipeline, types and an artifact"
    );
    probe
}

#[tokio::test]
async fn an_interrupted_probe_removes_what_it_made_and_reports_what_it_knows() {
    for signal in [Signal::INT, Signal::TERM] {
        let lab = Lab::usual().await;
        let probe = waiting(&lab, &["--only", "acknowledge"]).await;
        // The quick one is done beside the long wait.
        probe.line("acknowledge: What does GetJobDetails").await;
        probe.signal(signal);
        assert_eq!(probe.ended().await.code(), Some(1));
        assert_eq!(lab.left().await, Vec::<String>::new());
        assert_eq!(lab.switches()["acknowledge-again"], "no");
        let why = lab.unanswered("credential-lifetime");
        assert!(why.contains("interrupted"), "{why}");
    }
}

#[tokio::test]
async fn a_bucket_of_its_own_goes_too() {
    let lab = Lab::usual().await;
    let probe = lab.probe(&["--create-bucket", "--only", "acknowledge"]);
    assert_eq!(probe.ended().await.code(), Some(0), "{}", probe.output());
    assert_eq!(lab.left().await, Vec::<String>::new());
    assert!(probe.output().contains("removing bucket pipefitter-probe-"));
}

#[tokio::test]
async fn what_cannot_be_removed_is_named_with_a_command_that_removes_it() {
    let lab = Lab::usual().await;
    // At the end of the experiment, and at the end of the run.
    for _ in 0..2 {
        let refusal = Fault::Answer(400, "AccessDeniedException");
        lab.rig.proxy.next("DeletePipeline", refusal);
    }
    let probe = lab.probe(&["--only", "acknowledge"]);
    assert_eq!(probe.ended().await.code(), Some(1));
    let report = lab.report();
    let left = report["left"].as_array().unwrap();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(lab.markdown().contains("## Left behind"));
    for thing in left {
        let removal = thing["removal"].as_str().unwrap();
        assert!(probe.output().contains(removal), "{removal}");
        let mut words = removal.split(' ');
        assert_eq!(words.next(), Some("aws"));
        let mut command = Command::new(binary::venv("aws"));
        command
            .args(words)
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local");
        let (code, _, said) = finished(command).await;
        assert_eq!(code, 0, "{removal}: {said}");
    }
    assert_eq!(lab.left().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_second_probe_finds_what_a_killed_one_left_and_removes_it_when_asked() {
    let lab = Lab::usual().await;
    let probe = waiting(&lab, &[]).await;
    probe.kill().await;
    let left = lab.left().await;
    assert!(left.len() >= 4, "{left:?}");

    // Another run tells of it and leaves it, since it may be at work.
    let second = lab.probe(&["--only", "acknowledge", "--report", "second"]);
    assert_eq!(second.ended().await.code(), Some(0), "{}", second.output());
    assert!(second.output().contains("--remove-leftovers"));
    assert_eq!(lab.left().await, left);

    let (code, _, said) = finished(lab.command(&["--remove-leftovers"])).await;
    assert_eq!(code, 4, "nobody agreed: {said}");
    assert!(
        said.contains("credentials") && said.contains("--yes"),
        "{said}"
    );
    assert_eq!(lab.left().await, left);

    let remove = lab.command(&["--remove-leftovers", "--yes"]);
    let (code, shown, said) = finished(remove).await;
    assert_eq!(code, 0, "{said}");
    assert!(shown.contains("All were removed"), "{shown}");
    assert_eq!(lab.left().await, Vec::<String>::new());
    let (code, shown, _) = finished(lab.command(&["--remove-leftovers"])).await;
    assert_eq!(code, 0);
    assert!(shown.contains("No leftovers"), "{shown}");

    // Buckets are the only thing of S3 that is looked for here; who must not list them makes none.
    for (status, answer, expected) in [(403, "AccessDenied", 0), (400, "ExpiredToken", 1)] {
        lab.rig.proxy.next("GET", Fault::Answer(status, answer));
        let (code, _, said) = finished(lab.command(&["--remove-leftovers"])).await;
        assert_eq!(code, expected, "{said}");
        let told = said.contains("buckets were not looked for: ListBuckets");
        assert_eq!(told, expected == 1, "{said}");
    }
}
