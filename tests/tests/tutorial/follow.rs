//! Following a page.

use std::path::Path;

use pipefitter_tests::{Process, binary, finished};
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The pages all have the same port of this machine.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

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

fn tutorial(page: &str) -> Vec<Block> {
    let text = std::fs::read_to_string(binary::root().join(page)).unwrap();
    let section = text
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
                other => panic!("{page} has a block `{other}` that this test does not know"),
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

/// The tutorial's shell has the tester's tools, those that the set-up has brought, and the binary under test. Packages of
/// npm it has not: a plugin's own build fetches them, and the page relies on it.
fn shell(home: &Path, script: &str) -> Command {
    let mut command = Command::new("bash");
    command.arg("-c").arg(script).current_dir(home);
    for (name, value) in binary::toolchains() {
        if name == "PATH" {
            let pipefitter = binary::pipefitter();
            let folder = pipefitter.parent().unwrap().display().to_string();
            let tools = value
                .split(':')
                .filter(|folder| !folder.ends_with("node_modules/.bin"));
            let path: Vec<&str> = std::iter::once(folder.as_str()).chain(tools).collect();
            command.env(name, path.join(":"));
        } else {
            command.env(name, value);
        }
    }
    command
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

/// The commands of a page up to the one that opens the second terminal.
pub(crate) fn commands_to_a_running_plugin(page: &str) -> Vec<String> {
    let blocks = tutorial(page);
    let runs = |block: &&Block| matches!(block.kind, Kind::Run | Kind::RunBeside);
    let opens = |block: &Block| block.kind == Kind::RunBeside;
    let until = blocks.iter().position(opens).expect("it opens a terminal");
    let blocks = blocks[..=until].iter().filter(runs);
    let lines = blocks.flat_map(|block| block.text.lines());
    lines.map(str::to_owned).collect()
}

/// Follow a page's section "Tutorial" in an empty folder.
pub(crate) async fn follow(page: &str) {
    let _alone = ONE_AT_A_TIME.lock().await;
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    std::fs::create_dir(home.join("target")).unwrap();
    std::os::unix::fs::symlink(binary::target().join("debug"), home.join("target/debug")).unwrap();
    assert!(binary::pipefitter().is_file());

    let mut printed = String::new();
    let mut beside: Option<Process> = None;
    let mut mark = 0;
    // From the first command on, until what the second terminal is to show first has been seen.
    let began = Instant::now();
    let mut running = None;
    for Block { kind, text } in tutorial(page) {
        match kind {
            Kind::Run => {
                mark = beside.as_ref().map_or(0, Process::mark);
                let (status, out, err) = finished(script(home, &text)).await;
                assert_eq!(
                    status, 0,
                    "{page}: {text}\nended with {status}:\n{out}\n{err}"
                );
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
                        "{page} promises `{wanted}`; this was printed:\n{printed}"
                    );
                }
            }
            Kind::PrintedBeside => {
                let terminal = beside.as_ref().expect("a second terminal is open");
                for wanted in text.lines() {
                    let found = |line: &str| matches(line, wanted).then_some(());
                    terminal.find(mark, wanted, found).await;
                }
                running.get_or_insert_with(|| began.elapsed());
            }
            Kind::NotHere => {}
        }
    }
    let running = running.expect("a second terminal shows what it runs");
    eprintln!("{page}: from the first command to a plugin that runs in a pipeline: {running:.1?}");
}
