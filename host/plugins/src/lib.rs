//! What is in the plugins directory: manifests, catalogue, compile cache, reload.
//!
//! The crate knows files and manifests, not wasmtime: what looks at a .wasm that nobody knows, and what compiles it, is
//! given to it as a [`Look`] and a [`Prepare`].
//!
//! A file becomes a plugin only under a [`SupplyPolicy`]: who can change it, how large it is, which digest is
//! pinned, who signed it.
//!
//! A [`PluginsDir`] looks at the directory and makes a [`Catalogue`], an immutable snapshot of what is
//! served; whoever took a plugin from one keeps it, whatever happens to the directory later.

#[cfg(test)]
mod bench;
mod cache;
mod catalogue;
mod claims;
mod contract;
mod directory;
mod error;
mod limits;
mod listing;
mod load;
mod look;
mod manifest;
mod read;
mod supply;
#[cfg(test)]
mod supply_tests;
pub mod toml_table;
pub mod units;
mod wasm;
mod watch;

pub use cache::{CodeCache, Trimmed};
pub use catalogue::Catalogue;
pub use contract::{
    ActionTypeKey, Look, ManifestPlace, Plugin, PluginDigest, Prepare, PrepareError, Prepared,
    Problem,
};
pub use directory::PluginsDir;
pub use error::PluginsError;
pub use limits::{LIMIT_KEYS, LimitKey, LimitUnit, LimitValues};
pub use load::{PluginFiles, inspect_plugin, load_manifest, load_plugin};
pub use look::look;
pub use manifest::{
    ActionDecl, ActionUrls, ArtifactCounts, BuildCommand, BuildDecl, Capabilities,
    ConfigurationProblem, DirectoryAsk, Engine, Inputs, Language, Manifest, ManifestProblem,
    NetworkAsk, Outputs, Property, PropertyType, SecretAsk, UnpackMode,
};
pub use supply::{
    Custody, FileDigest, PluginPolicy, SignatureSeen, SigningKey, SupplyPolicy, TrustedKey,
};
pub use wasm::{MANIFEST_SECTION, embed_manifest, embedded_manifest};
