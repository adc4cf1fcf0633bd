//! `pipefitter plugin new | build | test | dev | check | inspect | list | keygen | sign | verify`.

mod asks;
mod build;
mod check;
mod describe;
mod dev;
mod facts;
mod inspect;
mod keygen;
pub(crate) mod languages;
mod list;
mod new;
mod password;
mod sign;
mod test;
mod verify;
mod whole;
mod world;

pub(crate) use whole::write_whole;

use anyhow::Result;

use crate::args::PluginCommand;
use crate::exit::Exit;

/// For commands that no configuration bounds: 1 GiB, far above what is ever served.
const LARGEST_READ: u64 = 1 << 30;

pub(crate) fn main(command: PluginCommand) -> Result<Exit> {
    match command {
        PluginCommand::New { name, lang, into } => new::main(&name, lang, &into),
        PluginCommand::Build(args) => build::main(args),
        PluginCommand::Check(args) => check::main(&args),
        PluginCommand::Inspect(args) => inspect::main(&args),
        PluginCommand::List(args) => list::main(&args),
        PluginCommand::Test(args) => test::main(args),
        PluginCommand::Dev(args) => dev::main(args),
        PluginCommand::Keygen(args) => keygen::main(&args),
        PluginCommand::Sign(args) => sign::main(&args),
        PluginCommand::Verify(args) => verify::main(&args),
    }
}
