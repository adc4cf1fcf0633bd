//! `dev` on a terminal: colours, a bottom line that follows what runs, keys, and Ctrl-C. tests/python/terminal.py is the
//! terminal.

use std::path::Path;

use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Process, binary};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::cli::pipefitter;

/// As long as a provider may be, so that the bottom line is longer than a row.
const ACTION: &str = "Probe-with-a-name-of-35-characters-";

/// A folder with the probe, and a pipeline in which it does this.
async fn folder(does: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["plugins", "source"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    Plugin::probe(ACTION).install(&folder.path().join("plugins"));
    std::fs::write(folder.path().join("source/hello.txt"), "hello").unwrap();
    let made = ["dev", "--plugins", "plugins", "--print-pipeline"];
    let (code, made, errors) = pipefitter(folder.path(), &made).await;
    assert_eq!(code, 0, "{errors}");
    let mut made: Value = serde_json::from_str(&made).unwrap();
    let configuration = serde_json::json!({ "do": does });
    made["pipeline"]["stages"][1]["actions"][0]["configuration"] = configuration;
    std::fs::write(folder.path().join("pipeline.json"), made.to_string()).unwrap();
    folder
}

fn dev(folder: &Path, more: &[&str], environment: &[(&str, &str)]) -> Process {
    let mut command = Command::new(binary::venv("python"));
    command
        .arg(binary::root().join("tests/python/terminal.py"))
        .arg(binary::pipefitter())
        .args(["dev", "--port", "0", "--plugins", "plugins"])
        .args(["--source", "source", "--pipeline", "pipeline.json"])
        .args(["--state-dir", "state"])
        .args(more)
        .current_dir(folder)
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .env_remove("PIPEFITTER_CONFIG")
        .env_remove("PIPEFITTER_LOG")
        .envs(environment.iter().copied());
    Process::start("pipefitter dev on a terminal", command)
}

/// What stands on the terminal at the end, colours aside. A code that this knows nothing of fails the test.
fn screen(written: &str) -> Vec<String> {
    let mut rows = vec![Vec::new()];
    let mut column = 0;
    let mut rest = written.chars();
    while let Some(c) = rest.next() {
        let row = rows.last_mut().expect("there is a row");
        match c {
            '\r' => column = 0,
            '\n' => rows.push(Vec::new()),
            '\u{1b}' => {
                let code = rest.by_ref().take_while(|c| !matches!(c, 'm' | 'K'));
                let parameters: String = code.collect();
                match parameters.as_str() {
                    "[" => row.truncate(column),
                    colour => assert!(
                        colour.starts_with('[') && colour[1..].parse::<u8>().is_ok(),
                        "an unknown code: {colour:?}"
                    ),
                }
            }
            _ => {
                row.resize(row.len().max(column + 1), ' ');
                row[column] = c;
                column += 1;
            }
        }
    }
    rows.into_iter().map(String::from_iter).collect()
}

#[tokio::test]
async fn colours_and_a_bottom_line_that_leaves_nothing_behind() {
    let folder = folder("progress").await;
    let dev_once = dev(folder.path(), &["--once"], &[]);
    assert_eq!(
        dev_once.ended().await.code(),
        Some(0),
        "{}",
        dev_once.output()
    );
    let written = dev_once.output();
    // Green, and over the cleared bottom line, which was cut to less than a row of 40.
    let succeeded = format!("\r\u{1b}[K\u{1b}[32m  \u{2713} {ACTION} succeeded");
    assert!(written.contains(&succeeded), "{written:?}");
    let bottom = format!("\u{1b}[2m    {}\u{2026}\u{1b}[0m", &ACTION[..34]);
    assert!(written.contains(&bottom), "{written:?}");
    let screen = screen(&written);
    assert!(
        !screen.iter().any(|row| row.contains('\u{2026}')),
        "{screen:#?}"
    );
    assert!(
        screen.iter().any(|row| row.ends_with(" succeeded")),
        "{screen:#?}"
    );

    let plain = dev(folder.path(), &["--once"], &[("NO_COLOR", "1")]);
    assert_eq!(plain.ended().await.code(), Some(0), "{}", plain.output());
    let written = plain.output();
    assert!(
        !written.contains("\u{1b}[3") && written.contains("\r\u{1b}[K"),
        "{written:?}"
    );

    let dumb = dev(folder.path(), &["--once"], &[("TERM", "dumb")]);
    assert_eq!(dumb.ended().await.code(), Some(0), "{}", dumb.output());
    assert!(!dumb.output().contains('\u{1b}'), "{:?}", dumb.output());
}

#[tokio::test]
async fn ctrl_c_ends_it() {
    let folder = folder("deaf").await;
    let once = dev(folder.path(), &["--once"], &[]);
    once.line("| deaf").await;
    once.signal(Signal::USR1);
    assert_eq!(once.ended().await.code(), Some(1), "{}", once.output());
    let screen = screen(&once.output());
    assert!(
        screen
            .iter()
            .any(|row| row.contains("interrupted before the execution ended")),
        "{screen:#?}"
    );

    let stays = dev(folder.path(), &[], &[]);
    stays.line("| deaf").await;
    stays.signal(Signal::USR1);
    assert_eq!(stays.ended().await.code(), Some(0), "{}", stays.output());
}

/// Each key, in the order in which they are pressed, and what tells that it had its effect.
const KEYS: [(&str, &str); 11] = [
    ("c", "credentials of jobs that expired: 1"),
    // The one job there is was acknowledged.
    ("o", "jobs that are offered again: 0"),
    ("r", "the next requests lose"),
    (
        "l",
        "the next requests for Put*Job*Result are carried out but not answered: 1",
    ),
    ("t", "the next requests are throttled: 5"),
    ("f", "the next requests are answered with 500: 3"),
    ("s", "the next requests wait for 2 seconds: 10"),
    ("0", "faults that will not happen: "),
    ("x", "executions that were stopped and abandoned: 1"),
    ("h", "the service's time is 3600 seconds ahead"),
    ("d", "the service's time is 90000 seconds ahead"),
];

#[tokio::test]
async fn keys_make_things_happen_and_the_terminal_is_left_as_it_was() {
    let folder = folder("deaf").await;
    let all: String = KEYS.iter().map(|(key, _)| *key).collect();
    let stays = dev(folder.path(), &[], &[("KEYS", &all)]);
    stays.line("h  an hour passes").await;
    stays.line("| deaf").await;
    let help = stays.output();
    for (key, effect) in KEYS {
        assert!(help.contains(&format!("\n  {key}  ")), "{key}: {help}");
        stays.signal(Signal::USR2);
        let said = stays.line(&format!("Key {key}: ")).await;
        assert!(said.contains(effect), "{said}");
        if key == "0" {
            // A race and a result, which nothing that runs has met.
            let count = said.trim_end().rsplit(' ').next().unwrap_or_default();
            let count: u32 = count.parse().unwrap_or_else(|_| panic!("{said:?}"));
            assert!(count >= 2, "{said}");
        }
    }
    stays.line("was abandoned").await;
    stays.signal(Signal::USR1);
    assert_eq!(stays.ended().await.code(), Some(0), "{}", stays.output());
    assert!(stays.output().contains("echo is on"), "{}", stays.output());
}
