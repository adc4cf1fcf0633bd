//! A running service and clients for it, as any user of the AWS SDK would make them.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::BTreeMap;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_codepipeline::error::ProvideErrorMetadata;
use aws_sdk_codepipeline::types::{
    ActionCategory, ActionConfigurationProperty, ActionDeclaration, ActionOwner, ActionTypeId,
    ArtifactDetails, ArtifactStore, ArtifactStoreType, InputArtifact, Job, OutputArtifact,
    PipelineDeclaration, PipelineType, StageDeclaration,
};
use aws_sdk_codepipeline::{Client, Config};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use pipefitter_local::{ACCESS_KEY_ID, Event, EventKind, LocalConfig, SECRET_ACCESS_KEY, Server};
use tokio::sync::broadcast;

pub(crate) const ARTIFACTS: &str = "artifacts-bucket";
pub(crate) const SOURCES: &str = "sources-bucket";

pub(crate) struct Local {
    pub(crate) server: Server,
    pub(crate) client: Client,
    pub(crate) s3: aws_sdk_s3::Client,
}

impl Local {
    /// A service on a free port, with `change` made to its settings.
    pub(crate) async fn start(change: impl FnOnce(&mut LocalConfig)) -> Self {
        let mut config = LocalConfig::default();
        config.bind.set_port(0);
        change(&mut config);
        let server = Server::start(config).await.unwrap();
        let root = Credentials::from_keys(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None);
        let client = codepipeline(&server, root.clone());
        let s3 = s3(&server, root);
        Self { server, client, s3 }
    }

    /// Both buckets, and `source.zip` in the versioned one.
    pub(crate) async fn with_buckets(change: impl FnOnce(&mut LocalConfig)) -> Self {
        let local = Self::start(change).await;
        for bucket in [ARTIFACTS, SOURCES] {
            local
                .s3
                .create_bucket()
                .bucket(bucket)
                .send()
                .await
                .unwrap();
        }
        let enabled = VersioningConfiguration::builder()
            .status(BucketVersioningStatus::Enabled)
            .build();
        let request = local.s3.put_bucket_versioning().bucket(SOURCES);
        request
            .versioning_configuration(enabled)
            .send()
            .await
            .unwrap();
        local.upload(b"first").await;
        local
    }

    /// Uploads the source; returns its version.
    pub(crate) async fn upload(&self, content: &'static [u8]) -> String {
        let request = self.s3.put_object().bucket(SOURCES).key("source.zip");
        let body = aws_sdk_s3::primitives::ByteStream::from_static(content);
        request.body(body).send().await.unwrap().version_id.unwrap()
    }

    /// The type Custom/Build/Site/1: `title` (required), `token` (secret); up to one artifact each
    /// way.
    pub(crate) async fn create_build_type(&self) {
        let property = |name: &str, required, secret| {
            ActionConfigurationProperty::builder()
                .name(name)
                .required(required)
                .key(false)
                .secret(secret)
                .build()
                .unwrap()
        };
        let details = |minimum, maximum| {
            let details = ArtifactDetails::builder();
            details
                .minimum_count(minimum)
                .maximum_count(maximum)
                .build()
        };
        let request = self
            .client
            .create_custom_action_type()
            .category(ActionCategory::Build);
        request
            .provider("Site")
            .version("1")
            .configuration_properties(property("title", true, false))
            .configuration_properties(property("token", false, true))
            .input_artifact_details(details(0, 1))
            .output_artifact_details(details(0, 1))
            .send()
            .await
            .unwrap();
    }

    /// Creates a pipeline: the S3 source, then a stage for each list of actions.
    pub(crate) async fn create_pipeline(&self, name: &str, stages: Vec<Vec<ActionDeclaration>>) {
        let request = self
            .client
            .create_pipeline()
            .pipeline(pipeline(name, stages));
        request.send().await.unwrap();
    }

    pub(crate) async fn begin(&self, name: &str) -> String {
        let answer = self
            .client
            .start_pipeline_execution()
            .name(name)
            .send()
            .await
            .unwrap();
        answer.pipeline_execution_id.unwrap()
    }

    pub(crate) async fn poll(&self) -> Option<Job> {
        let request = self.client.poll_for_jobs().action_type_id(build_type());
        request
            .max_batch_size(1)
            .send()
            .await
            .unwrap()
            .jobs
            .unwrap_or_default()
            .pop()
    }

    /// Waits until an action is queued, and gets its job.
    pub(crate) async fn next_job(&self, events: &mut broadcast::Receiver<Event>) -> Job {
        loop {
            if let Some(job) = self.poll().await {
                return job;
            }
            events.recv().await.unwrap();
        }
    }

    /// Gets the next job and acknowledges it.
    pub(crate) async fn acknowledged(&self, events: &mut broadcast::Receiver<Event>) -> Job {
        let job = self.next_job(events).await;
        self.acknowledge(&job).await.unwrap();
        job
    }

    pub(crate) async fn acknowledge(&self, job: &Job) -> Result<String, String> {
        let request = self.client.acknowledge_job().job_id(job.id().unwrap());
        match request.nonce(job.nonce().unwrap()).send().await {
            Ok(answer) => Ok(answer.status.unwrap().as_str().to_owned()),
            Err(error) => Err(error.code().unwrap().to_owned()),
        }
    }
}

pub(crate) fn codepipeline(server: &Server, credentials: Credentials) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(server.endpoint_url())
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .credentials_provider(credentials);
    Client::from_conf(config.build())
}

pub(crate) fn s3(server: &Server, credentials: Credentials) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(server.endpoint_url())
        .force_path_style(true)
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .credentials_provider(credentials);
    aws_sdk_s3::Client::from_conf(config.build())
}

/// The credentials that came with a job.
pub(crate) fn credentials_of(job: &Job) -> Credentials {
    let given = job.data().unwrap().artifact_credentials().unwrap();
    let token = given.session_token().to_owned();
    Credentials::from_keys(
        given.access_key_id(),
        given.secret_access_key(),
        Some(token),
    )
}

/// Bucket and key of an artifact of a job.
pub(crate) fn location(artifact: &aws_sdk_codepipeline::types::Artifact) -> (&str, &str) {
    let s3 = artifact.location().unwrap().s3_location().unwrap();
    (s3.bucket_name(), s3.object_key())
}

pub(crate) fn build_type() -> ActionTypeId {
    ActionTypeId::builder()
        .category(ActionCategory::Build)
        .owner(ActionOwner::Custom)
        .provider("Site")
        .version("1")
        .build()
        .unwrap()
}

/// A build action.
pub(crate) fn build(
    name: &str,
    input: Option<&str>,
    output: Option<&str>,
    configuration: &[(&str, &str)],
) -> ActionDeclaration {
    let mut action = ActionDeclaration::builder()
        .name(name)
        .action_type_id(build_type());
    if let Some(name) = input {
        let input = InputArtifact::builder().name(name).build().unwrap();
        action = action
            .input_artifacts(input)
            .namespace(format!("{name}Variables"));
    }
    if let Some(name) = output {
        action = action.output_artifacts(OutputArtifact::builder().name(name).build().unwrap());
    }
    for (key, value) in configuration {
        action = action.configuration(*key, *value);
    }
    action.build().unwrap()
}

pub(crate) fn pipeline(name: &str, stages: Vec<Vec<ActionDeclaration>>) -> PipelineDeclaration {
    let source = ActionDeclaration::builder()
        .name("Source")
        .namespace("SourceVariables")
        .action_type_id(
            ActionTypeId::builder()
                .category(ActionCategory::Source)
                .owner(ActionOwner::Aws)
                .provider("S3")
                .version("1")
                .build()
                .unwrap(),
        )
        .configuration("S3Bucket", SOURCES)
        .configuration("S3ObjectKey", "source.zip")
        .output_artifacts(
            OutputArtifact::builder()
                .name("SourceArtifact")
                .build()
                .unwrap(),
        )
        .build()
        .unwrap();
    let store = ArtifactStore::builder()
        .r#type(ArtifactStoreType::S3)
        .location(ARTIFACTS);
    let mut pipeline = PipelineDeclaration::builder()
        .name(name)
        .role_arn("arn:aws:iam::000000000000:role/pipeline")
        .pipeline_type(PipelineType::V2)
        .artifact_store(store.build().unwrap());
    for (index, actions) in std::iter::once(vec![source]).chain(stages).enumerate() {
        let name = if index == 0 {
            "Source".to_owned()
        } else {
            format!("Stage{index}")
        };
        let stage = StageDeclaration::builder()
            .name(name)
            .set_actions(Some(actions));
        pipeline = pipeline.stages(stage.build().unwrap());
    }
    pipeline.build().unwrap()
}

/// Waits for the end of an execution; returns its status, and each action's last error or none.
pub(crate) async fn ended(
    events: &mut broadcast::Receiver<Event>,
    execution: &str,
) -> (&'static str, BTreeMap<String, Option<String>>) {
    let mut actions = BTreeMap::new();
    loop {
        let event = events.recv().await.unwrap();
        if event.execution_id != execution {
            continue;
        }
        match event.kind {
            EventKind::Action(action) => {
                let error = action.error.map(|e| format!("{}: {}", e.code, e.message));
                actions.insert(action.action, error);
            }
            EventKind::ExecutionFinished { status, .. } => return (status.name(), actions),
            _ => {}
        }
    }
}

/// The exception's name and message of a call that must fail.
pub(crate) fn refused<T: std::fmt::Debug, E: ProvideErrorMetadata>(
    result: Result<T, E>,
) -> (String, String) {
    let error = result.expect_err("the call must be refused");
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    (text(error.code()), text(error.message()))
}
