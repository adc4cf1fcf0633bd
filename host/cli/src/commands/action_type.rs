//! `pipefitter action-type json PLUGIN`.

use anyhow::Result;
use pipefitter_plugins::load_manifest;

use crate::args::ActionTypeCommand;
use crate::exit::Exit;
use crate::plugin_files::{one_plugin_file, report_plugin_problems};
use crate::print;
use crate::wiring::Looking;

pub(crate) fn main(command: &ActionTypeCommand) -> Result<Exit> {
    let ActionTypeCommand::Json { plugin } = command;
    match load_manifest(&one_plugin_file(plugin)?, &Looking::start()?) {
        Ok(manifest) => {
            print::line(format_args!("{:#}", manifest.action_type_json()))?;
            Ok(Exit::Success)
        }
        Err(problems) => {
            report_plugin_problems(&problems);
            Ok(Exit::Failure)
        }
    }
}
