//! The manifest, `action.toml`: which action type a plugin serves, and what it asks for.
//!
//! It is read with [`toml_table`](crate::toml_table), so whoever writes one is told of all its faults at once.
//! What CodePipeline would refuse when the action type is created is refused here, long before.

mod action_type;
mod asks;
mod build;
mod check;
mod configuration;
mod language;
mod model;
mod problem;
mod read;
mod urls;

pub use configuration::ConfigurationProblem;
pub use language::Language;
pub use model::{
    ActionDecl, ActionUrls, ArtifactCounts, BuildCommand, BuildDecl, Capabilities, DirectoryAsk,
    Engine, Inputs, Manifest, NetworkAsk, Outputs, Property, PropertyType, SecretAsk, UnpackMode,
};
pub use problem::ManifestProblem;
