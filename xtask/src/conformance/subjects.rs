//! What can be told of: the services as a whole, and their operations.
//!
//! The operations are read where the embedded service has them from: CodePipeline's out of the table of requests,
//! S3's out of the table of operations; both are generated from the services' models.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Every operation of CodePipeline's model with the shape of its request.
const CODEPIPELINE: &str = "host/local/src/pipeline/shapes/requests.rs";

/// Every operation of S3's model with what tells it apart.
const S3: &str = "host/local/src/s3/model.rs";

/// The operations of S3 that are built.
const S3_BUILT: &str = "host/local/src/s3/ops/dispatch.rs";

/// Whatever is neither.
pub(super) const OTHERS: &str = "other services";

/// How a test names the operations of S3 that are not built: there are too many to name each.
pub(super) const UNBUILT_S3: &str = "every other operation of S3";

pub(super) struct Service {
    pub(super) name: &'static str,
    /// Sorted by name.
    pub(super) operations: Vec<String>,
}

pub(super) struct Subjects {
    pub(super) services: [Service; 2],
    s3_built: BTreeSet<String>,
}

impl Subjects {
    pub(super) fn read(root: &Path) -> Result<Self> {
        let text = |file: &str| {
            fs::read_to_string(root.join(file)).with_context(|| format!("could not read {file}"))
        };
        let s3 = operations(&text(S3)?);
        let built = text(S3_BUILT)?;
        let (_, built) = built.split_once("\noperations! {").unwrap_or_default();
        Self::of(requests(&text(CODEPIPELINE)?), s3, first_words(built, "\n"))
    }

    pub(super) fn of(
        codepipeline: Vec<String>,
        s3: Vec<String>,
        s3_built: Vec<String>,
    ) -> Result<Self> {
        if let Some(name) = codepipeline.iter().find(|name| s3.contains(name)) {
            bail!("both services have an operation named {name}: a sentence would be about which?");
        }
        if let Some(name) = s3_built.iter().find(|name| !s3.contains(name)) {
            bail!("{name} is built, and not of S3's model");
        }
        let service = |name, mut operations: Vec<String>| {
            operations.sort();
            Service { name, operations }
        };
        Ok(Self {
            services: [service("CodePipeline", codepipeline), service("S3", s3)],
            s3_built: s3_built.into_iter().collect(),
        })
    }

    /// All of them, in the page's order.
    pub(super) fn all(&self) -> Vec<&str> {
        let services = self.services.iter().flat_map(|service| {
            let operations = service.operations.iter().map(String::as_str);
            std::iter::once(service.name).chain(operations)
        });
        services.chain([OTHERS]).collect()
    }

    pub(super) fn is_operation(&self, name: &str) -> bool {
        let mut operations = self.services.iter().flat_map(|service| &service.operations);
        operations.any(|operation| operation == name)
    }

    pub(super) fn unbuilt_s3(&self) -> Vec<String> {
        let [_, s3] = &self.services;
        let operations = s3.operations.iter();
        operations
            .filter(|name| !self.s3_built.contains(*name))
            .cloned()
            .collect()
    }
}

/// The names in the table of requests: `("Name", &SHAPE)`, on one line or two.
fn requests(text: &str) -> Vec<String> {
    let (_, table) = text.split_once("REQUESTS").unwrap_or_default();
    let (table, _) = table.split_once("];").unwrap_or_default();
    let quoted = table.split('"').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

/// The names in the table of operations: `Operation::new("Name", ...)`.
fn operations(text: &str) -> Vec<String> {
    first_words(text, "Operation::new(")
}

/// What is quoted first behind each mark.
fn first_words(text: &str, mark: &str) -> Vec<String> {
    let behind = text.split(mark).skip(1);
    behind
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
        .map(str::to_owned)
        .collect()
}
