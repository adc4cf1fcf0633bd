//! One file per subcommand. Each `main` returns how the process ends.

pub(crate) mod action_type;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod dev;
pub(crate) mod events;
pub(crate) mod iam;
pub(crate) mod invoke;
mod online;
pub(crate) mod plugin;
pub(crate) mod probe_aws;
mod registered;
pub(crate) mod run;
