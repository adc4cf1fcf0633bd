//! `cargo xtask test`: set up, build once, run everything.

use std::process::Command;

use anyhow::Result;

use crate::process::run;
use crate::{
    demo, executables, go, guests, javascript, languages, paths, prerequisites, python, sdks,
    toolchains,
};

/// Modules in Go with tests of their own.
const GO_MODULES: &[&str] = &["guest-sdk/go", "plugins/licence"];

/// Everything that the tests load or drive.
pub(crate) fn set_up() -> Result<()> {
    prerequisites::for_tests()?;
    toolchains::set_up()?;
    guests::build_binary()?;
    let plugins = guests::build_plugins()?;
    languages::build_plugins(&plugins)?;
    demo::lay_out_release()?;
    guests::build_test_guests()
}

/// Set up, then run everything; or what `cargo test` makes of these arguments.
pub(crate) fn run_with(args: &[String]) -> Result<()> {
    set_up()?;
    if !args.is_empty() {
        return some(args);
    }
    // All results are seen before one of them fails the whole.
    let others = go::test(GO_MODULES)
        .and(sdks::test())
        .and(python::test())
        .and(javascript::test())
        // The README promises that it succeeds.
        .and(demo::docs());
    let documented = run(cargo_test().args(["--workspace", "--doc"]));
    // Last, so that what failed stands at the end of what is printed.
    let tests = executables::build().and_then(|built| {
        let kept = paths::target().join("test-output");
        executables::run(&built, &kept, &mut std::io::stdout())
    });
    tests.and(others).and(documented)
}

fn some(args: &[String]) -> Result<()> {
    let mut command = cargo_test();
    if !args.iter().any(|arg| arg == "-p" || arg == "--package") {
        command.arg("--workspace");
    }
    run(command.args(args))
}

fn cargo_test() -> Command {
    let mut command = Command::new("cargo");
    command
        .args(["test", "--locked", "--no-fail-fast"])
        .current_dir(paths::root());
    command
}
