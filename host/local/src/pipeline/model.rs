//! What is declared to the service: action types and pipelines, as they travel.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Names an action type. `Display` words it as the service does in messages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct ActionTypeId {
    pub(super) category: String,
    pub(super) owner: String,
    pub(super) provider: String,
    pub(super) version: String,
}

impl ActionTypeId {
    fn aws(category: &str, provider: &str) -> Self {
        Self {
            category: category.into(),
            owner: "AWS".into(),
            provider: provider.into(),
            version: "1".into(),
        }
    }

    /// The S3 source action, which the service itself runs.
    pub(super) fn s3_source() -> Self {
        Self::aws("Source", "S3")
    }

    /// The manual approval, which somebody answers with PutApprovalResult.
    pub(super) fn manual_approval() -> Self {
        Self::aws("Approval", "Manual")
    }

    /// `Custom/Build/Site/1`, as in messages of ours.
    pub(super) fn short(&self) -> String {
        format!(
            "{}/{}/{}/{}",
            self.owner, self.category, self.provider, self.version
        )
    }
}

impl std::fmt::Display for ActionTypeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            category,
            owner,
            provider,
            version,
        } = self;
        write!(
            f,
            "ActionType (Category: '{category}', Owner: '{owner}', Provider: '{provider}', \
             Version: '{version}')"
        )
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActionType {
    pub(super) id: ActionTypeId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) settings: Option<Settings>,
    pub(super) action_configuration_properties: Vec<Property>,
    pub(super) input_artifact_details: ArtifactDetails,
    pub(super) output_artifact_details: ArtifactDetails,
}

impl ActionType {
    /// The types of the service itself: the S3 source, and the manual approval.
    pub(super) fn built_in() -> [Self; 2] {
        let property = |name: &str, required, description: &str| Property {
            name: name.into(),
            required,
            key: required,
            secret: false,
            queryable: Some(false),
            description: Some(description.into()),
            kind: None,
        };
        let none = ArtifactDetails {
            minimum_count: 0,
            maximum_count: 0,
        };
        let source = Self {
            id: ActionTypeId::s3_source(),
            settings: None,
            action_configuration_properties: vec![
                property("S3Bucket", true, "The bucket, which must be versioned"),
                property("S3ObjectKey", true, "The key of the object"),
                property(
                    "PollForSourceChanges",
                    false,
                    "false: changes start nothing",
                ),
                property(
                    "AllowOverrideForS3ObjectKey",
                    false,
                    "Accepted, and without effect",
                ),
            ],
            input_artifact_details: none,
            output_artifact_details: ArtifactDetails {
                minimum_count: 1,
                maximum_count: 1,
            },
        };
        let approval = Self {
            id: ActionTypeId::manual_approval(),
            settings: None,
            action_configuration_properties: vec![
                property("NotificationArn", false, "Accepted, and without effect"),
                property("CustomData", false, "What whoever approves should know"),
                property("ExternalEntityLink", false, "What is to be approved"),
            ],
            input_artifact_details: none,
            output_artifact_details: none,
        };
        [source, approval]
    }

    pub(super) fn property(&self, name: &str) -> Option<&Property> {
        self.action_configuration_properties
            .iter()
            .find(|property| property.name == name)
    }

    /// The property that pollers may select by, if there is one.
    pub(super) fn queryable(&self) -> Option<&Property> {
        self.action_configuration_properties
            .iter()
            .find(|property| property.queryable == Some(true))
    }

    /// A configuration with the values of secret properties as asterisks.
    pub(super) fn mask(&self, configuration: &Configuration) -> Configuration {
        let masked = |(name, value): (&String, &String)| {
            let secret = self.property(name).is_some_and(|property| property.secret);
            (
                name.clone(),
                if secret {
                    MASK.to_owned()
                } else {
                    value.clone()
                },
            )
        };
        configuration.iter().map(masked).collect()
    }
}

/// What a secret reads as, wherever it is not job data.
pub(super) const MASK: &str = "****";

/// An action's configuration.
pub(super) type Configuration = BTreeMap<String, String>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) key: bool,
    pub(super) secret: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) queryable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) third_party_configuration_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) entity_url_template: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) execution_url_template: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revision_url_template: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArtifactDetails {
    pub(super) minimum_count: usize,
    pub(super) maximum_count: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pipeline {
    pub(super) name: String,
    pub(super) role_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) artifact_store: Option<ArtifactStore>,
    #[serde(default, skip_serializing)]
    pub(super) artifact_stores: Option<Value>,
    pub(super) stages: Vec<Stage>,
    #[serde(default = "first_version")]
    pub(super) version: i64,
    #[serde(default)]
    pub(super) execution_mode: ExecutionMode,
    #[serde(default = "first_pipeline_type")]
    pub(super) pipeline_type: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) variables: Vec<VariableDeclaration>,
    #[serde(default, skip_serializing)]
    pub(super) triggers: Option<Value>,
}

fn first_version() -> i64 {
    1
}

/// A pipeline that does not say is of the first type, as on AWS.
fn first_pipeline_type() -> String {
    "V1".into()
}

/// How executions that meet at a stage behave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum ExecutionMode {
    /// One waits; a newer one takes its place.
    #[default]
    Superseded,
    /// All wait, in order.
    Queued,
    /// None waits. Not built.
    Parallel,
}

impl ExecutionMode {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Superseded => "SUPERSEDED",
            Self::Queued => "QUEUED",
            Self::Parallel => "PARALLEL",
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArtifactStore {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) location: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) encryption_key: Option<EncryptionKey>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct EncryptionKey {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VariableDeclaration {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) default_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) actions: Vec<Action>,
    #[serde(default, skip_serializing)]
    pub(super) blockers: Option<Value>,
    #[serde(default, skip_serializing)]
    pub(super) on_failure: Option<Value>,
    #[serde(default, skip_serializing)]
    pub(super) on_success: Option<Value>,
    #[serde(default, skip_serializing)]
    pub(super) before_entry: Option<Value>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Action {
    pub(super) name: String,
    pub(super) action_type_id: ActionTypeId,
    #[serde(default = "first_run_order")]
    pub(super) run_order: u32,
    #[serde(default)]
    pub(super) configuration: Configuration,
    #[serde(default)]
    pub(super) output_artifacts: Vec<ArtifactName>,
    #[serde(default)]
    pub(super) input_artifacts: Vec<ArtifactName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timeout_in_minutes: Option<u32>,
    #[serde(default, skip_serializing)]
    pub(super) commands: Option<Value>,
    #[serde(default, skip_serializing)]
    pub(super) output_variables: Option<Value>,
    #[serde(default, skip_serializing)]
    pub(super) environment_variables: Option<Value>,
}

fn first_run_order() -> u32 {
    1
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ArtifactName {
    pub(super) name: String,
    #[serde(default, skip_serializing)]
    pub(super) files: Option<Value>,
}
