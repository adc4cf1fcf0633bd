//! JavaScript and TypeScript: jco, over one of two engines.
//!
//! QuickJS is a tenth of the size and starts three times as quickly; it takes no wasi:http. StarlingMonkey has the web's
//! functions, `fetch` among them, and is what a plugin gets that asks for the network.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use include_dir::{Dir, include_dir};
use pipefitter_plugins::{Engine, Language};

use super::kit::{Kit, Template};
use super::project::{Project, VENDORED};
use super::tools::{self, Install, Tool, Wanted};

static TYPESCRIPT_FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/typescript");
static JAVASCRIPT_FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/javascript");
static SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/javascript");

pub(super) static TYPESCRIPT: Kit = Kit {
    language: Language::Typescript,
    marks: &["plugin.ts"],
    tools,
    install: None,
    build: |project| build(project, "plugin.ts", check_types),
    template: Some(Template {
        files: &TYPESCRIPT_FILES,
        sdk: &[&SDK],
        sdk_folder: VENDORED,
    }),
};

pub(super) static JAVASCRIPT: Kit = Kit {
    language: Language::Javascript,
    marks: &["plugin.js"],
    tools,
    install: None,
    build: |project| build(project, "plugin.js", |_| Ok(())),
    template: Some(Template {
        files: &JAVASCRIPT_FILES,
        sdk: &[&SDK],
        sdk_folder: VENDORED,
    }),
};

/// In the SDK: how a plugin's modules become one, `pipefitter-sdk` among them.
const BUNDLING: &str = "bundle.config.mjs";

/// The plugin's own, as package.json pins it: every version knows other errors.
const TSC: &str = "node_modules/.bin/tsc";

const JCO: Wanted = Wanted {
    program: "jco",
    version: &["--version"],
    least: (1, 35, 0),
    from: "from npm",
    // By the plugin's package.json, which holds the version of one of jco's dependencies, too.
    install: Install::Here("npm install"),
};

const NPM: Wanted = Wanted {
    program: "npm",
    version: &["--version"],
    least: (9, 0, 0),
    from: "with node, 20.19 or later, from nodejs.org or Debian 13",
    install: Install::Anywhere("sudo apt-get install nodejs npm"),
};

/// jco, or npm, with which a build fetches it.
fn tools(dir: &Path) -> Result<()> {
    let wanted = if fetches(dir) { &NPM } else { &JCO };
    tools::look_up(wanted, dir).map(drop)
}

/// Whether a build begins with what package.json names, as those of other languages begin with their packages: it
/// names jco, and there is none.
fn fetches(dir: &Path) -> bool {
    dir.join("package.json").is_file() && tools::all(JCO.program, dir).is_empty()
}

fn toolchain(dir: &Path) -> Result<Tool> {
    if fetches(dir) {
        let npm = tools::look_up(&NPM, dir)?;
        tools::progress("Fetching the packages of package.json from npm, once");
        let mut command = npm.command(dir);
        command.args(["install", "--no-audit", "--no-fund", "--loglevel=error"]);
        tools::run(command, "fetch the packages")?;
    }
    tools::look_up(&JCO, dir)
}

/// What is built from TypeScript is built without a look at the types: they are dropped.
fn check_types(dir: &Path) -> Result<()> {
    let tsc = dir.join(TSC);
    if !tsc.is_file() || !dir.join("tsconfig.json").is_file() {
        tools::progress(format_args!(
            "The types are not checked: that takes {TSC} and tsconfig.json"
        ));
        return Ok(());
    }
    tools::progress("Checking the types with tsc");
    let mut command = Command::new(tsc);
    command.current_dir(dir).args(["--noEmit", "-p", "."]);
    tools::run(command, "find the types right")
}

/// `source` is the plugin's, `check` what is looked at before.
fn build(project: &Project<'_>, source: &str, check: fn(&Path) -> Result<()>) -> Result<PathBuf> {
    let jco = toolchain(project.dir)?;
    check(project.dir)?;
    let engine = engine(project)?;
    let bundling = project.sdk()?.join(BUNDLING);
    if !bundling.is_file() {
        bail!(
            "{} is not there: the SDK is of another version; copy it from a new plugin (`pipefitter plugin new`)",
            bundling.display()
        );
    }
    let wit = project.wit()?;
    let component = project.fresh("component.wasm")?;
    tools::progress(format_args!(
        "Building with {} for {}",
        jco.title(),
        engine.as_str()
    ));
    // Its QuickJS looks for the source in the folder that it is run from.
    let mut command = jco.command(project.dir);
    command
        .args(["componentize", source, "--bundle", "--bundle-config"])
        .arg(bundling)
        .arg("--wit")
        .arg(wit)
        .args(["-n", "plugin-with-files"]);
    match engine {
        Engine::Quickjs => {
            command.args(["--backend", "quickjs", "--backend-qjs-disable-async"]);
        }
        // Its own parts bring imports of the network.
        Engine::Starlingmonkey if project.asks_network() => {
            command.args(["--disable", "fetch-event"]);
        }
        Engine::Starlingmonkey => {
            command.args(["--disable", "http", "fetch-event"]);
        }
    }
    command.arg("-o").arg(&component);
    tools::run(command, "build the plugin")?;
    Ok(component)
}

fn engine(project: &Project<'_>) -> Result<Engine> {
    match (project.manifest.build.engine, project.asks_network()) {
        (Some(Engine::Quickjs), true) => bail!(
            "the engine \"quickjs\" has no network, which the manifest asks for: set engine = \"starlingmonkey\" in \
             [build] of action.toml, or remove `engine`"
        ),
        (Some(engine), _) => Ok(engine),
        (None, true) => Ok(Engine::Starlingmonkey),
        (None, false) => Ok(Engine::Quickjs),
    }
}

#[cfg(test)]
mod tests {
    use pipefitter_plugins::Manifest;

    use super::*;

    #[test]
    fn the_engine_is_the_small_one_unless_the_plugin_needs_the_other() {
        let engine_of = |more: &str| {
            let text = format!(
                "[action]\ncategory = \"Build\"\nprovider = \"Hello\"\nversion = \"1\"\n{more}"
            );
            engine(&Project {
                dir: Path::new("."),
                manifest: &Manifest::parse(&text, "action.toml").unwrap(),
                profile: "release",
            })
        };
        let network = "[capabilities]\nnetwork = [{ to = \"https://a.example\" }]\n";
        let quickjs = "[build]\nengine = \"quickjs\"\n";
        assert_eq!(engine_of("").unwrap(), Engine::Quickjs);
        assert_eq!(engine_of(quickjs).unwrap(), Engine::Quickjs);
        assert_eq!(engine_of(network).unwrap(), Engine::Starlingmonkey);
        assert_eq!(
            engine_of("[build]\nengine = \"starlingmonkey\"\n").unwrap(),
            Engine::Starlingmonkey
        );
        let refused = engine_of(&format!("{network}{quickjs}")).unwrap_err();
        assert!(refused.to_string().contains("starlingmonkey"), "{refused}");
    }
}
