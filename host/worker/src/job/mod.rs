//! The work of one job, done by tasks that the dispatcher starts: stage, run, upload.
//!
//! A task owns nothing that another one changes. It gets a [`Brief`], does its part and returns; the
//! dispatcher alone acts on what came of it.

mod brief;
mod conclude;
mod credentials;
mod dirs;
mod log;
mod network;
mod run;
mod secrets;
mod sink;
mod stage;
mod upkeep;
mod upload;

pub(crate) use brief::{Brief, BriefParts, chain_of};
pub(crate) use credentials::JobCredentials;
pub(crate) use dirs::{remove, sweep};
pub(crate) use log::append;
pub(crate) use run::{Used, run};
pub(crate) use stage::stage;
pub(crate) use upkeep::{Noticed, Upkeep};
pub(crate) use upload::upload;
