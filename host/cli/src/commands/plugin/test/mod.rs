//! `pipefitter plugin test`: docs/plugins/testing.md says what a case is.

mod case;
mod copied;
mod course;
mod diff;
mod http;
mod judge;
mod junit;
mod log;
mod new_case;
mod report;
mod result;
mod run;
mod tree;

pub(crate) use course::main;
