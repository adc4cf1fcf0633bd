//! The manifest as CodePipeline's action type.

use serde_json::{Map, Value, json};

use super::model::{ArtifactCounts, Manifest, Property};

impl Manifest {
    /// What `aws codepipeline create-custom-action-type --cli-input-json` takes.
    #[must_use]
    pub fn action_type_json(&self) -> Value {
        let key = self.key();
        let mut action_type = Map::new();
        action_type.insert("category".to_owned(), json!(key.category));
        action_type.insert("provider".to_owned(), json!(key.provider));
        action_type.insert("version".to_owned(), json!(key.version));
        let settings = self.settings();
        if !settings.is_empty() {
            action_type.insert("settings".to_owned(), Value::Object(settings));
        }
        if !self.properties.is_empty() {
            let properties = self.properties.iter().map(property).collect();
            action_type.insert("configurationProperties".to_owned(), properties);
        }
        action_type.insert(
            "inputArtifactDetails".to_owned(),
            details(self.inputs.counts),
        );
        action_type.insert(
            "outputArtifactDetails".to_owned(),
            details(self.outputs.counts),
        );
        Value::Object(action_type)
    }

    fn settings(&self) -> Map<String, Value> {
        let urls = &self.action.urls;
        [
            (
                "thirdPartyConfigurationUrl",
                &urls.third_party_configuration,
            ),
            ("entityUrlTemplate", &urls.entity),
            ("executionUrlTemplate", &urls.execution),
            ("revisionUrlTemplate", &urls.revision),
        ]
        .into_iter()
        .filter_map(|(name, url)| Some((name.to_owned(), json!(url.as_ref()?))))
        .collect()
    }
}

fn property(property: &Property) -> Value {
    let mut value = json!({
        "name": property.name,
        "required": property.required,
        "key": property.key,
        "secret": property.secret,
        "queryable": property.queryable,
        "type": property.kind.as_str(),
    });
    if let Some(description) = &property.description {
        value["description"] = json!(description);
    }
    value
}

fn details(counts: ArtifactCounts) -> Value {
    json!({ "minimumCount": counts.min, "maximumCount": counts.max })
}
