//! `pipefitter plugin check FILE`: whether a worker of this version could serve a file, and everything that is in the
//! way at once.
//!
//! What it is, imports and asks for is read from its outside, as `plugin inspect` does. If nothing is wrong there it is
//! compiled and linked, too, by locked processes, as a worker would: only that tells whether its types are the contract's.

use std::path::Path;

use anyhow::{Context, Result};
use pipefitter_sandbox::{Launcher, Sandbox, SandboxConfig, SealKey};

use super::describe;
use super::facts::{Facts, facts, nobodys_policy};
use crate::args::PluginCheckArgs;
use crate::config::{ConfigProblem, Place, print_problems};
use crate::exit::Exit;
use crate::plugin_files::one_plugin_file;
use crate::print;
use crate::wiring::Looking;

pub(crate) fn main(args: &PluginCheckArgs) -> Result<Exit> {
    let file = one_plugin_file(&args.plugin)?;
    let mut facts = facts(&file, &nobodys_policy(), &Looking::start()?)?;
    if facts.survey.faults.is_empty()
        && let Some(message) = refusal(&read(&file)?)?
    {
        facts.problems.push(ConfigProblem {
            place: Place::File(file.as_path().into()),
            message,
            remedy: "build it again with the SDK of this version (`pipefitter plugin build`), or update pipefitter"
                .to_owned(),
            warning: false,
        });
    }
    print::line(describe::text(&facts))?;
    print_problems(&facts.problems);
    print::line(verdict(&facts))?;
    Ok(match facts.in_the_way() {
        0 => Exit::Success,
        _ => Exit::Failure,
    })
}

fn verdict(facts: &Facts) -> String {
    let in_the_way = facts.in_the_way();
    let warnings = match facts.problems.len() - in_the_way {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        many => format!(", {many} warnings"),
    };
    match in_the_way {
        0 => format!("No problems{warnings}: it can be served."),
        1 => format!("1 problem{warnings}."),
        many => format!("{many} problems{warnings}."),
    }
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("could not read {}", file.display()))
}

/// What compiling and linking a plugin with all that can be granted comes to, if anything is wrong with it.
pub(super) fn refusal(wasm: &[u8]) -> Result<Option<String>> {
    let key = SealKey::ephemeral().context("could not make a key")?;
    let mut settings = SandboxConfig::new(key);
    let launcher = Launcher::start("/proc/self/exe").context("could not start the sandbox")?;
    settings.launcher = Some(launcher);
    settings.isolation_floor = pipefitter_sandbox::IsolationFloor::None;
    settings.max_component_bytes = super::LARGEST_READ;
    let sandbox = Sandbox::new(settings).context("could not start wasmtime")?;
    let refused = sandbox.compile("00", wasm, b"").err();
    Ok(refused.map(|error| error.full()))
}
