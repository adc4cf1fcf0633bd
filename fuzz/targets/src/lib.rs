//! What is fuzzed: everything that reads bytes of strangers, one function for each.
//!
//! A target takes any bytes and panics where a property does not hold, the first of them being that nothing
//! panics. It is run by libFuzzer (fuzz/fuzz_targets) and, over its corpus and inputs near it, as a plain
//! test on stable. A new target is a function in a module of its own, a line in [`TARGETS`], three lines in
//! fuzz/fuzz_targets with their `[[bin]]`, and a folder in fuzz/corpus; a test holds these together.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a target that cannot go on has failed, as a test has"
)]

#[cfg(feature = "archives")]
mod archives;
#[cfg(all(feature = "config", not(test)))]
mod config;
#[cfg(feature = "events")]
mod event;
#[cfg(feature = "grants")]
mod grants;
#[cfg(feature = "job")]
mod job;
#[cfg(feature = "journal")]
mod journal;
#[cfg(feature = "masker")]
mod masker;
#[cfg(feature = "plugins")]
mod plugins;
#[cfg(feature = "sandbox")]
mod sandbox;
mod targets;

#[cfg(feature = "archives")]
pub use archives::{pack, unpack, untar};
#[cfg(all(feature = "config", not(test)))]
pub use config::config;
#[cfg(feature = "events")]
pub use event::event;
#[cfg(feature = "grants")]
pub use grants::grants;
#[cfg(feature = "job")]
pub use job::job;
#[cfg(feature = "journal")]
pub use journal::journal;
#[cfg(feature = "masker")]
pub use masker::masker;
#[cfg(feature = "plugins")]
pub use plugins::{component, manifest};
#[cfg(feature = "sandbox")]
pub use sandbox::{pipe, protocol};
pub use targets::{TARGETS, Target};
