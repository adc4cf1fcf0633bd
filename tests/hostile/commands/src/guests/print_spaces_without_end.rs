//! What may yet become a line of the protocol, for as long as it is only spaces.

use std::io::{self, Write};

use crate::line::{Lines, SUCCESS};

pub(crate) fn run(lines: &Lines) -> io::Result<()> {
    let piece = [b' '; 64 << 10];
    let mut stdout = io::stdout().lock();
    for _ in 0..64 {
        stdout.write_all(&piece)?;
    }
    stdout.write_all(b"\n")?;
    drop(stdout);
    lines.say(SUCCESS)
}
