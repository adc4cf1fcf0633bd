//! The operator's configuration: one TOML file.
//!
//! It is read with [`toml_table`](pipefitter_plugins::toml_table), as manifests are: every table is read to
//! its end, each problem keeps its place in the file, and `check` shows them all. Only this module reads the
//! environment.

mod model;
mod problem;
mod read;
mod supply;
#[cfg(test)]
mod tests;

pub(crate) use model::{Config, LogFormat, SourceConfig, SupplyConfig};
pub(crate) use problem::{ConfigProblem, print_problems};
pub(crate) use read::{load, load_all, log_format, parse};
