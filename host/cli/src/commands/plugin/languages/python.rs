//! Python: componentize-py, which puts CPython, `app.py` and all that it imports into one component.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use include_dir::{Dir, include_dir};
use pipefitter_plugins::Language;

use super::kit::{Kit, Template};
use super::project::{Project, VENDORED};
use super::tools::{self, Install, Tool, Wanted};

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

/// Where `pip install --target` is to put what requirements.txt names: pure Python only.
const PACKAGES: &str = "vendor/packages";

const COMPONENTIZE: Wanted = Wanted {
    program: "componentize-py",
    version: &["--version"],
    least: (0, 25, 0),
    from: "from PyPI",
    install: Install::Here(INSTALL),
};

fn toolchain(dir: &Path) -> Result<Tool> {
    tools::look_up(&COMPONENTIZE, dir)
}

fn build(project: &Project<'_>) -> Result<PathBuf> {
    let componentize = toolchain(project.dir)?;
    let sdk = project.sdk()?;
    let packages = packages(project.dir)?;
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
        .args(packages.iter().flat_map(|packages| ["-p", packages]))
        .arg("-o")
        .arg(&component)
        // What it compiles on the way would lie beside the source.
        .env("PYTHONDONTWRITEBYTECODE", "1");
    tools::run(command, "build the plugin")?;
    Ok(component)
}

/// The folder with packages of PyPI that the plugin brings, if it does.
fn packages(dir: &Path) -> Result<Option<&'static str>> {
    if dir.join(PACKAGES).is_dir() {
        return Ok(Some(PACKAGES));
    }
    if dir.join("requirements.txt").is_file() {
        bail!(
            "{0} has a requirements.txt and no {PACKAGES}; install its packages from PyPI: (cd {1} && python3 -m pip install \
             --target {PACKAGES} -r requirements.txt)",
            dir.display(),
            tools::quoted(dir)
        );
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_that_are_wanted_must_be_there() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(packages(dir.path()).unwrap(), None);
        std::fs::write(dir.path().join("requirements.txt"), "PyYAML==6.0.4\n").unwrap();
        let refused = packages(dir.path()).unwrap_err().to_string();
        assert!(
            refused.contains("--target vendor/packages -r requirements.txt"),
            "{refused}"
        );
        std::fs::create_dir_all(dir.path().join(PACKAGES)).unwrap();
        assert_eq!(packages(dir.path()).unwrap(), Some(PACKAGES));
    }
}
