//! `pipefitter plugin new | build`.

mod build;
mod new;

use anyhow::Result;

use crate::args::PluginCommand;
use crate::exit::Exit;

pub(crate) fn main(command: PluginCommand) -> Result<Exit> {
    match command {
        PluginCommand::New { name, lang, into } => new::main(&name, lang, &into),
        PluginCommand::Build {
            dir,
            output,
            profile,
        } => build::main(&dir, output, &profile),
    }
}
