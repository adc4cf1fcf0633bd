//! What was made in the account, and its removal.
//!
//! A thing is noted before it is asked for: a call whose answer is lost may have made it. It is struck out
//! when it is known to be gone. Action types go after the pipelines that use them, a bucket once it is
//! empty.

use std::cell::RefCell;

use crate::account::{Account, Written};
use crate::call::CallError;
use crate::names::{PIPELINES, PROVIDERS, key_prefix};

/// Something that a probe made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A pipeline with its executions, by name.
    Pipeline(String),
    /// A custom action type.
    ActionType {
        /// `Source` or `Build`.
        category: String,
        /// Begins with `PipefitterProbe-`.
        provider: String,
        /// Always 1, so far.
        version: String,
    },
    /// An object, or a version of one.
    Object {
        /// The artifact bucket.
        bucket: String,
        /// The key.
        key: String,
        /// The version, in a bucket with versions.
        version: Option<String>,
    },
    /// A bucket of the probe's own, with all that is in it.
    Bucket(String),
}

impl Thing {
    pub(crate) fn object(written: Written) -> Self {
        Self::Object {
            bucket: written.place.bucket,
            key: written.place.key,
            version: written.version,
        }
    }

    /// The command that removes it.
    #[must_use]
    pub fn removal(&self, region: &str, endpoint: Option<&str>) -> String {
        let command = match self {
            Self::Pipeline(name) => format!("codepipeline delete-pipeline --name {name}"),
            Self::ActionType {
                category,
                provider,
                version,
            } => format!(
                "codepipeline delete-custom-action-type --category {category} --provider {provider} \
                 --action-version {version}"
            ),
            Self::Object {
                bucket,
                key,
                version,
            } => {
                let version = version.as_ref().map(|id| format!(" --version-id {id}"));
                let version = version.unwrap_or_default();
                format!("s3api delete-object --bucket {bucket} --key '{key}'{version}")
            }
            Self::Bucket(name) => format!("s3 rb --force s3://{name}"),
        };
        let endpoint = endpoint.map(|url| format!(" --endpoint-url {url}"));
        format!(
            "aws {command} --region {region}{}",
            endpoint.unwrap_or_default()
        )
    }
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pipeline(name) => write!(f, "pipeline {name}"),
            Self::ActionType {
                category,
                provider,
                version,
            } => write!(f, "action type Custom/{category}/{provider}/{version}"),
            Self::Object { bucket, key, .. } => write!(f, "object s3://{bucket}/{key}"),
            Self::Bucket(name) => write!(f, "bucket {name}"),
        }
    }
}

/// What could not be removed, and why.
#[derive(Clone, Debug)]
pub struct Left {
    /// The thing.
    pub thing: Thing,
    /// Why it is still there, or may be.
    pub why: String,
}

/// Things that are there, or may be.
#[derive(Default)]
pub(crate) struct Estate(RefCell<Vec<Thing>>);

impl Estate {
    pub(crate) fn note(&self, thing: Thing) {
        let mut things = self.0.borrow_mut();
        if !things.contains(&thing) {
            things.push(thing);
        }
    }

    /// It is known not to be there.
    pub(crate) fn strike(&self, thing: &Thing) {
        self.0.borrow_mut().retain(|noted| noted != thing);
    }

    pub(crate) fn things(&self) -> Vec<Thing> {
        let mut things = self.0.borrow().clone();
        things.sort_by_key(|thing| match thing {
            Thing::Pipeline(_) => 0,
            Thing::ActionType { .. } => 1,
            Thing::Object { .. } => 2,
            Thing::Bucket(_) => 3,
        });
        things
    }

    /// Removes everything; what cannot be removed is told. `told` hears of each thing before it goes.
    pub(crate) async fn remove_all(&self, account: &Account, told: &dyn Fn(&Thing)) -> Vec<Left> {
        let mut left = Vec::new();
        for thing in self.things() {
            told(&thing);
            match remove(account, &thing).await {
                Ok(()) => self.strike(&thing),
                Err(error) => left.push(Left {
                    thing,
                    why: error.to_string(),
                }),
            }
        }
        left
    }
}

async fn remove(account: &Account, thing: &Thing) -> Result<(), CallError> {
    match thing {
        Thing::Pipeline(name) => account.delete_pipeline(name).await,
        Thing::ActionType {
            category,
            provider,
            version,
        } => account.delete_type(category, provider, version).await,
        Thing::Object {
            bucket,
            key,
            version,
        } => {
            let place = crate::account::Place {
                bucket: bucket.clone(),
                key: key.clone(),
            };
            let version = version.clone();
            account.delete_object(&Written { place, version }).await
        }
        Thing::Bucket(name) => {
            // One whose making was refused is not there to be listed.
            match account.objects(name, "").await {
                Ok(objects) => {
                    for object in objects {
                        account.delete_object(&object).await?;
                    }
                }
                Err(error) if error.is("NoSuchBucket") => return Ok(()),
                Err(error) => return Err(error),
            }
            account.delete_bucket(name).await
        }
    }
}

/// What earlier probes left, and what could not be looked for.
pub(crate) async fn leftovers(account: &Account, notes: &mut Vec<String>) -> Vec<Thing> {
    let mut found = Vec::new();
    let mut own_buckets = Vec::new();
    match account.pipelines(PIPELINES).await {
        Ok(names) => {
            for name in names {
                let bucket = account.bucket_of(&name).await.ok().flatten();
                match bucket {
                    Some(bucket) if bucket.starts_with(PIPELINES) => own_buckets.push(bucket),
                    Some(bucket) => match account.objects(&bucket, &key_prefix(&name)).await {
                        Ok(objects) => found.extend(objects.into_iter().map(Thing::object)),
                        Err(error) => {
                            notes.push(format!("objects of {name} were not found: {error}"))
                        }
                    },
                    None => notes.push(format!("the bucket of {name} was not found")),
                }
                found.push(Thing::Pipeline(name));
            }
        }
        Err(error) => notes.push(format!("pipelines were not looked for: {error}")),
    }
    match account.types(PROVIDERS).await {
        Ok(types) => {
            found.extend(
                types
                    .into_iter()
                    .map(|(category, provider, version)| Thing::ActionType {
                        category,
                        provider,
                        version,
                    }),
            )
        }
        Err(error) => notes.push(format!("action types were not looked for: {error}")),
    }
    match account.buckets(PIPELINES).await {
        Ok(buckets) => own_buckets.extend(buckets),
        // Only who may make buckets is given the right to list them.
        Err(error) if error.is("AccessDenied") => {}
        Err(error) => notes.push(format!("buckets were not looked for: {error}")),
    }
    own_buckets.sort();
    own_buckets.dedup();
    found.extend(own_buckets.into_iter().map(Thing::Bucket));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn things() -> Vec<Thing> {
        vec![
            Thing::Bucket("pipefitter-probe-abcd1234".into()),
            Thing::Object {
                bucket: "artifacts".into(),
                key: "pipefitter-probe-abc/Source/1234567".into(),
                version: Some("v1".into()),
            },
            Thing::ActionType {
                category: "Build".into(),
                provider: "PipefitterProbe-abcd1234".into(),
                version: "1".into(),
            },
            Thing::Pipeline("pipefitter-probe-abcd1234-batch".into()),
        ]
    }

    #[test]
    fn each_thing_has_the_command_that_removes_it() {
        let commands: Vec<String> = things()
            .iter()
            .map(|thing| format!("{thing}\n  {}", thing.removal("eu-central-1", None)))
            .collect();
        insta::assert_snapshot!(commands.join("\n"));
        let elsewhere = things()[3].removal("us-east-1", Some("http://127.0.0.1:4510"));
        assert!(elsewhere.ends_with("--endpoint-url http://127.0.0.1:4510"));
    }

    #[test]
    fn things_go_in_the_order_in_which_they_can() {
        let estate = Estate::default();
        for thing in things().into_iter().chain(things()) {
            estate.note(thing);
        }
        let order = estate.things();
        assert_eq!(order.len(), 4, "each once");
        assert!(matches!(order[0], Thing::Pipeline(_)) && matches!(order[3], Thing::Bucket(_)));
        estate.strike(&order[0]);
        assert_eq!(estate.things().len(), 3);
    }
}
