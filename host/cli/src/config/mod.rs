//! The operator's configuration: one TOML file.
//!
//! It is read with [`toml_table`](pipefitter_plugins::toml_table), as manifests are: every table is read to
//! its end, each problem keeps its place in the file, and `check` shows them all. [`Config`] remembers the place
//! of every key, for faults that show only later. Only this module reads the environment.

mod environment;
mod grant;
mod model;
mod network;
mod news;
mod places;
mod problem;
mod read;
mod secrets;
mod sources;
mod supply;
#[cfg(test)]
mod tests;
mod third_party;

pub(crate) use environment::{notify_socket, takes_codes, takes_colours};
pub(crate) use model::{
    ClientTokensConfig, CompileConfig, Config, LogFormat, NetworkConfig, NewsConfig, PluginConfig,
    SecretPlace, SecretTable, SourceConfig,
};
pub(crate) use problem::{ConfigProblem, Place, print_problems, render};
pub(crate) use read::{load, load_all, load_or_empty, parse};
pub(crate) use third_party::load_third_party;
