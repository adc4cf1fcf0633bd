//! `pipefitter dev`: the embedded service and a worker in one process, over HTTP between them.

mod definition;
mod keys;
mod pipeline;
mod serve;
mod session;
mod setup;
mod show;
mod source;
mod worker;

pub(crate) use serve::main;
