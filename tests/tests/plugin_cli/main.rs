//! `plugin test`, `plugin dev` and `dev --source`: the real binary over plugins' folders.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod cases;
mod dev;
mod folder;
mod http;
mod release;
mod shipped;
mod source;
mod update;
