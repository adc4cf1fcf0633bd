//! A line of the protocol that never ends.

use std::io::{self, Write};

use crate::line::Lines;

pub(crate) fn run(lines: &Lines) -> io::Result<()> {
    let piece = [b' '; 64 << 10];
    let mut stdout = io::stdout().lock();
    stdout.write_all(lines.begin().as_bytes())?;
    loop {
        stdout.write_all(&piece)?;
    }
}
