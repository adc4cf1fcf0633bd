//! The README's tutorial, word for word: every `sh` block is run, and every line of the `text` block after it
//! must be in what was printed, in that order. `...` in a line stands for anything. Blocks for a second terminal
//! run beside the others; what they print is waited for.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a step of a test that fails is the test's failure"
)]

use std::path::Path;

use pipefitter_tests::{Process, binary, finished};
use tokio::process::Command;

#[derive(Debug, PartialEq)]
enum Kind {
    Run,
    RunBeside,
    Printed,
    PrintedBeside,
    NotHere,
}

struct Block {
    kind: Kind,
    text: String,
}

fn tutorial() -> Vec<Block> {
    let readme = std::fs::read_to_string(binary::root().join("README.md")).unwrap();
    let section = readme
        .split("\n## ")
        .find(|section| section.starts_with("Tutorial"))
        .unwrap();
    section
        .split("\n```")
        .skip(1)
        .step_by(2)
        .map(|block| {
            let (info, text) = block.split_once('\n').unwrap();
            let kind = match info {
                "sh" => Kind::Run,
                "sh second terminal" => Kind::RunBeside,
                "text" => Kind::Printed,
                "text second terminal" => Kind::PrintedBeside,
                "sh on AWS only" => Kind::NotHere,
                other => panic!("README.md has a block `{other}` that this test does not know"),
            };
            Block {
                kind,
                text: text.to_owned(),
            }
        })
        .collect()
}

/// One shell session over many blocks: folder and environment go from one to the next.
fn script(home: &Path, block: &str) -> Command {
    let state = home.join("state");
    let state = state.display();
    let script = format!(
        "set -e\nif [ -f {state}.env ]; then source {state}.env; cd \"$(cat {state}.cwd)\"; fi\n\
         {block}\nexport -p > {state}.env\npwd > {state}.cwd\n"
    );
    shell(home, &script)
}

fn shell(home: &Path, script: &str) -> Command {
    let mut command = Command::new("bash");
    let venv = binary::venv("aws");
    let path = format!(
        "{}:{}",
        std::env::split_paths(&path_variable())
            .map(|p| p.display().to_string())
            .collect::<Vec<_>>()
            .join(":"),
        venv.parent().unwrap().display()
    );
    command
        .arg("-c")
        .arg(script)
        .current_dir(home)
        .env("PATH", path);
    command
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tutorial's shell inherits the tester's tools"
)]
fn path_variable() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

fn matches(line: &str, wanted: &str) -> bool {
    let mut rest = line;
    wanted
        .split("...")
        .all(|part| match rest.find(part.trim_end()) {
            Some(at) => {
                rest = &rest[at + part.trim_end().len()..];
                true
            }
            None => false,
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readme_can_be_followed_word_for_word() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    std::fs::create_dir(home.join("target")).unwrap();
    std::os::unix::fs::symlink(binary::target().join("debug"), home.join("target/debug")).unwrap();
    assert!(binary::pipefitter().is_file());

    let mut printed = String::new();
    let mut beside: Option<Process> = None;
    let mut mark = 0;
    for Block { kind, text } in tutorial() {
        match kind {
            Kind::Run => {
                mark = beside.as_ref().map_or(0, Process::mark);
                let (status, out, err) = finished(script(home, &text)).await;
                assert_eq!(status, 0, "{text}\nended with {status}:\n{out}\n{err}");
                printed = format!("{out}\n{err}");
            }
            Kind::RunBeside => {
                mark = 0;
                let script = format!("source state.env; cd \"$(cat state.cwd)\"\nexec {text}");
                beside = Some(Process::start("the second terminal", shell(home, &script)));
            }
            Kind::Printed => {
                let mut lines = printed.lines();
                for wanted in text.lines() {
                    assert!(
                        lines.any(|line| matches(line, wanted)),
                        "the tutorial promises `{wanted}`; this was printed:\n{printed}"
                    );
                }
            }
            Kind::PrintedBeside => {
                let terminal = beside.as_ref().expect("a second terminal is open");
                for wanted in text.lines() {
                    let found = |line: &str| matches(line, wanted).then_some(());
                    terminal.find(mark, wanted, found).await;
                }
            }
            Kind::NotHere => {}
        }
    }
    assert!(beside.is_some(), "the tutorial has a second terminal");
}
