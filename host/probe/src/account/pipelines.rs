//! Action types, pipelines and executions.

use aws_sdk_codepipeline::types::{
    ActionCategory, ActionConfigurationProperty, ActionConfigurationPropertyType,
    ActionDeclaration, ActionExecutionFilter, ActionOwner, ActionTypeId, ArtifactDetails,
    ArtifactStore, ArtifactStoreType, InputArtifact, OutputArtifact, PipelineDeclaration,
    StageDeclaration,
};

use super::Account;
use crate::call::{Call, CallError, Timed, make};
use crate::names::{QUERY, TEXT, VARIABLE, VERSION};

/// A kind of throw-away action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The first action, which the probe serves itself, so that no repository is needed.
    Source,
    /// What is experimented with: one input, one output.
    Build,
}

impl Kind {
    pub(crate) fn category(self) -> &'static str {
        match self {
            Self::Source => "Source",
            Self::Build => "Build",
        }
    }
}

/// How an action stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ActionState {
    pub(crate) name: String,
    /// `InProgress`, `Abandoned`, `Succeeded` or `Failed`.
    pub(crate) status: String,
    /// The kind of its failure.
    pub(crate) error: Option<String>,
}

/// What comes after the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// So many actions beside each other.
    Parallel(usize),
    /// Two actions; the second one's text is twice the variable that the first one gives.
    Chain,
}

impl Layout {
    fn actions(self) -> usize {
        match self {
            Self::Parallel(actions) => actions,
            Self::Chain => 2,
        }
    }
}

impl Account {
    pub(super) fn type_id(&self, kind: Kind) -> Result<ActionTypeId, CallError> {
        ActionTypeId::builder()
            .category(ActionCategory::from(kind.category()))
            .owner(ActionOwner::Custom)
            .provider(&self.provider)
            .version(VERSION)
            .build()
            .map_err(|_| incomplete("PollForJobs"))
    }

    pub(crate) async fn create_type(&self, kind: Kind) -> Result<(), CallError> {
        const CALL: Call = Call::once("CreateCustomActionType");
        let count = |count| {
            let details = ArtifactDetails::builder();
            details.minimum_count(count).maximum_count(count).build()
        };
        let property = |name, is_query: bool, description: &str| {
            ActionConfigurationProperty::builder()
                .name(name)
                .required(is_query)
                .key(is_query)
                .secret(false)
                .queryable(is_query)
                .description(description)
                .r#type(ActionConfigurationPropertyType::String)
                .build()
                .map_err(|_| incomplete(CALL.operation))
        };
        let mut properties = vec![property(
            QUERY,
            true,
            "Which experiment of a probe this is",
        )?];
        if kind == Kind::Build {
            properties.push(property(TEXT, false, "What becomes of a variable")?);
        }
        make(CALL, || {
            self.codepipeline
                .create_custom_action_type()
                .category(ActionCategory::from(kind.category()))
                .provider(&self.provider)
                .version(VERSION)
                .input_artifact_details(count(i32::from(kind == Kind::Build)))
                .output_artifact_details(count(1))
                .set_configuration_properties(Some(properties.clone()))
                .send()
        })
        .await?;
        Ok(())
    }

    pub(crate) async fn delete_type(
        &self,
        category: &str,
        provider: &str,
        version: &str,
    ) -> Result<(), CallError> {
        let deleted = make(Call::safe("DeleteCustomActionType"), || {
            self.codepipeline
                .delete_custom_action_type()
                .category(ActionCategory::from(category))
                .provider(provider)
                .version(version)
                .send()
        })
        .await;
        match deleted {
            // It is deleted already.
            Err(error) if !error.is("ActionTypeNotFoundException") => Err(error),
            _ => Ok(()),
        }
    }

    /// A source, and actions after it.
    pub(crate) async fn create_pipeline(
        &self,
        name: &str,
        role: &str,
        bucket: &str,
        query: &str,
        layout: Layout,
    ) -> Result<(), CallError> {
        const CALL: Call = Call::once("CreatePipeline");
        let declaration = self
            .declaration(name, role, bucket, query, layout)
            .map_err(|_| incomplete(CALL.operation))?;
        make(CALL, || {
            self.codepipeline
                .create_pipeline()
                .pipeline(declaration.clone())
                .send()
        })
        .await?;
        Ok(())
    }

    fn declaration(
        &self,
        name: &str,
        role: &str,
        bucket: &str,
        query: &str,
        layout: Layout,
    ) -> Result<PipelineDeclaration, Box<dyn std::error::Error>> {
        let output = |name: &str| OutputArtifact::builder().name(name).build();
        let source = ActionDeclaration::builder()
            .name("Source")
            .action_type_id(self.type_id(Kind::Source)?)
            .configuration(QUERY, query)
            .output_artifacts(output("Source")?)
            .build()?;
        let mut stage = StageDeclaration::builder().name("Probe");
        let (namespace, variable) = VARIABLE;
        for number in 1..=layout.actions() {
            let mut action = ActionDeclaration::builder()
                .name(format!("Action{number}"))
                .action_type_id(self.type_id(Kind::Build)?)
                .configuration(QUERY, query)
                .input_artifacts(InputArtifact::builder().name("Source").build()?)
                .output_artifacts(output(&format!("Out{number}"))?);
            action = match (layout, number) {
                (Layout::Parallel(_), _) => action,
                (Layout::Chain, 1) => action.namespace(namespace),
                (Layout::Chain, _) => {
                    let text = format!("#{{{namespace}.{variable}}}").repeat(2);
                    action.run_order(2).configuration(TEXT, text)
                }
            };
            stage = stage.actions(action.build()?);
        }
        let store = ArtifactStore::builder()
            .r#type(ArtifactStoreType::S3)
            .location(bucket)
            .build()?;
        let first = StageDeclaration::builder().name("Source").actions(source);
        Ok(PipelineDeclaration::builder()
            .name(name)
            .role_arn(role)
            .artifact_store(store)
            .stages(first.build()?)
            .stages(stage.build()?)
            .build()?)
    }

    pub(crate) async fn delete_pipeline(&self, name: &str) -> Result<(), CallError> {
        make(Call::safe("DeletePipeline"), || {
            self.codepipeline.delete_pipeline().name(name).send()
        })
        .await?;
        Ok(())
    }

    /// The id of a new execution.
    pub(crate) async fn start(&self, pipeline: &str) -> Result<String, CallError> {
        const CALL: Call = Call::once("StartPipelineExecution");
        let started = make(CALL, || {
            self.codepipeline
                .start_pipeline_execution()
                .name(pipeline)
                .send()
        })
        .await?;
        let id = started.value.pipeline_execution_id;
        id.ok_or_else(|| incomplete(CALL.operation))
    }

    /// Stops an execution without waiting for its actions.
    pub(crate) async fn abandon(&self, pipeline: &str, execution: &str) -> Result<(), CallError> {
        make(Call::once("StopPipelineExecution"), || {
            self.codepipeline
                .stop_pipeline_execution()
                .pipeline_name(pipeline)
                .pipeline_execution_id(execution)
                .abandon(true)
                .reason("an experiment of pipefitter probe-aws")
                .send()
        })
        .await?;
        Ok(())
    }

    /// How an execution's actions stand, the source included.
    pub(crate) async fn actions(
        &self,
        pipeline: &str,
        execution: &str,
    ) -> Result<Timed<Vec<ActionState>>, CallError> {
        let filter = ActionExecutionFilter::builder()
            .pipeline_execution_id(execution)
            .build();
        let listed = make(Call::safe("ListActionExecutions"), || {
            self.codepipeline
                .list_action_executions()
                .pipeline_name(pipeline)
                .filter(filter.clone())
                .max_results(100)
                .send()
        })
        .await?;
        Ok(listed.map(|page| {
            let details = page.action_execution_details.unwrap_or_default();
            let state = |detail: aws_sdk_codepipeline::types::ActionExecutionDetail| ActionState {
                status: detail
                    .status()
                    .map(|status| status.as_str().to_owned())
                    .unwrap_or_default(),
                error: detail
                    .output()
                    .and_then(|output| output.execution_result()?.error_details()?.code())
                    .map(str::to_owned),
                name: detail.action_name.unwrap_or_default(),
            };
            details.into_iter().map(state).collect()
        }))
    }

    /// Names of pipelines that begin so.
    pub(crate) async fn pipelines(&self, prefix: &str) -> Result<Vec<String>, CallError> {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let page = make(Call::safe("ListPipelines"), || {
                let list = self.codepipeline.list_pipelines();
                list.set_next_token(next.clone()).send()
            })
            .await?
            .value;
            let names = page.pipelines.unwrap_or_default();
            let names = names.into_iter().filter_map(|pipeline| pipeline.name);
            found.extend(names.filter(|name| name.starts_with(prefix)));
            next = page.next_token;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    /// The bucket of a pipeline's artifacts.
    pub(crate) async fn bucket_of(&self, pipeline: &str) -> Result<Option<String>, CallError> {
        let got = make(Call::safe("GetPipeline"), || {
            self.codepipeline.get_pipeline().name(pipeline).send()
        })
        .await?;
        let store = got.value.pipeline.and_then(|found| found.artifact_store);
        Ok(store.map(|store| store.location))
    }

    /// Category, provider and version of custom types whose provider begins so.
    pub(crate) async fn types(
        &self,
        prefix: &str,
    ) -> Result<Vec<(String, String, String)>, CallError> {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let page = make(Call::safe("ListActionTypes"), || {
                self.codepipeline
                    .list_action_types()
                    .action_owner_filter(ActionOwner::Custom)
                    .set_next_token(next.clone())
                    .send()
            })
            .await?
            .value;
            let ids = page.action_types.into_iter().filter_map(|kind| kind.id);
            let ids = ids.filter(|id| id.provider.starts_with(prefix));
            found.extend(ids.map(|id| (id.category.as_str().to_owned(), id.provider, id.version)));
            next = page.next_token;
            if next.is_none() {
                return Ok(found);
            }
        }
    }
}

/// The SDK or the service left something out that it always has.
pub(super) fn incomplete(operation: &'static str) -> CallError {
    CallError {
        operation,
        code: None,
        said: "something is missing in it".to_owned(),
    }
}
