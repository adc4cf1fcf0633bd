//! What a manifest says, once it is known to be good.

use std::fmt;

use super::language::Language;
use crate::contract::ActionTypeKey;
use crate::limits::LimitValues;

/// A whole manifest. Only [`Manifest::parse`] makes one, so it keeps every limit of CodePipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Manifest {
    /// `[action]`.
    pub action: ActionDecl,
    /// `[[property]]`, in the order of the file; at most 10.
    pub properties: Vec<Property>,
    /// `[inputs]`.
    pub inputs: Inputs,
    /// `[outputs]`.
    pub outputs: Outputs,
    /// `[limits]`: what the plugin wants; the operator's bounds apply on top.
    pub limits: LimitValues,
    /// `[capabilities]`.
    pub capabilities: Capabilities,
    /// `[build]`: nothing that a host goes by.
    pub build: BuildDecl,
}

impl Manifest {
    /// The action type.
    #[must_use]
    pub fn key(&self) -> &ActionTypeKey {
        &self.action.key
    }

    /// Whether it may run again after a crash: `[action] retry-safe`.
    #[must_use]
    pub fn retry_safe(&self) -> bool {
        self.action.retry_safe
    }

    /// Whether it can hand over in mid-job: `[action] resumable`.
    #[must_use]
    pub fn resumable(&self) -> bool {
        self.action.resumable
    }

    /// A property by name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties
            .iter()
            .find(|property| property.name == name)
    }

    /// Names of the properties whose values must not be shown.
    pub fn secret_properties(&self) -> impl Iterator<Item = &str> {
        self.properties
            .iter()
            .filter(|property| property.secret)
            .map(|property| property.name.as_str())
    }

    /// The property that pollers select jobs by, if there is one.
    #[must_use]
    pub fn queryable_property(&self) -> Option<&Property> {
        self.properties.iter().find(|property| property.queryable)
    }
}

/// The action type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionDecl {
    /// Category, provider, version.
    pub key: ActionTypeKey,
    /// For people; ours, not CodePipeline's.
    pub description: Option<String>,
    /// It may run at least once and at most three times, instead of at most once.
    pub retry_safe: bool,
    /// It can stop on request and go on from a token.
    pub resumable: bool,
    /// Links that the console shows.
    pub urls: ActionUrls,
}

/// Settings of the action type: each 1 to 2,048 characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionUrls {
    /// To what the action works on; a template.
    pub entity: Option<String>,
    /// To one execution; a template.
    pub execution: Option<String>,
    /// To where the action is configured; a template.
    pub revision: Option<String>,
    /// Where users sign up with the external service.
    pub third_party_configuration: Option<String>,
}

/// One configuration property of the action type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// 1 to 50 characters.
    pub name: String,
    /// What its value must read as; CodePipeline carries every value as text.
    pub kind: PropertyType,
    /// A pipeline must set it.
    pub required: bool,
    /// It tells actions of this type apart.
    pub key: bool,
    /// Its value is never shown.
    pub secret: bool,
    /// Pollers select jobs by it.
    pub queryable: bool,
    /// 1 to 160 characters, shown in the console.
    pub description: Option<String>,
}

/// Type of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyType {
    /// Any text.
    String,
    /// A decimal number.
    Number,
    /// `true` or `false`.
    Boolean,
}

impl PropertyType {
    /// As CodePipeline spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            PropertyType::String => "String",
            PropertyType::Number => "Number",
            PropertyType::Boolean => "Boolean",
        }
    }
}

impl fmt::Display for PropertyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many artifacts: 0 to 5, `min` at most `max`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArtifactCounts {
    /// At least.
    pub min: u32,
    /// At most.
    pub max: u32,
}

/// Whether an input archive is unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnpackMode {
    /// If its content is an archive that we know.
    #[default]
    Auto,
    /// Placed as one file.
    Never,
}

/// Input artifacts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// How many.
    pub counts: ArtifactCounts,
    pub(crate) unpack: Unpack,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unpack {
    All(UnpackMode),
    Each(Vec<UnpackMode>),
}

impl Default for Unpack {
    fn default() -> Self {
        Unpack::All(UnpackMode::default())
    }
}

impl Inputs {
    /// What to do with the input at `position`, from 0, in the order of the job's input artifacts.
    #[must_use]
    pub fn unpack(&self, position: usize) -> UnpackMode {
        match &self.unpack {
            Unpack::All(mode) => *mode,
            Unpack::Each(modes) => modes.get(position).copied().unwrap_or_default(),
        }
    }
}

/// Output artifacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// How many.
    pub counts: ArtifactCounts,
    /// A declared output that was left empty is uploaded as it is instead of failing the job.
    pub allow_empty: bool,
}

/// What the plugin wants to touch; nothing of it is granted by asking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// A directory of its own for the time of the job.
    pub scratch: bool,
    /// Directories of the host.
    pub directories: Vec<DirectoryAsk>,
    /// What it wants to reach by outgoing HTTP.
    pub network: Vec<NetworkAsk>,
    /// Secrets that it wants to read.
    pub secrets: Vec<SecretAsk>,
}

/// Something that the plugin wants to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkAsk {
    /// As a grant names it, such as `https://api.example.com`.
    pub to: String,
    /// Whether the plugin is of use without: it is then served whether or not this is granted.
    pub optional: bool,
    /// What for; shown to the operator.
    pub reason: Option<String>,
}

/// A secret that the plugin wants to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretAsk {
    /// The name that the plugin asks for.
    pub name: String,
    /// Whether the plugin is of use without: it is then served whether or not this is granted.
    pub optional: bool,
    /// What for; shown to the operator.
    pub reason: Option<String>,
}

/// A directory of the host that the plugin wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryAsk {
    /// Where the plugin sees it: an absolute path without `.` and `..`.
    pub guest: String,
    /// Whether it writes there.
    pub write: bool,
    /// What for; shown to the operator.
    pub reason: Option<String>,
}

/// How the plugin is built from its sources, where its folder does not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildDecl {
    /// The language.
    pub language: Option<Language>,
    /// The SDK's folder, relative to the plugin's, for a plugin that does not bring its own copy.
    pub sdk: Option<String>,
    /// A command of the author's that builds it.
    pub command: Option<BuildCommand>,
    /// What runs JavaScript.
    pub engine: Option<Engine>,
}

/// A command that builds a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildCommand {
    /// The program and its arguments; never empty.
    pub words: Vec<String>,
    /// The .wasm that it makes, relative to the plugin's folder.
    pub output: String,
}

/// What runs JavaScript inside of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Small and quick to start.
    Quickjs,
    /// With the web's functions, `fetch` among them.
    Starlingmonkey,
}

impl Engine {
    /// As manifests spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Engine::Quickjs => "quickjs",
            Engine::Starlingmonkey => "starlingmonkey",
        }
    }
}
