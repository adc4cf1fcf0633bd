//! The `pipefitter` binary: reads the command line, hands over to one file per subcommand, and turns
//! what comes back into an exit code.

#![warn(clippy::print_stdout)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that fails panics"))]

mod args;
mod commands;
mod config;
mod exit;
mod plugin_files;
mod print;
mod secret_faults;
mod signals;
mod sources;
mod supervisor;
mod telemetry;
mod temporary;
mod wiring;

use std::process::ExitCode;

use clap::Parser;
use pipefitter_sandbox::{CHILD_COMMAND, ChildParts, child_main, hide_texts_of_guests_panics};

use crate::args::{Cli, Command};
use crate::config::LogFormat;
use crate::exit::Exit;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == CHILD_COMMAND) {
        return child_main(arguments, ChildParts::new(pipefitter_plugins::look));
    }
    hide_texts_of_guests_panics();
    let Cli { log, command } = Cli::parse();
    let default = telemetry::default_filter(&command);
    let start_log = |format| telemetry::start(log.as_deref(), default, format);
    // The daemon's configuration says how its log lines look: it begins the log when it has read that.
    if !matches!(command, Command::Run(_)) {
        start_log(LogFormat::default());
    }
    let ended = match command {
        Command::Run(args) => commands::run::main(&args, start_log),
        Command::Dev(args) => commands::dev::main(args),
        Command::Invoke(args) => commands::invoke::main(args),
        Command::Check(args) => commands::check::main(&args),
        Command::Plugin(command) => commands::plugin::main(command),
        Command::ActionType(command) => commands::action_type::main(&command),
        Command::Iam(args) => commands::iam::main(&args),
        Command::Events(args) => commands::events::main(&args),
        Command::ProbeAws(args) => commands::probe_aws::main(args),
        Command::Completions { shell } => commands::completions::main(shell),
    };
    match ended {
        Ok(exit) => exit.into(),
        Err(error) => {
            print::error_line(format_args!("error: {error:#}"));
            Exit::Host.into()
        }
    }
}
