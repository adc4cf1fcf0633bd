//! The README's tutorial and that of each language's page, word for word: every `sh` block is run, and every line of
//! the `text` block after it must be in what was printed, in that order. `...` in a line stands for anything. Blocks for
//! a second terminal run beside the others; what they print is waited for.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a step of a test that fails is the test's failure"
)]

mod follow;

use follow::{commands_to_a_running_plugin, follow};
use pipefitter_tests::binary;

/// The pages of docs/plugins that have a tutorial.
const PAGES: &[&str] = &[
    "c",
    "command",
    "cpp",
    "go",
    "javascript",
    "python",
    "rust",
    "typescript",
    "zig",
];

#[test]
fn every_page_with_a_tutorial_is_followed() {
    let mut found: Vec<String> = std::fs::read_dir(binary::root().join("docs/plugins"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            std::fs::read_to_string(path)
                .unwrap()
                .contains("\n## Tutorial\n")
        })
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    found.sort();
    assert_eq!(found, PAGES);
}

/// Three commands: one that makes it, one that tests it, one that runs it.
#[test]
fn every_page_leads_to_a_running_plugin_in_three_commands() {
    for page in PAGES {
        let commands = commands_to_a_running_plugin(&format!("docs/plugins/{page}.md"));
        let new = format!("pipefitter plugin new hello --lang {page}");
        let dev = "pipefitter dev --plugins hello --source hello/example";
        let three = [new.as_str(), "pipefitter plugin test hello", dev];
        assert_eq!(commands, three, "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readme_can_be_followed_word_for_word() {
    follow("README.md").await;
}

macro_rules! pages {
    ($($name:ident $page:literal;)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            assert!(PAGES.contains(&$page));
            follow(concat!("docs/plugins/", $page, ".md")).await;
        })*
    };
}

pages! {
    a_plugin_in_c "c";
    a_plugin_as_a_command "command";
    a_plugin_in_cpp "cpp";
    a_plugin_in_go "go";
    a_plugin_in_javascript "javascript";
    a_plugin_in_python "python";
    a_plugin_in_rust "rust";
    a_plugin_in_typescript "typescript";
    a_plugin_in_zig "zig";
}
