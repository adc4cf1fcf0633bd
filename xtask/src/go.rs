//! The Go side: a toolchain under `target/`, pinned. Nothing is fetched from Go's module proxy: the SDK and the
//! plugins need no module but the SDK.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::debian::{self, Release};
use crate::process::{first_line, run};
use crate::{paths, toolchains};

/// Go 1.27 as Debian builds it: static, so that older releases of Debian run it. Backports come and go: when a suite
/// has moved on, its new version and sums are added here (`apt-cache show golang-1.27-go golang-1.27-src`).
const RELEASES: &[Release] = &[
    Release {
        suite: "trixie-backports",
        version: "1.27.4-1~bpo13+1",
        packages: &[
            (
                "golang-1.27-go",
                &[
                    (
                        "amd64",
                        "76cf0572e0ca5787a802893a27a8fc92098e57d3116c3af7754f27937c1756aa",
                    ),
                    (
                        "arm64",
                        "ea6fd06d268648bef5465433cfef734d7ae0d2cc901939e1d273bffc0ea2e544",
                    ),
                ],
            ),
            (
                "golang-1.27-src",
                &[(
                    "all",
                    "cc5912625aa0a1c22f41ca929684450c92f5add340c358e24df0b2612b3231d7",
                )],
            ),
        ],
    },
    Release {
        suite: "sid",
        version: "1.27.3-1",
        packages: &[
            (
                "golang-1.27-go",
                &[
                    (
                        "amd64",
                        "0f1ab6483c3db98118aa1faf0365c368b5c07f2e449d8d8f3eba432004b5eee2",
                    ),
                    (
                        "arm64",
                        "72e7aa336a5ba201eda711c3f18cf8bf550a5995a3c87e59aed0259322db39ce",
                    ),
                ],
            ),
            (
                "golang-1.27-src",
                &[(
                    "all",
                    "a0a57e5e8c815b6deddaf007156594ccb3d8d08c9627303f4ae95eb9a9cba2c7",
                )],
            ),
        ],
    },
];

fn home() -> PathBuf {
    paths::target().join("go")
}

/// The folder of the toolchain's programs.
pub(crate) fn bin() -> PathBuf {
    home().join("usr/lib/go-1.27/bin")
}

/// Whether [`set_up`] has brought the toolchain.
pub(crate) fn is_there() -> bool {
    bin().join("go").is_file()
}

/// Bring the toolchain, or leave it when it is there. A machine that cannot have it goes without, which is said; not
/// where changes are checked.
pub(crate) fn set_up() -> Result<()> {
    if let Err(error) = debian::unpack(RELEASES, &home()) {
        if is_checked_here() {
            return Err(error.context("could not bring the Go toolchain"));
        }
        skipped(&format!("{error:#}"));
        return Ok(());
    }
    let version = first_line(go()?.arg("version"));
    match version {
        Some(version) if version.contains(" go1.27.") => Ok(()),
        other => bail!(
            "the Go toolchain in {} does not run (it says {other:?}): remove that folder and try again",
            home().display()
        ),
    }
}

/// Run the tests of the SDK and of a plugin in Go.
pub(crate) fn test(modules: &[&str]) -> Result<()> {
    if !is_there() {
        skipped("there is no Go toolchain");
        return Ok(());
    }
    for module in modules {
        let module = paths::root().join(module);
        run(go()?.args(["test", "./..."]).current_dir(&module))?;
        run(go()?.args(["vet", "./..."]).current_dir(&module))?;
        let unformatted = first_line(
            Command::new(bin().join("gofmt"))
                .args(["-l", "."])
                .current_dir(&module),
        );
        if let Some(file) = unformatted.filter(|file| !file.is_empty()) {
            bail!(
                "run gofmt: {} is not formatted",
                module.join(file).display()
            );
        }
    }
    Ok(())
}

/// `go`, with nothing that depends on the machine and nothing fetched.
fn go() -> Result<Command> {
    let mut command = Command::new(bin().join("go"));
    command
        .envs(toolchains::environment()?)
        .env_remove("GOROOT");
    Ok(command)
}

/// Say that something in Go is left out.
pub(crate) fn skipped(why: &str) {
    eprintln!("\n*** SKIPPED: everything in Go. {why}\n");
}

#[expect(
    clippy::disallowed_methods,
    reason = "what every CI service says of itself; no config of ours repeats it"
)]
fn is_checked_here() -> bool {
    std::env::var_os("CI").is_some()
}
