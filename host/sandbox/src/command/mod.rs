//! Plain WASI commands as plugins: the protocol of guest-sdk/command/README.md, the host's side.
//!
//! A command has no exports to be called by and no imports to call, but for WASI's: the job goes to its standard input,
//! and what would be calls are lines of its standard output, read as they are written. So all of it hangs on two
//! streams of ours: `framer` finds the lines, `wire` says what they mean, `dialogue` acts on them and owes the answers,
//! `stdio` is the streams, `run` the call and its end.

mod dialogue;
mod framer;
mod fuzzed;
mod pairs;
mod run;
mod stdio;
mod wire;

pub(crate) use dialogue::Dialogue;
pub use fuzzed::hear_command;
pub(crate) use run::{run, write_job_file};

#[cfg(test)]
mod tests;
