//! Plugins on the network, end to end: what is granted is reached and nothing else is dialled. Every address is a
//! loopback one.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod attached;
mod endings;
mod grants;
mod limits;
mod load;
mod plugins;
mod proxies;
mod servers;
