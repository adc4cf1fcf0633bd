//! Go: its own compiler, which makes a library for wasip1. The SDK's `wit` says which world that is for, and is put into it:
//! Go's linker writes no sections of others. What a plugin does not use of that world it does not import.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use include_dir::{Dir, include_dir};
use pipefitter_plugins::Language;
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::kit::{Kit, Template};
use super::project::Project;
use super::tools::{self, Install, Tool, Wanted};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/go");
static SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/go");

pub(super) static KIT: Kit = Kit {
    language: Language::Go,
    marks: &["plugin.go", "go.mod"],
    tools: |dir| toolchain(dir).map(drop),
    install: None,
    build,
    template: Some(Template {
        files: &FILES,
        sdk: &[&SDK],
        // A folder `vendor` is Go's own: `go build` refuses what `go mod vendor` has not put there, and that removes it.
        sdk_folder: "pipefitter-sdk",
    }),
};

/// The SDK's module.
const MODULE: &str = "pipefitter";
/// The world in the SDK's `wit`.
const WORLD: &str = "plugin";

/// Before this Go cannot export functions from a library for wasip1 as the bindings need it.
const GO: Wanted = Wanted {
    program: "go",
    version: &["version"],
    least: (1, 27, 1),
    from: "as https://go.dev/doc/install says, or from Debian's trixie-backports",
    install: Install::Anywhere(
        "sudo apt-get install -t trixie-backports golang-1.27-go && export PATH=/usr/lib/go-1.27/bin:$PATH",
    ),
};

fn toolchain(dir: &Path) -> Result<Tool> {
    tools::look_up(&GO, dir)
}

fn build(project: &Project<'_>) -> Result<PathBuf> {
    let go = toolchain(project.dir)?;
    let core = project.fresh("core.wasm")?;
    tools::progress(format_args!("Building with {}", go.title()));
    let mut command = go.command(project.dir);
    command
        .args(["build", "-trimpath", "-buildmode=c-shared"])
        // Without symbols: Go's own stacks have names all the same. The bindings take memory from the runtime before it
        // has begun, which the linker refuses unless told.
        .args(["-ldflags", "-s -w -checklinkname=0", "-o"])
        .arg(&core)
        .arg(".")
        .env("GOOS", "wasip1")
        .env("GOARCH", "wasm");
    tools::run(command, "build the plugin")?;
    let wit = sdk(&go, project.dir)?.join("wit");
    let mut module =
        std::fs::read(&core).with_context(|| format!("could not read {}", core.display()))?;
    name_world(&mut module, &wit)
        .with_context(|| format!("the world in {} does not fit the plugin", wit.display()))?;
    let named = project.fresh("plugin.wasm")?;
    std::fs::write(&named, module)
        .with_context(|| format!("could not write {}", named.display()))?;
    Ok(named)
}

/// Where go.mod has the SDK from.
fn sdk(go: &Tool, dir: &Path) -> Result<PathBuf> {
    let output = go
        .command(dir)
        // A folder `vendor` has no more of it than what is compiled.
        .args(["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", MODULE])
        .output()
        .context("could not start go")?;
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if !output.status.success() || !folder.join("wit").is_dir() {
        bail!(
            "{} does not say where the SDK is: it has `require {MODULE} v0.1.0` and \
             `replace {MODULE} => ./pipefitter-sdk`, with that folder of a new plugin (`pipefitter plugin new`)",
            dir.join("go.mod").display()
        );
    }
    Ok(folder)
}

fn name_world(module: &mut Vec<u8>, wit: &Path) -> Result<()> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit)?;
    let world = resolve.select_world(&[package], Some(WORLD))?;
    embed_component_metadata(module, &resolve, world, StringEncoding::UTF8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_of_the_sdk_is_put_into_a_module() {
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-sdk/go/wit");
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        name_world(&mut module, &wit).unwrap();
        let text = String::from_utf8_lossy(&module);
        assert!(text.contains("component-type") && text.contains("pipefitter:action/handler"));
    }

    #[test]
    fn the_template_takes_the_go_that_the_build_asks_for() {
        let (major, minor, patch) = GO.least;
        for file in [FILES.get_file("go.mod.in"), SDK.get_file("go.mod")] {
            let text = file.and_then(|file| file.contents_utf8()).unwrap();
            assert!(
                text.contains(&format!("\ngo {major}.{minor}.{patch}\n")),
                "{text}"
            );
        }
    }
}
