//! What a machine must have; everything else is set up under `target/`.

use std::os::unix::fs::MetadataExt;
use std::process::Command;

use anyhow::{Result, bail};

use crate::paths;
use crate::process::{first_line, quiet};

/// What plugins are built for, and core modules, which are adapted when they are loaded.
const WASM_TARGETS: [&str; 2] = ["wasm32-wasip2", "wasm32-wasip1"];

struct Prerequisite {
    program: &'static str,
    arg: &'static str,
    what_for: &'static str,
    install: &'static str,
}

const RUST: &[Prerequisite] = &[
    Prerequisite {
        program: "cc",
        arg: "--version",
        what_for: "a C compiler, for the TLS library of the AWS SDK",
        install: "sudo apt-get install build-essential   (macOS: xcode-select --install)",
    },
    Prerequisite {
        program: "git",
        arg: "--version",
        what_for: "git",
        install: "sudo apt-get install git",
    },
];

const NODE: &[Prerequisite] = &[
    Prerequisite {
        program: "node",
        arg: "--version",
        what_for: "node, for the plugin and the AWS client in JavaScript and the demo's documents",
        install: "sudo apt-get install nodejs npm   (version 20 or later)",
    },
    Prerequisite {
        program: "npm",
        arg: "--version",
        what_for: "npm, which comes with node",
        install: "sudo apt-get install npm",
    },
];

const PYTHON: &[Prerequisite] = &[Prerequisite {
    program: "python3",
    arg: "--version",
    what_for: "python3 with venv, for boto3, the AWS CLI, moto, the plugin written in Python and benchmarks",
    install: "sudo apt-get install python3 python3-venv   (version 3.10 or later)",
}];

/// Check what the demo needs.
pub(crate) fn for_demo() -> Result<()> {
    check(&[RUST, NODE])?;
    wasm_target()
}

/// Check what the demo of the plugins in other languages needs.
pub(crate) fn for_release_demo() -> Result<()> {
    check(&[RUST, NODE, PYTHON])?;
    wasm_target()
}

/// Check what the benchmarks need.
pub(crate) fn for_benchmarks() -> Result<()> {
    check(&[RUST, PYTHON])?;
    wasm_target()
}

/// Check what the tests need.
pub(crate) fn for_tests() -> Result<()> {
    check(&[RUST, NODE, PYTHON])?;
    closed_to_others()?;
    wasm_target()
}

/// Workers under test have their plugins below `target/`, and refuse plugins where others can write above them:
/// what a umask of 002 leads to.
fn closed_to_others() -> Result<()> {
    let target = paths::target();
    let open: Vec<String> = target
        .ancestors()
        .filter(|dir| {
            std::fs::metadata(dir)
                .is_ok_and(|found| found.mode() & 0o022 != 0 && found.mode() & 0o1000 == 0)
        })
        .map(|dir| dir.display().to_string())
        .collect();
    if !open.is_empty() {
        bail!(
            "others can write to directories above the plugins of the tests, which workers refuse: run\n  \
             chmod go-w {}",
            open.join(" ")
        );
    }
    Ok(())
}

fn check(groups: &[&[Prerequisite]]) -> Result<()> {
    let missing: Vec<String> = groups
        .iter()
        .flat_map(|group| group.iter())
        .filter(|p| first_line(Command::new(p.program).arg(p.arg)).is_none())
        .map(|p| {
            format!(
                "  {} ({})\n      install it with: {}",
                p.program, p.what_for, p.install
            )
        })
        .collect();
    if !missing.is_empty() {
        bail!("this machine lacks:\n{}", missing.join("\n"));
    }
    Ok(())
}

/// rustup reads the targets from rust-toolchain.toml when it installs the toolchain itself; a toolchain
/// that was there before may lack them.
fn wasm_target() -> Result<()> {
    let installed = Command::new("rustup")
        .args(["target", "list", "--installed"])
        .output();
    let Some(output) = installed.ok().filter(|output| output.status.success()) else {
        bail!(
            "this machine lacks:\n  rustup (brings the targets {})\n      install it as https://rustup.rs says",
            WASM_TARGETS.join(" and ")
        );
    };
    let installed = String::from_utf8_lossy(&output.stdout);
    let missing = WASM_TARGETS
        .iter()
        .filter(|target| !installed.lines().any(|line| line == **target));
    for target in missing {
        quiet(Command::new("rustup").args(["target", "add", target]))?;
    }
    Ok(())
}
