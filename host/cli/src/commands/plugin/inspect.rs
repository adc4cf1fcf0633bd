//! `pipefitter plugin inspect FILE`: all that a plugin is and says of itself.

use anyhow::Result;

use super::describe;
use super::facts::{facts, nobodys_policy};
use crate::args::InspectArgs;
use crate::config::print_problems;
use crate::exit::Exit;
use crate::plugin_files::one_plugin_file;
use crate::print;
use crate::wiring::Looking;

pub(crate) fn main(args: &InspectArgs) -> Result<Exit> {
    let file = one_plugin_file(&args.plugin)?;
    let facts = facts(&file, &nobodys_policy(), &Looking::start()?)?;
    if args.json {
        print::line(format_args!("{:#}", describe::json(&facts)))?;
    } else {
        print::line(describe::text(&facts))?;
        print_problems(&facts.problems);
    }
    Ok(match facts.in_the_way() {
        0 => Exit::Success,
        _ => Exit::Failure,
    })
}
