//! Any other language: `command` of `[build]` builds the plugin, `output` is the .wasm that comes of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use include_dir::{Dir, include_dir};
use pipefitter_plugins::Language;

use super::kit::{Kit, Template};
use super::project::{Project, VENDORED};
use super::rust;
use super::tools::{self, Install, Wanted};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/command");
/// There is no code in it: it is the protocol's specification.
static PROTOCOL: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/command");

pub(super) static KIT: Kit = Kit {
    language: Language::Command,
    marks: &[],
    tools: tools_of_template,
    install: None,
    build,
    template: Some(Template {
        files: &FILES,
        sdk: &[&PROTOCOL],
        sdk_folder: VENDORED,
    }),
};

/// What the template's `command` runs.
const CARGO: Wanted = Wanted {
    program: "cargo",
    version: &["--version"],
    // The edition of the template.
    least: (1, 85, 0),
    from: "as https://rustup.rs says, then",
    install: Install::Anywhere("rustup update stable && rustup target add wasm32-wasip1"),
};

const TARGET: &str = "wasm32-wasip1";

fn tools_of_template(dir: &Path) -> Result<()> {
    tools::look_up(&CARGO, dir)?;
    rust::has_target(TARGET, dir)
}

fn build(project: &Project<'_>) -> Result<PathBuf> {
    let Some(own) = &project.manifest.build.command else {
        bail!("[build] of action.toml has no `command`: add it, with its `output`");
    };
    let Some((program, arguments)) = own.words.split_first() else {
        bail!("`command` in [build] of action.toml names no program");
    };
    // As the template has it; of other programs nothing is known.
    if program == CARGO.program && arguments.iter().any(|word| word == TARGET) {
        tools_of_template(project.dir)?;
    }
    tools::progress(format_args!("Running {}", own.words.join(" ")));
    let mut command = Command::new(located(project.dir, program));
    command.args(arguments).current_dir(project.dir);
    let missing = "install it, or correct `command` in [build] of action.toml";
    tools::run_or(command, "build the plugin", missing)?;
    let output = project.dir.join(&own.output);
    if !output.is_file() {
        bail!(
            "`{}` has left no {}: correct `output` in [build] of action.toml",
            own.words.join(" "),
            output.display()
        );
    }
    Ok(output)
}

/// A program with a `/` in it is the plugin's own, and not of where this command was typed.
fn located(dir: &Path, program: &str) -> PathBuf {
    if program.contains('/') {
        dir.join(program)
    } else {
        program.into()
    }
}
