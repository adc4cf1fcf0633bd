//! Nothing is done before the user has agreed, to what is printed first.

use pipefitter_tests::{binary, finished};
use tokio::process::Command;

use crate::lab::{Lab, ROLE};

const PLAN: [&str; 6] = [
    "--role-arn",
    ROLE,
    "--bucket",
    "artifacts",
    "--only",
    "acknowledge",
];

#[tokio::test]
async fn without_an_agreement_nothing_is_called_or_written() {
    let lab = Lab::usual().await;
    let (code, shown, said) = finished(lab.command(&PLAN)).await;
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("--yes"), "{said}");
    for needed in ["codepipeline:CreatePipeline", "s3:GetObject", ROLE] {
        assert!(shown.contains(needed), "{needed}: {shown}");
    }
    assert!(lab.rig.proxy.exchanges().is_empty());
    assert!(!lab.rig.folder().join("report.md").exists());
}

#[tokio::test]
async fn the_policy_is_printed_alone_and_nothing_is_called() {
    let lab = Lab::usual().await;
    let asked = [&PLAN[..], &["--policy"]].concat();
    let (code, shown, said) = finished(lab.command(&asked)).await;
    assert_eq!((code, said.as_str()), (0, ""));
    let policy: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(policy["Version"], "2012-10-17");
    assert!(lab.rig.proxy.exchanges().is_empty());
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_told_with_what_to_give() {
    let lab = Lab::usual().await;
    std::fs::write(lab.rig.folder().join("taken.md"), "mine").unwrap();
    let with = |more: &[&'static str]| [&PLAN[..], more].concat();
    let cases = [
        (vec!["--bucket", "b"], "--role-arn"),
        (vec!["--role-arn", ROLE], "--create-bucket"),
        (vec!["--role-arn", "me", "--bucket", "b"], "arn:aws:iam"),
        (with(&["--only", "all"]), "hand-out"),
        (with(&["--yes", "--report", "taken"]), "another --report"),
        (
            with(&["--yes", "--report", "nowhere/such"]),
            "nowhere/such.md",
        ),
        (with(&["--yes", "--interval", "0s"]), "--interval"),
    ];
    for (arguments, remedy) in cases {
        let (code, _, said) = finished(lab.command(&arguments)).await;
        assert!(code == 4 || code == 2, "{arguments:?}: {code}");
        assert!(said.contains(remedy), "{arguments:?}: {said}");
    }
    assert!(lab.rig.proxy.exchanges().is_empty());
    assert_eq!(
        std::fs::read(lab.rig.folder().join("taken.md")).unwrap(),
        b"mine"
    );
}

/// What is typed at a question on a terminal, and how it ended.
async fn typed(lab: &Lab, answer: &str) -> (i32, String) {
    let inner = lab.command(&PLAN);
    let inner = inner.as_std();
    let mut command = Command::new(binary::venv("python"));
    command
        .arg(binary::root().join("tests/python/typist.py"))
        .arg(answer)
        .arg(inner.get_program())
        .args(inner.get_args())
        .args(["--interval", "50ms", "--report", "report"])
        .current_dir(lab.rig.folder());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let (code, shown, said) = finished(command).await;
    (code, format!("{shown}{said}"))
}

#[tokio::test]
async fn on_a_terminal_the_answer_is_typed() {
    let lab = Lab::usual().await;
    let (code, shown) = typed(&lab, "no").await;
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("Nothing was done"), "{shown}");
    assert!(lab.rig.proxy.exchanges().is_empty());
    let (code, shown) = typed(&lab, "yes").await;
    assert_eq!(code, 0, "{shown}");
    assert_eq!(lab.switches()["acknowledge-again"], "no");
}
