//! What is registered of an action type against what a plugin's manifest says.
//!
//! A custom action type cannot be changed once it is registered, so a difference ends in another version of it
//! or in another manifest. What makes every job fail, keeps polls from working or shows a secret is an error; what
//! only some pipelines will meet is a warning.

use pipefitter_codepipeline::{ArtifactCounts as Registered, Owner, RegisteredActionType};
use pipefitter_plugins::{ArtifactCounts, Manifest};

/// One thing that is not the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// In words.
    pub(crate) message: String,
    /// Only some pipelines will meet it.
    pub(crate) warning: bool,
}

/// What to do about one.
pub(crate) fn remedy(owner: Owner) -> &'static str {
    match owner {
        Owner::Custom => {
            "change the manifest, or register its type under another version (`pipefitter action-type json` prints the \
             request) and have pipelines use that"
        }
        Owner::ThirdParty => {
            "change the manifest, or have CodePipeline's team change the partner's action type"
        }
    }
}

pub(crate) fn differences(
    manifest: &Manifest,
    registered: &RegisteredActionType,
) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differs = |warning: bool, message: String| found.push(Difference { message, warning });
    for property in &manifest.properties {
        let name = &property.name;
        let there = registered
            .properties
            .iter()
            .find(|other| other.name == *name);
        let Some(other) = there else {
            let what = match property.required {
                true => "so that every job fails for want of it",
                false => "so that no pipeline can set it",
            };
            differs(
                !property.required,
                format!("property `{name}` of the manifest is not registered, {what}"),
            );
            continue;
        };
        match (property.secret, other.secret) {
            (true, false) => differs(
                false,
                format!(
                    "property `{name}` is secret for the plugin and not registered as secret: CodePipeline shows its \
                     value in clear"
                ),
            ),
            (false, true) => differs(
                false,
                format!(
                    "property `{name}` is registered as secret and not secret in the manifest: the worker would not \
                     mask its value in logs"
                ),
            ),
            _ => {}
        }
        match (property.required, other.required) {
            (true, false) => differs(
                true,
                format!(
                    "property `{name}` is required by the plugin and registered as optional: jobs of pipelines without \
                     it fail"
                ),
            ),
            (false, true) => differs(
                true,
                format!(
                    "property `{name}` is optional for the plugin and registered as required: every pipeline has to \
                     set it"
                ),
            ),
            _ => {}
        }
        // A partner's poll takes no query.
        if property.queryable != other.queryable && registered.id.owner == Owner::Custom {
            let (is, is_not) = match other.queryable {
                true => ("registered as queryable", "not queryable in the manifest"),
                false => ("queryable in the manifest", "not registered as queryable"),
            };
            differs(
                false,
                format!(
                    "property `{name}` is {is} and {is_not}: CodePipeline refuses the polls for it"
                ),
            );
        }
    }
    for other in &registered.properties {
        if manifest.property(&other.name).is_none() {
            let what = match other.required {
                true => "every job fails, since it has one that the plugin does not know",
                false => "jobs of pipelines that set it fail",
            };
            differs(
                !other.required,
                format!(
                    "property `{}` is registered and not in the manifest: {what}",
                    other.name
                ),
            );
        }
    }
    for (what, asked, other) in [
        ("input", manifest.inputs.counts, registered.inputs),
        ("output", manifest.outputs.counts, registered.outputs),
    ] {
        if let Some(warning) = counts_differ(asked, other) {
            differs(
                warning,
                format!(
                    "{what} artifacts are registered as {} to {}, and the plugin takes {} to {}: jobs of pipelines with \
                     another number fail",
                    other.min, other.max, asked.min, asked.max
                ),
            );
        }
    }
    found
}

/// Whether a pipeline may have a number that the plugin does not take, and whether some number is right for both.
fn counts_differ(asked: ArtifactCounts, registered: Registered) -> Option<bool> {
    let within = asked.min <= registered.min && registered.max <= asked.max;
    let meet = asked.min.max(registered.min) <= asked.max.min(registered.max);
    (!within).then_some(meet)
}

#[cfg(test)]
mod tests {
    use pipefitter_codepipeline::{ActionTypeId, RegisteredProperty};

    use super::*;

    const MANIFEST: &str = r#"
[action]
category = "Build"
provider = "Site"
version = "1"
[[property]]
name = "team"
type = "string"
required = true
queryable = true
[[property]]
name = "token"
type = "string"
secret = true
required = false
[[property]]
name = "title"
type = "string"
required = false
[inputs]
min = 1
max = 2
[outputs]
min = 1
max = 1
"#;

    fn property(name: &str, required: bool, secret: bool, queryable: bool) -> RegisteredProperty {
        RegisteredProperty {
            name: name.to_owned(),
            required,
            key: false,
            secret,
            queryable,
        }
    }

    fn registered(owner: Owner, properties: Vec<RegisteredProperty>) -> RegisteredActionType {
        RegisteredActionType {
            id: ActionTypeId {
                category: "Build".to_owned(),
                owner,
                provider: "Site".to_owned(),
                version: "1".to_owned(),
            },
            properties,
            inputs: Registered { min: 1, max: 2 },
            outputs: Registered { min: 1, max: 1 },
        }
    }

    fn as_asked() -> Vec<RegisteredProperty> {
        vec![
            property("team", true, false, true),
            property("token", false, true, false),
            property("title", false, false, false),
        ]
    }

    fn shown(registered: &RegisteredActionType) -> String {
        let manifest = Manifest::parse(MANIFEST, "action.toml").unwrap();
        let lines = differences(&manifest, registered).into_iter().map(|found| {
            let kind = if found.warning { "warning" } else { "error" };
            format!("{kind}: {}", found.message)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_is_the_same_has_no_difference() {
        assert_eq!(shown(&registered(Owner::Custom, as_asked())), "");
    }

    #[test]
    fn each_difference_is_told_with_what_it_does() {
        let mut secrets = as_asked();
        secrets[1].secret = false;
        secrets[2].secret = true;
        let mut required = as_asked();
        required[0].required = false;
        required[2].required = true;
        let mut queryable = as_asked();
        queryable[0].queryable = false;
        queryable[2].queryable = true;
        let mut others = as_asked();
        others.remove(0);
        others.remove(1);
        others.push(property("new", true, false, false));
        others.push(property("more", false, false, false));
        let mut counts = registered(Owner::Custom, as_asked());
        counts.inputs = Registered { min: 0, max: 5 };
        counts.outputs = Registered { min: 0, max: 0 };
        let told: Vec<String> = [secrets, required, queryable.clone(), others]
            .into_iter()
            .map(|properties| shown(&registered(Owner::Custom, properties)))
            .chain([shown(&counts)])
            .collect();
        insta::assert_snapshot!(told.join("\n\n"));
        // A partner's type is not polled by query.
        assert_eq!(shown(&registered(Owner::ThirdParty, queryable)), "");
    }
}
