//! What the catalogue offers, and what it needs from above.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// Whether it is a plain command: its jobs have a file each.
    pub command: bool,
}

/// A component cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct PrepareError {
    /// What is wrong, and what to do.
    pub message: String,
    /// It is the machine's doing (its disk, memory, processes), so that the same bytes may be prepared later.
    pub passing: bool,
}

impl PrepareError {
    /// What is wrong with the component, and stays so.
    #[must_use]
    pub fn lasting(message: String) -> PrepareError {
        PrepareError {
            message,
            passing: false,
        }
    }
}

/// Has a .wasm looked at where a stranger's bytes do no harm. Blocking; called off the async runtime.
pub trait Look: Send + Sync {
    /// What [`look`](crate::look) tells of `wasm`, or has told before of one with this digest.
    ///
    /// # Errors
    /// Nobody could look.
    fn look(&self, digest: &PluginDigest, wasm: &[u8]) -> Result<Vec<u8>, PrepareError>;
}

/// Checks, compiles (or finds compiled) and links a component. Blocking; called off the async runtime.
pub trait Prepare: Look {
    /// `name` is the plugin's name, `digest` that of its .wasm; `seen` is what [`Look::look`] has told of it, to be told
    /// again as long as the compiled code is kept.
    ///
    /// # Errors
    /// It cannot be served.
    fn prepare(
        &self,
        name: &str,
        digest: &PluginDigest,
        wasm: &[u8],
        seen: &[u8],
        manifest: &crate::Manifest,
    ) -> Result<Prepared, PrepareError>;

    /// Whether the code of a plugin that is served is still there; it is prepared again where it is not. Blocking.
    fn has(&self, _prepared: &Prepared) -> bool {
        true
    }

    /// The code with these ids is served or belongs to a job: any other may be dropped. Called after plugins
    /// were prepared. Blocking.
    fn in_use(&self, _code_ids: &HashSet<String>) {}
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

/// What is wrong with a plugin without a manifest.
pub(crate) const NO_MANIFEST: &str = "it has no manifest";

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
    /// Where in its manifest it is, if it is there.
    pub in_manifest: Option<Box<ManifestPlace>>,
}

/// Where in a manifest a problem is, with the text to show of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestPlace {
    /// What holds the manifest, as messages name it.
    pub label: String,
    /// All of the manifest.
    pub text: Arc<str>,
    /// In bytes of it.
    pub span: Range<usize>,
    /// The problem's message without the place that it begins with.
    pub fault: String,
}

impl Problem {
    /// Of one file; the message begins with its path.
    pub(crate) fn of(file: &Path, fault: String, remedy: &str) -> Problem {
        Problem {
            files: vec![file.to_owned()],
            message: format!("{}: {fault}", file.display()),
            remedy: remedy.to_owned(),
            older_served: false,
            in_manifest: None,
        }
    }

    /// The message without the path that it begins with.
    pub(crate) fn fault(&self) -> String {
        let path = self.file().map(|file| format!("{}: ", file.display()));
        path.and_then(|path| self.message.strip_prefix(&path))
            .unwrap_or(&self.message)
            .to_owned()
    }

    /// Whether it is that a plugin has no manifest at all.
    #[must_use]
    pub fn is_no_manifest(&self) -> bool {
        self.fault() == NO_MANIFEST
    }

    /// The first file.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.files.first().map(PathBuf::as_path)
    }
}
