//! `cargo xtask bench`: builds what is measured, of the profile that everything else is built of, and runs it.

use std::process::Command;

use anyhow::Result;

use crate::{guests, paths, prerequisites, process};

pub(crate) fn run(quick: bool) -> Result<()> {
    prerequisites::for_benchmarks()?;
    guests::build_binaries(&["pipefitter", "bench"])?;
    let plugins = guests::build_plugins()?;
    let mut command = Command::new(paths::binary().with_file_name("bench"));
    command
        .arg("--work")
        .arg(paths::target().join("bench"))
        .arg("--pipefitter")
        .arg(paths::binary())
        .arg("--plugins")
        .arg(plugins);
    if quick {
        command.arg("--quick");
    }
    process::run(&mut command)
}
