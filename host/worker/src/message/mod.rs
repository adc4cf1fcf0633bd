//! What a pipeline's owner reads when a job ends without the plugin's own word.
//!
//! A message says what happened, where (plugin, action), and what to do next, and ends with the last
//! lines of the job's log where there are any.

mod check;
mod fault;
mod host;
#[cfg(test)]
mod tests;

pub(crate) use check::{
    artifact_count, artifact_failed, configuration, no_location, no_plugin, secret_shown, token,
};
pub(crate) use fault::{Scene, fault};
pub(crate) use host::{
    host_panic, journal_broken, local, not_recalled, outcome_unreadable, passed_on, recall_denied,
    restarted, result_field, result_refused, shutdown, shutdown_upload,
};
