//! `pipefitter dev`: the embedded service and a worker in one process, over HTTP between them.

mod changes;
mod definition;
mod keys;
mod pipeline;
mod rebuild;
mod serve;
mod session;
mod setup;
mod show;
mod source;
mod sources;
mod worker;

pub(crate) use serve::{OwnPlugin, main, of_plugin};
pub(crate) use sources::Sources;
