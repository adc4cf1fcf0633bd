//! The own tests of the SDKs for C, C++ and Zig, and of the plugins in C and Zig: their logic, natively. What they do as
//! plugins, their cases and the conformance suite show.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{quiet, run};
use crate::{paths, zig};

/// The files of the SDK for C that know nothing of wasm, and its stand-in for the host.
const PORTABLE: &[&str] = &[
    "src/text.c",
    "src/job.c",
    "src/result.c",
    "src/log.c",
    "src/files.c",
    "src/clock.c",
    "testing/testing.c",
];

/// Build and run them.
pub(crate) fn test() -> Result<()> {
    let work = paths::target().join("sdks");
    std::fs::create_dir_all(&work).context("could not make a folder for the tests of SDKs")?;
    let sdks = paths::root().join("guest-sdk");
    let objects = compile(&sdks, &work)?;
    let plugins = paths::root().join("plugins");
    c(&sdks, &work, "sdk", &[sdks.join("c/tests/sdk.c")])?;
    let checksum = ["src/sha256.c", "src/manifest.c", "tests/known_answers.c"];
    let checksum = checksum.map(|file| plugins.join("checksum").join(file));
    c(&sdks, &work, "checksum", &checksum)?;
    cpp(&sdks, &work, &objects)?;
    zig(&sdks, &work, &sdks.join("zig/tests/sdk.zig"), &objects)?;
    zig(&sdks, &work, &plugins.join("version/plugin.zig"), &objects)
}

fn portable(sdks: &Path) -> impl Iterator<Item = PathBuf> {
    let c = sdks.join("c");
    PORTABLE.iter().map(move |file| c.join(file))
}

fn compile(sdks: &Path, work: &Path) -> Result<Vec<PathBuf>> {
    portable(sdks)
        .map(|source| {
            let name = source.file_stem().context("a source has a name")?;
            let object = work.join(name).with_extension("o");
            quiet(
                zig::command()
                    .args(["cc", "-std=gnu17", "-O1", "-c", "-I"])
                    .arg(sdks.join("c/include"))
                    .arg(source)
                    .arg("-o")
                    .arg(&object),
            )?;
            Ok(object)
        })
        .collect()
}

/// By the machine's own compiler, with what it has to find undefined behaviour.
fn c(sdks: &Path, work: &Path, name: &str, sources: &[PathBuf]) -> Result<()> {
    let program = work.join(name);
    run(Command::new("cc")
        .args(["-std=gnu17", "-Wall", "-Wextra", "-Werror", "-g"])
        .args(["-fsanitize=undefined", "-fno-sanitize-recover", "-I"])
        .arg(sdks.join("c/include"))
        .args(portable(sdks))
        .args(sources)
        .arg("-lm")
        .arg("-o")
        .arg(&program))?;
    run(Command::new(program).arg(empty(work, &format!("{name}-files"))?))
}

fn cpp(sdks: &Path, work: &Path, objects: &[PathBuf]) -> Result<()> {
    let program = work.join("cpp");
    // The first time it compiles the C++ library, with pages of warnings that are not ours.
    quiet(
        zig::command()
            .args(["c++", "-std=c++23", "-fno-exceptions", "-Wall", "-Wextra"])
            .args(["-Wno-nullability-completeness", "-Werror", "-I"])
            .arg(sdks.join("cpp/include"))
            .arg("-I")
            .arg(sdks.join("c/include"))
            .arg(sdks.join("cpp/tests/sdk.cpp"))
            .args(objects)
            .arg("-o")
            .arg(&program),
    )?;
    run(Command::new(program).arg(empty(work, "cpp-files")?))
}

fn zig(sdks: &Path, work: &Path, root: &Path, objects: &[PathBuf]) -> Result<()> {
    let root = format!("-Mroot={}", root.display());
    let sdk = format!("-Mpipefitter={}", sdks.join("zig/pipefitter.zig").display());
    run(zig::command()
        .args(["test", "-lc", "-I"])
        .arg(sdks.join("c/include"))
        .arg("-I")
        .arg(sdks.join("c/testing"))
        .args(["--dep", "pipefitter", &root])
        .args(objects)
        .arg("-I")
        .arg(sdks.join("c/include"))
        .arg(&sdk)
        .current_dir(empty(work, "zig-files")?))
}

fn empty(work: &Path, name: &str) -> Result<PathBuf> {
    let folder = work.join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).context("could not empty a folder of tests")?;
    }
    std::fs::create_dir(&folder).context("could not make a folder for tests")?;
    Ok(folder)
}
