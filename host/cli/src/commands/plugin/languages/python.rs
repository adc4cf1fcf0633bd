//! Python: componentize-py, which puts CPython, `app.py` and all that it imports into one component.

use std::path::{Path, PathBuf};

use anyhow::Result;
use include_dir::{Dir, include_dir};
use pipefitter_plugins::Language;

use super::kit::{Kit, Template};
use super::project::{Project, VENDORED};
use super::tools::{self, Tool, Wanted};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/python");
static SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/python");

pub(super) static KIT: Kit = Kit {
    language: Language::Python,
    marks: &["app.py"],
    tools: |dir| toolchain(dir).map(drop),
    install: Some(INSTALL),
    build,
    template: Some(Template {
        files: &FILES,
        sdk: &[&SDK],
        sdk_folder: VENDORED,
    }),
};

const INSTALL: &str = "python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1";

const COMPONENTIZE: Wanted = Wanted {
    program: "componentize-py",
    version: &["--version"],
    least: (0, 25, 0),
    from: "from PyPI",
    install: INSTALL,
};

fn toolchain(dir: &Path) -> Result<Tool> {
    tools::look_up(&COMPONENTIZE, dir)
}

fn build(project: &Project<'_>) -> Result<PathBuf> {
    let componentize = toolchain(project.dir)?;
    let sdk = project.sdk()?;
    let wit = project.wit()?;
    let component = project.fresh("component.wasm")?;
    tools::progress(format_args!(
        "Building with {}: about ten seconds",
        componentize.title()
    ));
    let mut command = componentize.command(project.dir);
    command
        .arg("-d")
        .arg(wit)
        .args(["-w", "plugin", "componentize", "app", "-p", ".", "-p"])
        .arg(sdk)
        .arg("-o")
        .arg(&component)
        // What it compiles on the way would lie beside the source.
        .env("PYTHONDONTWRITEBYTECODE", "1");
    tools::run(command, "build the plugin")?;
    Ok(component)
}
