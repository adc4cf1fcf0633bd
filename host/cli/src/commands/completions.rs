//! `pipefitter completions SHELL`.

use anyhow::Result;
use clap::CommandFactory;

use crate::args::Cli;
use crate::exit::Exit;
use crate::print;

pub(crate) fn main(shell: clap_complete::Shell) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "pipefitter", &mut script);
    print::line(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Exit::Success)
}
