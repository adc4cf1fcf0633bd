//! The action's configuration.

use pipefitter_sdk::{Failure, Job};
use serde::Deserialize;

use crate::base::Base;

#[derive(Deserialize)]
struct Keys {
    base_url: Option<String>,
    #[serde(default)]
    ignore: Vec<String>,
    #[serde(default)]
    allow_broken: u32,
}

/// The configuration, checked.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) base: Base,
    /// Patterns of links that are not checked.
    pub(crate) ignore: Vec<String>,
    pub(crate) allow_broken: usize,
}

impl Config {
    pub(crate) fn of(job: &Job) -> Result<Self, Failure> {
        let keys: Keys = job.config()?;
        Ok(Self {
            base: Base::new(keys.base_url.as_deref())?,
            ignore: keys.ignore,
            allow_broken: usize::try_from(keys.allow_broken).unwrap_or(usize::MAX),
        })
    }
}
