//! Action types as the service has them.

use aws_sdk_codepipeline::types;

use crate::convert;
use crate::ids::ActionTypeId;

/// A custom action type that is registered in the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredActionType {
    /// Category, provider and version.
    pub id: ActionTypeId,
    /// Its configuration properties, in the order of registration.
    pub properties: Vec<RegisteredProperty>,
    /// How many input artifacts it takes.
    pub inputs: ArtifactCounts,
    /// How many output artifacts it makes.
    pub outputs: ArtifactCounts,
}

/// A configuration property of a registered action type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredProperty {
    /// At most 50 characters.
    pub name: String,
    /// Pipelines must give it.
    pub required: bool,
    /// Part of what identifies an action.
    pub key: bool,
    /// Shown as asterisks.
    pub secret: bool,
    /// May be, and then must be, given with a poll.
    pub queryable: bool,
}

/// Bounds of a number of artifacts, 0 to 5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArtifactCounts {
    /// At least.
    pub min: u32,
    /// At most.
    pub max: u32,
}

impl RegisteredActionType {
    pub(crate) fn from_sdk(registered: types::ActionType) -> Option<Self> {
        let property = |property: types::ActionConfigurationProperty| RegisteredProperty {
            name: property.name,
            required: property.required,
            key: property.key,
            secret: property.secret,
            queryable: property.queryable,
        };
        Some(Self {
            id: registered.id.and_then(convert::action_type)?,
            properties: registered
                .action_configuration_properties
                .unwrap_or_default()
                .into_iter()
                .map(property)
                .collect(),
            inputs: counts(registered.input_artifact_details.as_ref()),
            outputs: counts(registered.output_artifact_details.as_ref()),
        })
    }
}

fn counts(details: Option<&types::ArtifactDetails>) -> ArtifactCounts {
    let count = |number: i32| u32::try_from(number).unwrap_or(0);
    details.map_or_else(ArtifactCounts::default, |details| ArtifactCounts {
        min: count(details.minimum_count),
        max: count(details.maximum_count),
    })
}
