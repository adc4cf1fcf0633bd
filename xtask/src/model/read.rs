//! The model, out of the virtual environment's botocore.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::python;

/// botocore keeps it compressed. Members become lists: their order is that of the service's messages.
const PROGRAM: &str = r#"
import gzip, json, os, botocore
path = "data/codepipeline/2015-07-09/service-2.json.gz"
with gzip.open(os.path.join(os.path.dirname(botocore.__file__), path)) as file:
    model = json.load(file)
for shape in model["shapes"].values():
    shape["members"] = list(shape.get("members", {}).items())
print(json.dumps({"operations": model["operations"], "shapes": model["shapes"]}))
"#;

/// What says nothing of which values are allowed.
const NO_CONSTRAINTS: &[&str] = &["box", "documentation"];

#[derive(Deserialize)]
pub(super) struct Model {
    pub(super) operations: BTreeMap<String, Operation>,
    pub(super) shapes: BTreeMap<String, Shape>,
}

#[derive(Deserialize)]
pub(super) struct Operation {
    pub(super) input: Reference,
}

#[derive(Clone, Deserialize)]
pub(super) struct Reference {
    pub(super) shape: String,
}

#[derive(Deserialize)]
pub(super) struct Shape {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) members: Vec<(String, Reference)>,
    #[serde(default)]
    pub(super) required: Vec<String>,
    pub(super) member: Option<Reference>,
    pub(super) key: Option<Reference>,
    pub(super) value: Option<Reference>,
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
    pub(super) pattern: Option<String>,
    #[serde(rename = "enum", default)]
    pub(super) values: Vec<String>,
    #[serde(default)]
    pub(super) sensitive: bool,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

impl Shape {
    /// The shapes that it is made of.
    fn parts(&self) -> impl Iterator<Item = &Reference> {
        let members = self.members.iter().map(|(_, reference)| reference);
        members
            .chain(&self.member)
            .chain(&self.key)
            .chain(&self.value)
    }
}

/// The pinned model.
pub(super) fn model() -> Result<Model> {
    from_botocore(PROGRAM)
}

/// What a program prints that reads the pinned botocore.
pub(super) fn from_botocore<T: DeserializeOwned>(program: &str) -> Result<T> {
    let output = Command::new(python::bin().join("python"))
        .args(["-c", program])
        .output()
        .context("could not start the virtual environment's Python")?;
    if !output.status.success() {
        bail!(
            "could not read botocore's model: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    serde_json::from_slice(&output.stdout).context("botocore's model has another form")
}

impl Model {
    pub(super) fn shape(&self, name: &str) -> Result<&Shape> {
        let shape = self.shapes.get(name);
        shape.with_context(|| format!("the model has no shape named {name}"))
    }

    /// Every shape that is part of a request.
    ///
    /// # Errors
    /// One with a constraint of a kind that is not known here, so that none is passed over.
    pub(super) fn of_requests(&self) -> Result<BTreeSet<&str>> {
        let mut found = BTreeSet::new();
        let inputs = self.operations.values();
        let mut open: Vec<&str> = inputs.map(|o| o.input.shape.as_str()).collect();
        while let Some(name) = open.pop() {
            if !found.insert(name) {
                continue;
            }
            let shape = self.shape(name)?;
            for constraint in shape.rest.keys() {
                if !NO_CONSTRAINTS.contains(&constraint.as_str()) {
                    bail!("the shape {name} has a constraint of an unknown kind: {constraint}");
                }
            }
            open.extend(shape.parts().map(|part| part.shape.as_str()));
        }
        Ok(found)
    }
}
