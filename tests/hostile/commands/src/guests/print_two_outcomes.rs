//! A failure, and then success.

use std::io;

use crate::line::{Lines, SUCCESS};

pub(crate) fn run(lines: &Lines) -> io::Result<()> {
    lines.say("\"failure\":{\"kind\":\"job_failed\",\"message\":\"not so\"}")?;
    lines.say(SUCCESS)
}
