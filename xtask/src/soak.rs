//! `cargo xtask soak`: the random suites, for as long as one likes.

use std::process::Command;

use anyhow::Result;

use crate::{paths, process, suite};

pub(crate) fn run(minutes: u64, seed: Option<u64>) -> Result<()> {
    suite::set_up()?;
    let mut command = Command::new("cargo");
    command
        .args([
            "run",
            "--locked",
            "--package",
            "pipefitter-tests",
            "--bin",
            "soak",
            "--",
        ])
        .args(["--minutes", &minutes.to_string()])
        .current_dir(paths::root());
    if let Some(seed) = seed {
        command.args(["--seed", &seed.to_string()]);
    }
    process::run(&mut command)
}
