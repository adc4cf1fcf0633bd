//! What an operator and a plugin's author do: plugins that come and go, the command line, languages.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod asynchronous;
mod bounds;
mod builds;
mod cli;
mod credentials;
mod fixed;
mod floor;
mod kinds;
mod languages;
mod live;
mod online;
mod plugins;
mod scaffold;
mod secrets;
mod sources;
mod state;
mod supply;
mod terminal;
