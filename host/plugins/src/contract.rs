//! What the catalogue offers, and what it needs from above.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// SHA-256 of the .wasm and of the manifest that goes with it, in hex: what identifies a plugin's code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PluginDigest(pub(crate) String);

impl PluginDigest {
    /// In hex.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PluginDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The action type that a plugin serves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ActionTypeKey {
    /// `Build`, `Deploy`, `Test`, `Invoke`, `Source`, ...
    pub category: String,
    /// At most 35 characters.
    pub provider: String,
    /// At most 9 characters.
    pub version: String,
}

impl fmt::Display for ActionTypeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.category, self.provider, self.version)
    }
}

/// What the sandbox made of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The id that the loaded code is shared by.
    pub code_id: String,
    /// The file with the sealed code.
    pub code_path: PathBuf,
    /// Whether it had to be compiled.
    pub compiled: bool,
}

/// A component cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct PrepareError {
    /// What is wrong, and what to do.
    pub message: String,
}

/// Checks, compiles (or finds compiled) and links a component. Blocking; called off the async runtime.
pub trait Prepare: Send + Sync {
    /// `name` is the plugin's name, `digest` that of its .wasm.
    fn prepare(
        &self,
        name: &str,
        digest: &PluginDigest,
        wasm: &[u8],
        manifest: &crate::Manifest,
    ) -> Result<Prepared, PrepareError>;
}

/// A plugin that is served.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// The .wasm's name without the extension: what config and messages call it.
    pub name: String,
    /// The .wasm.
    pub path: PathBuf,
    /// Its digest.
    pub digest: PluginDigest,
    /// What it asks for.
    pub manifest: crate::Manifest,
    /// What the sandbox made of it.
    pub prepared: Prepared,
}

/// Something in the directory that is not served as its author wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file or files.
    pub files: Vec<PathBuf>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
    /// An older version of the plugin is served meanwhile.
    pub older_served: bool,
}

impl Problem {
    /// The first file.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.files.first().map(PathBuf::as_path)
    }
}
