//! Progress and log as fast as they can be written, 100,000 times each.

use std::io;

use crate::line::{Lines, SUCCESS};

pub(crate) fn run(lines: &Lines) -> io::Result<()> {
    for _ in 0..100_000 {
        lines.say("\"progress\":{\"percent\":1,\"summary\":\"flood\"}")?;
        lines.say("\"log\":{\"level\":\"error\",\"message\":\"flood\"}")?;
    }
    lines.say(SUCCESS)
}
