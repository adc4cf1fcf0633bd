//! `plugin dev`: a plugin is built again when its sources change, and loaded again when it was built.

use std::path::Path;

use pipefitter_tests::{Process, binary, finished};
use rustix::process::Signal;

use crate::folder::pipefitter;

/// A new plugin in Rust, in `hello`.
async fn new_plugin(folder: &Path) {
    let mut new = pipefitter(folder);
    new.args(["plugin", "new", "hello", "--lang", "rust"]);
    let (code, said, errors) = finished(new).await;
    assert_eq!(code, 0, "{said}{errors}");
}

fn replace(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    std::fs::write(file, text.replace(from, to)).unwrap();
}

#[tokio::test]
async fn a_change_is_built_and_run_and_a_mistake_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    new_plugin(folder.path()).await;
    let source = folder.path().join("hello/src/lib.rs");
    replace(&source, "nobody to greet", "nobody is there to greet");

    let mut command = pipefitter(folder.path());
    command
        .args(["plugin", "dev", "hello", "--port", "0"])
        .env("CARGO_TARGET_DIR", binary::target().join("scaffold"));
    let dev = Process::start("plugin dev", command);
    // job.json's greeting, and example/'s names.
    dev.line("| Good morning, ").await;
    dev.line("execution").await;
    dev.line("succeeded: greeted").await;

    let mark = dev.mark();
    replace(&source, "\"greeted {}\"", "\"said hello to {}\"");
    dev.line_after(mark, "it is built").await;
    dev.line_after(mark, "Built; it is loaded again").await;
    dev.line_after(mark, "Plugins: hello").await;
    dev.line_after(mark, "succeeded: said hello to").await;

    let mark = dev.mark();
    replace(&source, "fn greet(", "fn greet_(");
    dev.line_after(mark, "cannot find function `greet`").await;
    dev.line_after(mark, "is served on").await;

    // A source of the pipeline's is not one of the plugin's: the old plugin runs.
    let mark = dev.mark();
    std::fs::write(folder.path().join("hello/example/names.txt"), "Mary\n").unwrap();
    dev.line_after(mark, "Good morning, Mary!").await;
    dev.line_after(mark, "succeeded: said hello to 1").await;

    let mark = dev.mark();
    replace(&source, "fn greet_(", "fn greet(");
    dev.line_after(mark, "Built; nothing is different").await;

    dev.signal(Signal::INT);
    assert_eq!(dev.ended().await.code(), Some(0), "{}", dev.output());
}

#[tokio::test]
async fn a_plugin_that_does_not_build_at_first_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    new_plugin(folder.path()).await;
    let source = folder.path().join("hello/src/lib.rs");
    replace(&source, "fn greet(", "fn greet_(");
    let mut command = pipefitter(folder.path());
    command
        .args(["plugin", "dev", "hello", "--port", "0"])
        .env("CARGO_TARGET_DIR", binary::target().join("scaffold-broken"));
    let dev = Process::start("plugin dev", command);
    dev.line("Ctrl-C ends").await;
    replace(&source, "fn greet_(", "fn greet(");
    dev.line("Listening on ").await;
    dev.line("succeeded: greeted").await;
    dev.signal(Signal::TERM);
    assert_eq!(dev.ended().await.code(), Some(0), "{}", dev.output());
}
