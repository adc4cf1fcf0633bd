//! `cargo xtask soak`: the random suites, for as long as one likes.

use std::process::Command;

use anyhow::Result;

use crate::{guests, paths, process, suite};

/// Rounds of kills and faults for so many minutes, then so many jobs of which a tenth is hostile.
pub(crate) fn run(minutes: u64, jobs: u64, seed: Option<u64>) -> Result<()> {
    suite::set_up()?;
    guests::build_binaries(&["soak", "hostile-soak"])?;
    soak("soak", &["--minutes", &minutes.to_string()], seed)?;
    soak("hostile-soak", &["--jobs", &jobs.to_string()], seed)
}

fn soak(name: &str, arguments: &[&str], seed: Option<u64>) -> Result<()> {
    let mut command = Command::new(paths::target().join("debug").join(name));
    command.args(arguments).current_dir(paths::root());
    if let Some(seed) = seed {
        command.args(["--seed", &seed.to_string()]);
    }
    process::run(&mut command)
}
