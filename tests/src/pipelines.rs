//! Pipelines of tests: an S3 source and stages of custom actions.

use aws_sdk_codepipeline::types::{
    ActionCategory, ActionDeclaration, ActionOwner, ActionTypeId, ArtifactStore, ArtifactStoreType,
    EncryptionKey, EncryptionKeyType, ExecutionMode, InputArtifact, OutputArtifact,
    PipelineDeclaration, PipelineType, StageDeclaration,
};

use crate::plugins::Plugin;

/// The bucket of all artifacts.
pub const ARTIFACTS: &str = "artifacts";
/// The bucket of all sources; a pipeline's source object is `<pipeline>.zip`.
pub const SOURCES: &str = "sources";

/// One action.
#[derive(Clone, Debug)]
pub struct Action {
    name: String,
    kind: (String, String),
    owner: ActionOwner,
    configuration: Vec<(String, String)>,
    inputs: Vec<String>,
    outputs: Vec<String>,
    namespace: Option<String>,
}

impl Action {
    /// Of a plugin's type.
    #[must_use]
    pub fn new(name: &str, plugin: &Plugin) -> Action {
        Action::of_type(name, &plugin.category, &plugin.provider)
    }

    /// Of a type.
    #[must_use]
    pub fn of_type(name: &str, category: &str, provider: &str) -> Action {
        Action {
            name: name.to_owned(),
            kind: (category.to_owned(), provider.to_owned()),
            owner: ActionOwner::Custom,
            configuration: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            namespace: None,
        }
    }

    /// A manual approval.
    #[must_use]
    pub fn approval(name: &str) -> Action {
        Action {
            owner: ActionOwner::Aws,
            ..Action::of_type(name, "Approval", "Manual")
        }
    }

    /// Of a partner's type instead of the account's own.
    #[must_use]
    pub fn third_party(mut self) -> Action {
        self.owner = ActionOwner::ThirdParty;
        self
    }

    /// One value of its configuration.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Action {
        self.configuration.push((key.to_owned(), value.to_owned()));
        self
    }

    /// What the probe does.
    #[must_use]
    pub fn doing(self, what: &str) -> Action {
        self.with("do", what)
    }

    /// An input artifact; `Source` is the pipeline's source.
    #[must_use]
    pub fn input(mut self, name: &str) -> Action {
        self.inputs.push(name.to_owned());
        self
    }

    /// An output artifact.
    #[must_use]
    pub fn output(mut self, name: &str) -> Action {
        self.outputs.push(name.to_owned());
        self
    }

    /// The namespace of its variables.
    #[must_use]
    pub fn namespace(mut self, name: &str) -> Action {
        self.namespace = Some(name.to_owned());
        self
    }

    fn declaration(&self) -> ActionDeclaration {
        let mut action = ActionDeclaration::builder()
            .name(&self.name)
            .action_type_id(type_id(&self.kind.0, self.owner.clone(), &self.kind.1))
            .set_namespace(self.namespace.clone());
        for (key, value) in &self.configuration {
            action = action.configuration(key, value);
        }
        for name in &self.inputs {
            action = action.input_artifacts(
                InputArtifact::builder()
                    .name(name)
                    .build()
                    .expect("complete"),
            );
        }
        for name in &self.outputs {
            let output = OutputArtifact::builder()
                .name(name)
                .build()
                .expect("complete");
            action = action.output_artifacts(output);
        }
        action.build().expect("an action is complete")
    }
}

pub(crate) fn type_id(category: &str, owner: ActionOwner, provider: &str) -> ActionTypeId {
    ActionTypeId::builder()
        .category(ActionCategory::from(category))
        .owner(owner)
        .provider(provider)
        .version("1")
        .build()
        .expect("a type is complete")
}

/// A pipeline: its source, then stages of actions.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Its name.
    pub name: String,
    stages: Vec<Vec<Action>>,
    key: Option<String>,
}

impl Pipeline {
    /// With a source and nothing else yet.
    #[must_use]
    pub fn new(name: &str) -> Pipeline {
        Pipeline {
            name: name.to_owned(),
            stages: Vec::new(),
            key: None,
        }
    }

    /// Artifacts are encrypted with this key.
    #[must_use]
    pub fn encrypted_with(mut self, key: &str) -> Pipeline {
        self.key = Some(key.to_owned());
        self
    }

    /// Add a stage of parallel actions.
    #[must_use]
    pub fn stage(mut self, actions: impl IntoIterator<Item = Action>) -> Pipeline {
        self.stages.push(actions.into_iter().collect());
        self
    }

    /// Its source object's key.
    #[must_use]
    pub fn source_key(&self) -> String {
        format!("{}.zip", self.name)
    }

    /// As CreatePipeline and UpdatePipeline take it.
    #[must_use]
    pub fn declaration(&self) -> PipelineDeclaration {
        let source = ActionDeclaration::builder()
            .name("Source")
            .action_type_id(type_id("Source", ActionOwner::Aws, "S3"))
            .configuration("S3Bucket", SOURCES)
            .configuration("S3ObjectKey", self.source_key())
            .configuration("PollForSourceChanges", "false")
            .output_artifacts(
                OutputArtifact::builder()
                    .name("Source")
                    .build()
                    .expect("complete"),
            )
            .build()
            .expect("an action is complete");
        let key = self.key.as_ref().map(|key| {
            let key = EncryptionKey::builder()
                .id(key)
                .r#type(EncryptionKeyType::Kms);
            key.build().expect("a key is complete")
        });
        let store = ArtifactStore::builder()
            .r#type(ArtifactStoreType::S3)
            .location(ARTIFACTS)
            .set_encryption_key(key);
        let mut pipeline = PipelineDeclaration::builder()
            .name(&self.name)
            .role_arn("arn:aws:iam::000000000000:role/pipeline")
            .pipeline_type(PipelineType::V2)
            .execution_mode(ExecutionMode::Queued)
            .artifact_store(store.build().expect("a store is complete"))
            .stages(stage("Source", [source]));
        for (at, actions) in self.stages.iter().enumerate() {
            let name = format!("Stage{}", at + 1);
            pipeline = pipeline.stages(stage(&name, actions.iter().map(Action::declaration)));
        }
        pipeline.build().expect("a pipeline is complete")
    }
}

fn stage(name: &str, actions: impl IntoIterator<Item = ActionDeclaration>) -> StageDeclaration {
    let actions: Vec<_> = actions.into_iter().collect();
    StageDeclaration::builder()
        .name(name)
        .set_actions(Some(actions))
        .build()
        .expect("a stage is complete")
}
