//! C and C++: clang or Zig's compiler, with the SDK's sources beside the plugin's.

use std::path::{Path, PathBuf};

use anyhow::Result;
use include_dir::{Dir, include_dir};
use pipefitter_plugins::Language;

use super::compiler::{self, Compiler, Dialect, INSTALL, sources_in};
use super::kit::{Kit, Template};
use super::project::{Project, VENDORED};
use super::tools;

static C_FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/c");
static CPP_FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/cpp");
static CPP_SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/cpp");

/// The SDK for C, which those for C++ and Zig stand on.
pub(super) static SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/c");

pub(super) static C: Kit = Kit {
    language: Language::C,
    marks: &["plugin.c"],
    tools: |dir| Compiler::look_up(Dialect::C, dir).map(drop),
    install: Some(INSTALL),
    build: build_c,
    template: Some(Template {
        files: &C_FILES,
        sdk: &[&SDK],
        sdk_folder: VENDORED,
    }),
};

pub(super) static CPP: Kit = Kit {
    language: Language::Cpp,
    marks: &["plugin.cpp"],
    tools: |dir| Compiler::look_up(Dialect::Cpp, dir).map(drop),
    install: Some(INSTALL),
    build: build_cpp,
    template: Some(Template {
        files: &CPP_FILES,
        sdk: &[&SDK, &CPP_SDK],
        sdk_folder: VENDORED,
    }),
};

fn build_c(project: &Project<'_>) -> Result<PathBuf> {
    let sdk = project.sdk()?;
    build(project, Dialect::C, &sdk, &[sdk.join("include")])
}

fn build_cpp(project: &Project<'_>) -> Result<PathBuf> {
    let sdk = project.sdk()?;
    let of_c = compiler::sdk_for_c(&sdk)?;
    build(
        project,
        Dialect::Cpp,
        &of_c,
        &[sdk.join("include"), of_c.join("include")],
    )
}

/// `sdk` is that for C.
fn build(
    project: &Project<'_>,
    dialect: Dialect,
    sdk: &Path,
    includes: &[PathBuf],
) -> Result<PathBuf> {
    let compiler = Compiler::look_up(dialect, project.dir)?;
    tools::progress(format_args!("Building with {}", compiler.title()));
    let folder = compiler::objects_folder(project)?;
    let mut objects = Vec::new();
    for source in sources(project.dir)? {
        let is_c = source.extension().is_some_and(|ending| ending == "c");
        let own = if is_c { Dialect::C } else { dialect };
        let inside = source.strip_prefix(project.dir).unwrap_or(&source);
        let name = inside.display().to_string().replace(['/', '.'], "-");
        let object = folder.join(format!("{name}.o"));
        objects.push(compiler.compile(project, own, includes, &source, object)?);
    }
    objects.extend(compiler::sdk_objects(&compiler, project, sdk)?);
    let core = project.fresh("core.wasm")?;
    compiler.link(project, dialect, &objects, &core)?;
    Ok(core)
}

/// The plugin's own: in its folder, and anywhere below `src`.
fn sources(dir: &Path) -> Result<Vec<PathBuf>> {
    const ENDINGS: &[&str] = &["c", "cc", "cpp", "cxx"];
    let mut found = sources_in(dir, ENDINGS)?;
    let mut pending = vec![dir.join("src")];
    while let Some(folder) = pending.pop() {
        if !folder.is_dir() {
            continue;
        }
        found.extend(sources_in(&folder, ENDINGS)?);
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() && !path.is_symlink() {
                pending.push(path);
            }
        }
    }
    Ok(found)
}
