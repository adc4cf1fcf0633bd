//! The job file of `invoke` and of a test case: the contract's job record in snake_case, everything optional.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pipefitter_codepipeline::{
    ActionTypeId, Artifact, ContinuationToken, JobContents, Nonce, Owner, PipelineContext,
    S3Location,
};
use pipefitter_plugins::Plugin;
use serde::Deserialize;

/// What a job file may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct JobFile {
    pub(crate) id: Option<String>,
    pub(crate) account_id: Option<String>,
    pub(crate) configuration: BTreeMap<String, String>,
    pipeline: PipelineFile,
    pub(crate) continuation_token: Option<String>,
    /// The input artifacts' names, in their order.
    pub(crate) inputs: Option<Vec<String>>,
    /// The output artifacts' names, in their order.
    pub(crate) outputs: Option<Vec<String>>,
    /// Input artifacts' revisions, by name.
    revisions: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PipelineFile {
    pipeline: Option<String>,
    stage: Option<String>,
    action: Option<String>,
    pipeline_arn: Option<String>,
    pipeline_execution_id: Option<String>,
    action_execution_id: Option<String>,
}

impl JobFile {
    pub(crate) fn load(file: Option<&Path>) -> Result<Self> {
        let Some(file) = file else {
            return Ok(Self::default());
        };
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("could not read the job {}", file.display()))?;
        Self::parse(&text, file)
    }

    /// A text; `file` names it.
    pub(crate) fn parse(text: &str, file: &Path) -> Result<Self> {
        serde_json::from_str(text).with_context(|| {
            format!(
                "{} is not a job: it takes id, account_id, configuration, pipeline, continuation_token, \
                 inputs, outputs and revisions, all optional",
                file.display()
            )
        })
    }

    /// The job that it is for a plugin, with artifacts in their order and where they lie.
    pub(crate) fn contents(
        &self,
        plugin: &Plugin,
        inputs: &[(String, PathBuf)],
        outputs: &[(String, PathBuf)],
    ) -> Result<JobContents> {
        for name in self.revisions.keys() {
            if !inputs.iter().any(|(input, _)| input == name) {
                bail!(
                    "`revisions` names the input artifact `{name}`, and there is none: add it, or take it out"
                );
            }
        }
        let key = plugin.manifest.key();
        let configuration = self.configuration.iter();
        Ok(JobContents {
            nonce: Some(Nonce::new("invoke")),
            account: self.account_id.clone(),
            action_type: Some(ActionTypeId {
                category: key.category.clone(),
                owner: Owner::Custom,
                provider: key.provider.clone(),
                version: key.version.clone(),
            }),
            configuration: configuration
                .map(|(name, value)| (name.clone(), value.as_str().into()))
                .collect(),
            pipeline: self.pipeline_context(&key.category, &plugin.name),
            inputs: artifacts(inputs, &self.revisions)?,
            outputs: artifacts(outputs, &BTreeMap::new())?,
            credentials: None,
            continuation: self.continuation_token.clone().map(ContinuationToken::new),
            encryption_key: None,
        })
    }

    /// Where the job stands; what the file leaves out is named after the command and the plugin.
    fn pipeline_context(&self, category: &str, plugin: &str) -> PipelineContext {
        let given = self.pipeline.clone();
        PipelineContext {
            pipeline: given.pipeline.unwrap_or_else(|| "invoke".to_owned()),
            stage: given.stage.unwrap_or_else(|| category.to_owned()),
            action: given.action.unwrap_or_else(|| plugin.to_owned()),
            pipeline_arn: given.pipeline_arn,
            pipeline_execution_id: given.pipeline_execution_id,
            action_execution_id: given.action_execution_id,
        }
    }
}

/// The artifacts that are given, in the order that `named` says, if it does; the two have to name the same.
/// `remedy` says how one is given.
pub(crate) fn in_order(
    mut given: Vec<(String, PathBuf)>,
    named: Option<&[String]>,
    remedy: &str,
) -> Result<Vec<(String, PathBuf)>> {
    let Some(named) = named else {
        return Ok(given);
    };
    let mut ordered = Vec::new();
    for name in named {
        let Some(at) = given.iter().position(|(given, _)| given == name) else {
            bail!("the job names the artifact `{name}`: give it with {remedy}");
        };
        ordered.push(given.remove(at));
    }
    if let Some((name, _)) = given.first() {
        bail!(
            "the artifact `{name}` is not in the job's list: add it to the list, or leave it out"
        );
    }
    Ok(ordered)
}

fn artifacts(
    given: &[(String, PathBuf)],
    revisions: &BTreeMap<String, String>,
) -> Result<Vec<Artifact>> {
    let names: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
    check_names(&names)?;
    given
        .iter()
        .map(|(name, path)| {
            let Some(key) = path.to_str() else {
                bail!("{} is not Unicode: rename it", path.display());
            };
            Ok(Artifact {
                name: name.clone(),
                revision: revisions.get(name).cloned(),
                location: Some(S3Location {
                    bucket: "this-machine".to_owned(),
                    key: key.to_owned(),
                }),
            })
        })
        .collect()
}

/// CodePipeline has no artifacts of other names, nor two of one name in a pipeline: what passes here would
/// not pass there.
pub(super) fn check_names(names: &[&str]) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    for (at, name) in names.iter().enumerate() {
        if name.is_empty() || name.len() > 100 || !name.chars().all(plain) {
            bail!(
                "`{name}` cannot be an artifact's name: use 1 to 100 letters, digits, `_` and `-`"
            );
        }
        if names[..at].contains(name) {
            bail!("two artifacts are called `{name}`: give each a name of its own");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_have_the_names_that_codepipeline_takes() {
        assert!(check_names(&["Source", "a-b_1", &"x".repeat(100)]).is_ok());
        for wrong in [
            &["../S"][..],
            &["a b"],
            &["a.b"],
            &[""],
            &["S", "S"],
            &[&"x".repeat(101)],
        ] {
            assert!(check_names(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_jobs_list_orders_what_is_given_and_names_all_of_it() {
        let given = || {
            ["A", "B"]
                .map(|name| (name.to_owned(), PathBuf::from(name)))
                .to_vec()
        };
        let ordered = |named: &[&str]| {
            let named: Vec<String> = named.iter().map(ToString::to_string).collect();
            let ordered = in_order(given(), Some(&named), "--input NAME=PATH");
            ordered.map(|ordered| {
                ordered
                    .into_iter()
                    .map(|(name, _)| name)
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(ordered(&["B", "A"]).unwrap(), ["B", "A"]);
        assert!(ordered(&["B"]).unwrap_err().to_string().contains("`A`"));
        let missing = ordered(&["A", "B", "C"]).unwrap_err().to_string();
        assert!(missing.contains("`C`: give it with --input"), "{missing}");
    }
}
