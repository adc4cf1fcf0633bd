//! `pipefitter completions SHELL`.

use anyhow::Result;
use clap::CommandFactory;

use crate::args::Cli;
use crate::exit::Exit;

pub(crate) fn main(shell: clap_complete::Shell) -> Result<Exit> {
    clap_complete::generate(
        shell,
        &mut Cli::command(),
        "pipefitter",
        &mut std::io::stdout(),
    );
    Ok(Exit::Success)
}
