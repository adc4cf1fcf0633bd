//! Hostile archives and hostile outputs through the public doors: what is refused names the entry, nothing
//! is read or written outside, and what it costs stays within the limits.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    dead_code,
    reason = "the makers of archives are shared with the suite of good ones"
)]

mod bombs;
mod bounds;
mod claims;
mod links;
mod names;
mod outputs;
mod races;
mod tar_tricks;
mod truncation;

#[path = "../staging/support/tarball.rs"]
mod tarball;
#[path = "../staging/support/tree.rs"]
mod tree;
#[path = "../staging/support/zipfile.rs"]
mod zipfile;
