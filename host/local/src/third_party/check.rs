//! What [`super::ThirdParty`] must satisfy.

use std::collections::HashSet;

use secrecy::ExposeSecret;

use super::{CATEGORIES, ThirdParty, ThirdPartyActionType, ThirdPartyClient, ThirdPartyFault};

impl ThirdParty {
    /// Everything that is not valid, in order. The ranges are those of the service's model of
    /// 2015-07-09 (ActionTypeDeclaration, ClientId, ClientToken).
    #[must_use]
    pub fn faults(&self) -> Vec<ThirdPartyFault> {
        let mut faults = Faults::default();
        let (mut names, mut ids) = (HashSet::new(), HashSet::new());
        for (index, kind) in self.action_types.iter().enumerate() {
            faults.path = vec!["action-type".to_owned(), index.to_string()];
            kind.check(&mut faults);
            faults.add(
                !names.insert(kind.name()),
                "version",
                || format!("there are two action types {}", kind.name()),
                "give one of them another version, or take it out",
            );
            faults.each("client", &kind.clients, |faults, client| {
                client.check(faults);
                faults.add(
                    !ids.insert(client.id.clone()),
                    "id",
                    || format!("two clients have the id `{}`", client.id),
                    "give each connection an id of its own: `uuidgen` makes one",
                );
            });
        }
        faults.found
    }
}

impl ThirdPartyActionType {
    fn check(&self, faults: &mut Faults) {
        faults.add(
            !CATEGORIES.contains(&self.category.as_str()),
            "category",
            || {
                format!(
                    "`{}` is not a category of third-party actions",
                    self.category
                )
            },
            "use Source, Build, Deploy, Test or Invoke",
        );
        for (key, text, most) in [
            ("provider", &self.provider, 35),
            ("version", &self.version, 9),
        ] {
            faults.add(
                !(is_within(text, 1, most) && is_word(text)),
                key,
                || format!("`{text}` is not a {key}"),
                &format!("use 1 to {most} letters, digits, `-` and `_`"),
            );
        }
        faults.text("description", self.description.as_deref(), 1024);
        faults.add(
            self.job_timeout
                .is_some_and(|t| t.subsec_nanos() > 0 || !(60..=43_200).contains(&t.as_secs())),
            "job-timeout",
            || "a job's timeout is from one minute to twelve hours, in whole seconds".to_owned(),
            "write one such as \"1h\"",
        );
        for (key, counts) in [("inputs", self.inputs), ("outputs", self.outputs)] {
            faults.add(
                counts.maximum > 10 || counts.minimum > counts.maximum,
                key,
                || {
                    format!(
                        "{} to {} is no range of artifacts",
                        counts.minimum, counts.maximum
                    )
                },
                "give a min that is not above max, and a max of at most 10",
            );
        }
        faults.add(
            self.category == "Source" && self.inputs.maximum > 0,
            "inputs",
            || "a Source action takes no input artifacts".to_owned(),
            "take `inputs` out",
        );
        self.check_properties(faults);
        self.check_urls(faults);
        self.check_clients(faults);
    }

    fn check_properties(&self, faults: &mut Faults) {
        faults.add(
            self.properties.len() > 10,
            "property",
            || format!("{} properties are declared", self.properties.len()),
            "an action type has at most 10: take some out",
        );
        let mut names = HashSet::new();
        let mut queryable = false;
        faults.each("property", &self.properties, |faults, property| {
            faults.text("name", Some(&property.name), 50);
            faults.text("description", property.description.as_deref(), 250);
            faults.add(
                !names.insert(&property.name),
                "name",
                || format!("the property `{}` is declared twice", property.name),
                "give each property a name of its own",
            );
            faults.add(
                property.queryable && (!property.required || property.secret),
                "queryable",
                || {
                    format!(
                        "the queryable property `{}` may be left out, or is secret",
                        property.name
                    )
                },
                "a queryable property must be required and not secret",
            );
            faults.add(
                property.queryable && std::mem::replace(&mut queryable, true),
                "queryable",
                || "more than one property is queryable".to_owned(),
                "an action type has at most one: take `queryable` out of the others",
            );
        });
    }

    fn check_urls(&self, faults: &mut Faults) {
        let depth = faults.path.len();
        faults.path.push("urls".to_owned());
        let urls = &self.urls;
        for (key, url) in [
            ("configuration", &urls.configuration),
            ("entity", &urls.entity),
            ("execution", &urls.execution),
            ("revision", &urls.revision),
        ] {
            faults.text(key, url.as_deref(), 2048);
            for piece in url.iter().flat_map(|url| url.split("{Config:").skip(1)) {
                let name = piece.split('}').next().unwrap_or_default();
                faults.add(
                    !self.properties.iter().any(|property| property.name == name),
                    key,
                    || {
                        format!(
                            "the link refers to `{{Config:{name}}}`, and there is no such property"
                        )
                    },
                    "declare the property, or correct the link",
                );
            }
        }
        faults.path.truncate(depth);
    }

    fn check_clients(&self, faults: &mut Faults) {
        let (mut named, mut any) = (HashSet::new(), false);
        faults.each("client", &self.clients, |faults, client| {
            faults.add(
                client.pipelines.is_empty() && std::mem::replace(&mut any, true),
                "pipelines",
                || format!("two clients of {} are for every pipeline", self.name()),
                "give one of them `pipelines = [\"name\"]`",
            );
            for pipeline in &client.pipelines {
                faults.add(
                    !named.insert(pipeline),
                    "pipelines",
                    || {
                        format!(
                            "two clients of {} have the pipeline `{pipeline}`",
                            self.name()
                        )
                    },
                    "name each pipeline once: it belongs to one customer",
                );
            }
        });
    }
}

impl ThirdPartyClient {
    fn check(&self, faults: &mut Faults) {
        faults.add(
            !is_uuid(&self.id),
            "id",
            || format!("`{}` is not a client id", self.id),
            "use a UUID in lower case: `uuidgen` makes one",
        );
        faults.add(
            !is_within(self.token.expose_secret(), 1, 256),
            "token",
            || "a client token has 1 to 256 characters".to_owned(),
            "use another one",
        );
        for pipeline in &self.pipelines {
            let is_name = is_within(pipeline, 1, 100)
                && pipeline
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || ".@-_".contains(c));
            faults.add(
                !is_name,
                "pipelines",
                || format!("`{pipeline}` cannot be a pipeline's name"),
                "use 1 to 100 letters, digits, `.`, `@`, `-` and `_`",
            );
        }
    }
}

/// Collects faults below a path.
#[derive(Default)]
struct Faults {
    path: Vec<String>,
    found: Vec<ThirdPartyFault>,
}

impl Faults {
    fn add(&mut self, is_fault: bool, key: &str, message: impl FnOnce() -> String, remedy: &str) {
        if is_fault {
            let mut path = self.path.clone();
            path.push(key.to_owned());
            self.found.push(ThirdPartyFault {
                path,
                message: message(),
                remedy: remedy.to_owned(),
            });
        }
    }

    fn text(&mut self, key: &str, text: Option<&str>, most: usize) {
        self.add(
            text.is_some_and(|text| !is_within(text, 1, most)),
            key,
            || format!("`{key}` has no character, or more than {most}"),
            &format!("use 1 to {most} characters"),
        );
    }

    fn each<'a, T>(&mut self, key: &str, items: &'a [T], mut check: impl FnMut(&mut Self, &'a T)) {
        let depth = self.path.len();
        for (index, item) in items.iter().enumerate() {
            self.path.extend([key.to_owned(), index.to_string()]);
            check(self, item);
            self.path.truncate(depth);
        }
    }
}

/// Lengths are in UTF-16 units, as the service counts them.
fn is_within(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.encode_utf16().count())
}

fn is_word(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
}

fn is_uuid(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok_and(|id| id.to_string() == text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::third_party::{ArtifactCounts, JobIds, ThirdPartyProperty, ThirdPartyUrls};

    fn partner() -> ThirdParty {
        let client = |id: &str, pipelines: &[&str]| ThirdPartyClient {
            id: format!("{id}0000000-0000-4000-8000-000000000000"),
            token: "t".into(),
            pipelines: pipelines.iter().map(|&p| p.to_owned()).collect(),
        };
        let kind = ThirdPartyActionType {
            category: "Deploy".into(),
            provider: "Partner".into(),
            version: "1".into(),
            description: None,
            job_timeout: Some(Duration::from_secs(60)),
            properties: vec![ThirdPartyProperty {
                name: "project".into(),
                ..ThirdPartyProperty::default()
            }],
            inputs: ArtifactCounts {
                minimum: 0,
                maximum: 10,
            },
            outputs: ArtifactCounts::default(),
            urls: ThirdPartyUrls {
                entity: Some("https://partner.example/{Config:project}".into()),
                ..ThirdPartyUrls::default()
            },
            clients: vec![client("a", &["one", "two"]), client("b", &[])],
        };
        ThirdParty {
            action_types: vec![kind],
            job_ids: JobIds::Uuid,
        }
    }

    #[test]
    fn a_pipelines_client_is_the_one_that_names_it_else_the_one_for_all() {
        let partner = partner();
        assert_eq!(partner.faults(), []);
        let client = |pipeline| &partner.client("Deploy/Partner/1", pipeline).unwrap().id[..1];
        assert_eq!(
            (client("one"), client("two"), client("three")),
            ("a", "a", "b")
        );
        assert!(partner.client("Deploy/Partner/2", "one").is_none());
        let mut bound = partner.clone();
        bound.action_types[0].clients.pop();
        assert!(bound.client("Deploy/Partner/1", "three").is_none());
    }

    #[test]
    fn a_token_is_not_in_debug_text() {
        let mut partner = partner();
        partner.action_types[0].clients[0].token = "hunter2".into();
        assert!(!format!("{partner:?}").contains("hunter2"));
    }

    #[test]
    fn each_fault_is_told_with_its_place() {
        type Change = fn(&mut ThirdPartyActionType);
        let cases: [(&str, Change); 17] = [
            ("category", |k| k.category = "Approval".into()),
            ("provider", |k| k.provider = "not good".into()),
            ("version", |k| k.version = "1234567890".into()),
            ("description", |k| k.description = Some(String::new())),
            ("job-timeout", |k| {
                k.job_timeout = Some(Duration::from_secs(59))
            }),
            ("job-timeout", |k| {
                k.job_timeout = Some(Duration::from_secs(43_201))
            }),
            ("inputs", |k| k.inputs.maximum = 11),
            ("outputs", |k| k.outputs.minimum = 1),
            ("inputs", |k| k.category = "Source".into()),
            ("property.0.name", |k| {
                k.properties[0].name = "n".repeat(51);
                k.urls = ThirdPartyUrls::default();
            }),
            ("property.0.queryable", |k| k.properties[0].queryable = true),
            ("property.1.name", |k| {
                k.properties.push(k.properties[0].clone())
            }),
            ("urls.execution", |k| {
                k.urls.execution = Some("{Config:none}".into())
            }),
            ("client.0.id", |k| {
                k.clients[0].id = k.clients[0].id.to_uppercase()
            }),
            ("client.1.token", |k| {
                k.clients[1].token = "x".repeat(257).into()
            }),
            ("client.0.pipelines", |k| {
                k.clients[0].pipelines.push("one".into())
            }),
            ("client.1.id", |k| k.clients[1].id = k.clients[0].id.clone()),
        ];
        for (place, change) in cases {
            let mut partner = partner();
            change(&mut partner.action_types[0]);
            let faults = partner.faults();
            let found: Vec<String> = faults
                .iter()
                .map(|fault| fault.path[2..].join("."))
                .collect();
            assert_eq!(found, [place], "{faults:?}");
        }
        let mut twice = partner();
        twice.action_types.push(ThirdPartyActionType {
            clients: Vec::new(),
            ..twice.action_types[0].clone()
        });
        assert_eq!(twice.faults()[0].path, ["action-type", "1", "version"]);
    }
}
