//! Control and ANSI codes, marks that turn the writing direction, and line ends that forge lines, everywhere.

use crate::answer::{Answer, Job, failed};
use crate::bindings::pipefitter::action::{control, log};

const CODES: &str =
    "\u{1b}[31mred\u{1b}]0;title\u{7}\u{9b}2J\u{202e}gnp.exe\u{2066}\u{0}\u{8}\rforged";

pub(crate) fn run(_job: &Job) -> Answer {
    println!("{CODES} on standard output");
    eprintln!("{CODES} on standard error");
    log::write(
        log::Level::Error,
        &format!("{CODES} in a message\n2026-01-01T00:00:00.000Z INFO  forged line"),
        &[(CODES.to_owned(), CODES.to_owned())],
    );
    control::progress(Some(255), CODES);
    failed(format!("{CODES} in the answer"))
}
