//! Experiments in an AWS account that answer what no public source settles about CodePipeline.
//!
//! ```text
//!   probe         a run: types, experiments, removal, report
//!   experiments   one file each: what is done, and what is made of what is seen
//!   bench         one experiment's pipeline, whose source the probe serves itself
//!   lab           what all share: account, pace, estate, findings
//!   estate        what was made, and its removal
//!   account, call AWS, and nothing of its SDK beyond
//!   measure       times that are seen from outside
//!   report        Markdown and JSON
//! ```
//!
//! Nothing is done but through names that only a probe uses ([`policy()`] allows no more), and what was made
//! is removed in every ending. Nonces, tokens and credentials stay in `account`: no report and no line has
//! them.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that fails panics"))]

mod account;
mod bench;
mod call;
mod estate;
mod experiments;
mod findings;
mod lab;
mod measure;
mod names;
mod policy;
mod probe;
mod question;
mod report;

pub use estate::{Left, Thing};
pub use findings::{Answer, Finding};
pub use lab::{Pace, Told};
pub use names::RunName;
pub use policy::{Bucket, NoRole, Role, policy, role_policy};
pub use probe::{Plan, Probe, intentions};
pub use question::{Experiment, NotAsked, Question};
pub use report::{Report, Switch};
