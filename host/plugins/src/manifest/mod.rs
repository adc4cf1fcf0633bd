//! The manifest, `action.toml`: which action type a plugin serves, and what it asks for.
//!
//! It is read from the spanned tree that the TOML parser makes, table by table, and not through serde:
//! serde stops at the first fault, and whoever writes a manifest wants all of them at once, each with its
//! line and what to write instead. What CodePipeline would refuse when the action type is created is refused
//! here, long before.

mod action_type;
mod check;
mod configuration;
mod model;
mod problem;
mod read;
mod table;
mod urls;

pub use configuration::ConfigurationProblem;
pub use model::{
    ActionDecl, ActionUrls, ArtifactCounts, Capabilities, DirectoryAsk, Inputs, LimitsAsked,
    Manifest, Outputs, Property, PropertyType, UnpackMode,
};
pub use problem::ManifestProblem;
