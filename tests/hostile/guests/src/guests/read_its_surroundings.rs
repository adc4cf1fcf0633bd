//! Environment, arguments, standard input, working folder.

use std::io::Read;

use crate::answer::{Answer, Job, succeeded};

pub(crate) fn run(_job: &Job) -> Answer {
    let mut stdin = Vec::new();
    let _read = std::io::stdin().read_to_end(&mut stdin);
    succeeded([
        ("variables", std::env::vars_os().count().to_string()),
        ("arguments", std::env::args_os().count().to_string()),
        ("stdin", stdin.len().to_string()),
        (
            "directories",
            wasip2::filesystem::preopens::get_directories()
                .len()
                .to_string(),
        ),
    ])
}
