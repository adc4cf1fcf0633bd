//! The operator's configuration: one TOML file.
//!
//! Reading never stops at the first problem: every section is read to its end, each problem keeps its
//! place in the file, and `check` shows them all. Only this module reads the environment.

mod model;
mod problem;
mod read;
mod section;
#[cfg(test)]
mod tests;

pub(crate) use model::{Config, LogFormat, SourceConfig};
pub(crate) use problem::{ConfigProblem, print_problems};
pub(crate) use read::{load, log_format, parse};
