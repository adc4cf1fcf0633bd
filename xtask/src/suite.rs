//! `cargo xtask test`: set up, build once, run everything.

use std::process::Command;

use anyhow::Result;

use crate::process::run;
use crate::{guests, javascript, paths, prerequisites, python};

/// Everything that the tests load or drive.
pub(crate) fn set_up() -> Result<()> {
    prerequisites::for_tests()?;
    python::set_up()?;
    javascript::set_up()?;
    guests::build_binary()?;
    guests::build_plugins()?;
    guests::build_test_guests()
}

/// Set up, then `cargo test`.
pub(crate) fn run_with(args: &[String]) -> Result<()> {
    set_up()?;
    let mut command = Command::new("cargo");
    command
        .args(["test", "--locked", "--no-fail-fast"])
        .current_dir(paths::root());
    if !args.iter().any(|arg| arg == "-p" || arg == "--package") {
        command.arg("--workspace");
    }
    run(command.args(args))
}
