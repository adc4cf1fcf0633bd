//! The Python side: a virtual environment under `target/`, pinned.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::paths;
use crate::process::{quiet, run};

/// boto3 and the AWS CLI v1 are clients that nobody here wrote; componentize-py makes a component of a
/// Python program; awscrt gives boto3 the checksum CRC64NVME; moto's server is a Secrets Manager, Parameter Store,
/// EventBridge and SQS that nobody here wrote. botocore's version is what all of them agree on. moto's own extra
/// `server` brings what its other services need, four times as much: flask is what a server takes. For SQS it has
/// no extra, since that takes nothing. mypy checks the types of what is written here.
const REQUIREMENTS: &str = "awscli==1.46.2\nboto3==1.44.5\nbotocore==1.44.5\nawscrt==0.38.0\n\
                            componentize-py==0.25.1\nflask==3.1.3\n\
                            flask-cors==6.0.5\nmoto[events,iam,secretsmanager,ssm]==5.2.5\nmypy==2.4.1\n";

/// What is written in Python with tests of its own, and where it finds what it imports.
const PROGRAMS: &[(&str, &[&str])] = &[
    ("guest-sdk/python", &["."]),
    ("plugins/policy", &[".", PACKAGES, "../../guest-sdk/python"]),
];

/// Where a plugin's folder has what its requirements.txt pins.
pub(crate) const PACKAGES: &str = "vendor/packages";

/// The environment's `bin`.
pub(crate) fn bin() -> PathBuf {
    paths::target().join("venv").join("bin")
}

/// Make the environment that everything here takes its Python from.
pub(crate) fn set_up() -> Result<()> {
    let venv = paths::target().join("venv");
    environment(&venv, REQUIREMENTS, "Python packages")
}

/// Make a virtual environment, or leave it when it holds these very requirements. `title` is what is said while that
/// takes its time.
pub(crate) fn environment(venv: &Path, requirements: &str, title: &str) -> Result<()> {
    let stamp = venv.join("requirements.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|text| text == requirements) {
        return Ok(());
    }
    eprintln!("{title} (once):");
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(venv))?;
    let wanted = venv.join("wanted.txt");
    std::fs::write(&wanted, requirements).context("could not write the list of Python packages")?;
    run(Command::new(venv.join("bin/python"))
        .args(["-m", "pip", "install", "--quiet"])
        .args(["--disable-pip-version-check", "-r"])
        .arg(&wanted))?;
    std::fs::rename(&wanted, &stamp).with_context(|| format!("could not finish {}", venv.display()))
}

/// Install what a plugin's requirements.txt pins into its folder, or leave it when that is there. A plugin without one has
/// no libraries.
pub(crate) fn packages(plugin: &Path) -> Result<()> {
    let wanted = plugin.join("requirements.txt");
    if !wanted.is_file() {
        return Ok(());
    }
    let packages = plugin.join(PACKAGES);
    let stamp = packages.join("requirements.txt");
    let text = std::fs::read_to_string(&wanted)
        .with_context(|| format!("could not read {}", wanted.display()))?;
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == text) {
        return Ok(());
    }
    if packages.exists() {
        std::fs::remove_dir_all(&packages)
            .with_context(|| format!("could not remove {}", packages.display()))?;
    }
    run(Command::new(bin().join("python"))
        .args(["-m", "pip", "install", "--quiet", "--no-deps"])
        .args(["--disable-pip-version-check", "--target"])
        .arg(&packages)
        .arg("-r")
        .arg(&wanted))?;
    std::fs::write(&stamp, text).context("could not finish the plugin's packages")
}

/// The tests of what is written in Python, on this machine's Python; and its types.
pub(crate) fn test() -> Result<()> {
    for (folder, imports) in PROGRAMS {
        let home = paths::root().join(folder);
        eprintln!("   \u{25b8} the tests and types of {folder}");
        quiet(
            Command::new(bin().join("python"))
                .args(["-m", "unittest", "discover", "-s", "tests"])
                .current_dir(&home)
                .env("PYTHONPATH", imports.join(":"))
                .env("PYTHONDONTWRITEBYTECODE", "1"),
        )?;
        quiet(
            Command::new(bin().join("mypy"))
                .arg("--cache-dir")
                .arg(paths::target().join("mypy").join(folder))
                .current_dir(&home),
        )?;
    }
    Ok(())
}
