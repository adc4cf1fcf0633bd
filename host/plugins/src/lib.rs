//! What is in the plugins directory: manifests, catalogue, compile cache, reload.
//!
//! The crate knows files and manifests, not wasmtime: what compiles a component is given to it as a
//! [`Prepare`].

mod contract;

pub use contract::{ActionTypeKey, Plugin, PluginDigest, Prepare, PrepareError, Prepared, Problem};
