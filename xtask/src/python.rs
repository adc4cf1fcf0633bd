//! The Python side: a virtual environment under `target/`, pinned.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::paths;
use crate::process::run;

/// boto3 and the AWS CLI v1 are clients that nobody here wrote; componentize-py makes a component of a
/// Python program; awscrt gives boto3 the checksum CRC64NVME; moto's server is a Secrets Manager, Parameter Store,
/// EventBridge and SQS that nobody here wrote. botocore's version is what all of them agree on. moto's own extra
/// `server` brings what its other services need, four times as much: flask is what a server takes. For SQS it has
/// no extra, since that takes nothing.
const REQUIREMENTS: &str = "awscli==1.46.2\nboto3==1.44.5\nbotocore==1.44.5\nawscrt==0.38.0\n\
                            componentize-py==0.25.1\nflask==3.1.3\n\
                            flask-cors==6.0.5\nmoto[events,iam,secretsmanager,ssm]==5.2.5\n";

/// The environment's `bin`.
pub(crate) fn bin() -> PathBuf {
    paths::target().join("venv").join("bin")
}

/// Make the environment, or leave it when it holds these very requirements.
pub(crate) fn set_up() -> Result<()> {
    let venv = paths::target().join("venv");
    let stamp = venv.join("requirements.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|text| text == REQUIREMENTS) {
        return Ok(());
    }
    eprintln!("Python packages (once):");
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&venv))?;
    let wanted = venv.join("wanted.txt");
    std::fs::write(&wanted, REQUIREMENTS).context("could not write the list of Python packages")?;
    run(Command::new(bin().join("python"))
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
        ])
        .arg(&wanted))?;
    std::fs::rename(&wanted, &stamp).context("could not finish the Python environment")
}
