//! Zig: its own compiler, for the plugin and for the SDK for C that its SDK stands on.

use std::path::PathBuf;

use anyhow::Result;
use include_dir::{Dir, include_dir};
use pipefitter_plugins::Language;

use super::c;
use super::compiler::{self, Compiler, INSTALL, STACK};
use super::kit::{Kit, Template};
use super::project::{Project, VENDORED};
use super::tools;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/zig");
static SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/zig");

pub(super) static KIT: Kit = Kit {
    language: Language::Zig,
    marks: &["plugin.zig"],
    tools: |dir| Compiler::zig(dir).map(drop),
    install: Some(INSTALL),
    build,
    template: Some(Template {
        files: &FILES,
        sdk: &[&c::SDK, &SDK],
        sdk_folder: VENDORED,
    }),
};

fn build(project: &Project<'_>) -> Result<PathBuf> {
    let zig = Compiler::zig(project.dir)?;
    tools::progress(format_args!("Building with {}", zig.title()));
    let sdk = project.sdk()?;
    let of_c = compiler::sdk_for_c(&sdk)?;
    let objects = compiler::sdk_objects(&zig, project, &of_c)?;
    let core = project.fresh("core.wasm")?;
    let include = of_c.join("include");
    let module = |name: &str, file: PathBuf| {
        let mut argument = std::ffi::OsString::from(format!("-M{name}="));
        argument.push(file);
        argument
    };
    let mut emit = std::ffi::OsString::from("-femit-bin=");
    emit.push(&core);
    let mut command = zig.command(project.dir);
    command
        .args([
            "build-exe",
            "-target",
            "wasm32-wasi",
            "-mexec-model=reactor",
        ])
        .args(["-O", "ReleaseSmall", "-fstrip", "-lc", "--stack", STACK])
        .arg("--cache-dir")
        .arg(project.work()?.join("zig-cache"))
        .arg("-I")
        .arg(&include)
        .args(["--dep", "pipefitter"])
        .arg(module("root", project.dir.join("plugin.zig")))
        .args(&objects)
        .arg("-I")
        .arg(&include)
        .arg(module("pipefitter", sdk.join("pipefitter.zig")))
        .arg(emit);
    tools::run(command, "build the plugin")?;
    Ok(core)
}
