//! A Test action: broken internal links and anchors of a site fail the job.
//!
//! `html` finds the links and anchors of one page, `site` knows which files there are, `check` follows
//! each link the way a browser on a plain file host would, `report` tells what is broken. Nothing is
//! fetched: links to other hosts are counted only.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod base;
mod check;
mod config;
mod glob;
mod html;
mod report;
mod site;
mod work;

pub use work::run;

pipefitter_sdk::plugin!(run);
