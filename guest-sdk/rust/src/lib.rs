//! Write a Pipefitter plugin in Rust.
