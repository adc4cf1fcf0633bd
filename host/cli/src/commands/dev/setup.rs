//! What `dev` makes in the embedded service, over HTTP like everybody else: buckets, action types and
//! the pipeline.

use anyhow::{Context, Result};
use aws_credential_types::Credentials;
use aws_sdk_codepipeline::client::customize::CustomizableOperation;
use aws_sdk_codepipeline::error::ProvideErrorMetadata;
use aws_sdk_codepipeline::types::{ActionOwner, ActionType};
use aws_smithy_types::body::SdkBody;
use pipefitter_plugins::{ActionTypeKey, Catalogue, Plugin};
use serde_json::Value;

use super::pipeline::Pipeline;
use super::show::Show;

/// The embedded service's only pair of keys.
pub(crate) const KEY: &str = "local";
/// The Region that the embedded service says it is.
pub(crate) const REGION: &str = "us-east-1";

/// Ordinary AWS clients for the embedded service.
pub(crate) struct Clients {
    pub(crate) codepipeline: aws_sdk_codepipeline::Client,
    pub(crate) s3: aws_sdk_s3::Client,
}

impl Clients {
    pub(crate) fn new(endpoint: &str) -> Self {
        let credentials = Credentials::new(KEY, KEY, None, None, "embedded service");
        let region = aws_config::Region::new(REGION);
        let codepipeline = aws_sdk_codepipeline::Config::builder()
            .behavior_version(aws_sdk_codepipeline::config::BehaviorVersion::latest())
            .region(region.clone())
            .credentials_provider(credentials.clone())
            .endpoint_url(endpoint)
            .build();
        let s3 = aws_sdk_s3::Config::builder()
            .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
            .region(region)
            .credentials_provider(credentials)
            .endpoint_url(endpoint)
            .force_path_style(true)
            .build();
        Self {
            codepipeline: aws_sdk_codepipeline::Client::from_conf(codepipeline),
            s3: aws_sdk_s3::Client::from_conf(s3),
        }
    }

    /// Register each plugin's action type.
    pub(crate) async fn create_action_type(&self, plugin: &Plugin) -> Result<()> {
        let body = plugin.manifest.action_type_json();
        let sent = self.codepipeline.create_custom_action_type().customize();
        with_body(sent, &body)
            .send()
            .await
            .map_err(plain)
            .with_context(|| format!("could not register the action type of `{}`", plugin.name))?;
        Ok(())
    }

    /// The plugins whose action types are there already, from an earlier start with the same state folder.
    /// One that was declared otherwise is told: an action type never changes.
    pub(crate) async fn registered(
        &self,
        catalogue: &Catalogue,
        show: &mut Show,
    ) -> Result<Vec<ActionTypeKey>> {
        let listed = self.codepipeline.list_action_types();
        let listed = listed
            .action_owner_filter(ActionOwner::Custom)
            .send()
            .await
            .map_err(plain)
            .context("could not list the action types")?;
        let mut found = Vec::new();
        for plugin in catalogue.plugins() {
            let key = plugin.manifest.key();
            let kind = listed.action_types.iter().find(|kind| {
                kind.id().is_some_and(|id| {
                    (id.category().as_str(), id.provider(), id.version())
                        == (key.category.as_str(), &*key.provider, &*key.version)
                })
            });
            let Some(kind) = kind else { continue };
            if properties(kind) != declared(&plugin.manifest.action_type_json()) {
                show.warn(&format!(
                    "`{}` declares other properties than its action type has in this state folder: give the \
                     manifest a new version, or start with another --state-dir",
                    plugin.name
                ));
            }
            found.push(key.clone());
        }
        Ok(found)
    }

    /// Make the buckets that the pipeline names.
    pub(crate) async fn create_buckets(&self, pipeline: &Pipeline) -> Result<()> {
        self.create_bucket(&pipeline.artifact_bucket, false).await?;
        for (bucket, _) in &pipeline.sources {
            self.create_bucket(bucket, true).await?;
        }
        Ok(())
    }

    /// Start an execution.
    pub(crate) async fn start(&self, pipeline: &str) -> Result<()> {
        self.codepipeline
            .start_pipeline_execution()
            .name(pipeline)
            .send()
            .await
            .map_err(plain)
            .with_context(|| format!("could not start the pipeline `{pipeline}`"))?;
        Ok(())
    }

    /// Whether the pipeline is there, from an earlier start with the same state folder.
    pub(crate) async fn has_pipeline(&self, name: &str) -> Result<bool> {
        match self.codepipeline.get_pipeline().name(name).send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("PipelineNotFoundException") => Ok(false),
            Err(error) => Err(plain(error)).with_context(|| format!("could not look for `{name}`")),
        }
    }

    /// Create the pipeline; its buckets are there.
    pub(crate) async fn create_pipeline(&self, pipeline: &Pipeline) -> Result<()> {
        let sent = self.codepipeline.create_pipeline().customize();
        with_body(sent, &pipeline.input)
            .send()
            .await
            .map_err(plain)
            .with_context(|| format!("could not create the pipeline `{}`", pipeline.name))?;
        Ok(())
    }

    /// Update the pipeline to another definition, which ends what is in progress in it.
    pub(crate) async fn update_pipeline(&self, pipeline: &Pipeline) -> Result<()> {
        let sent = self.codepipeline.update_pipeline().customize();
        with_body(sent, &pipeline.input)
            .send()
            .await
            .map_err(plain)
            .with_context(|| format!("could not update the pipeline `{}`", pipeline.name))?;
        Ok(())
    }

    /// A bucket may be there from an earlier start with the same state folder.
    async fn create_bucket(&self, bucket: &str, versioned: bool) -> Result<()> {
        if self.s3.head_bucket().bucket(bucket).send().await.is_err() {
            self.s3
                .create_bucket()
                .bucket(bucket)
                .send()
                .await
                .map_err(plain)
                .with_context(|| format!("could not create the bucket `{bucket}`"))?;
        }
        if versioned {
            let on = aws_sdk_s3::types::VersioningConfiguration::builder()
                .status(aws_sdk_s3::types::BucketVersioningStatus::Enabled)
                .build();
            self.s3
                .put_bucket_versioning()
                .bucket(bucket)
                .versioning_configuration(on)
                .send()
                .await
                .map_err(plain)
                .with_context(|| format!("could not switch on versions for `{bucket}`"))?;
        }
        Ok(())
    }
}

type Property = (String, bool, bool, bool, bool);

/// What counts of an action type's properties: name, required, key, secret, queryable.
fn properties(kind: &ActionType) -> Vec<Property> {
    let properties = kind.action_configuration_properties().iter();
    properties
        .map(|p| (p.name.clone(), p.required, p.key, p.secret, p.queryable))
        .collect()
}

/// The same of an action type as it is to be created.
fn declared(action_type: &Value) -> Vec<Property> {
    let properties = action_type["configurationProperties"].as_array();
    let is = |property: &Value, name: &str| property[name] == true;
    let property = |p: &Value| {
        let name = p["name"].as_str().unwrap_or_default().to_owned();
        let [required, key, secret, queryable] =
            ["required", "key", "secret", "queryable"].map(|name| is(p, name));
        (name, required, key, secret, queryable)
    };
    properties.into_iter().flatten().map(property).collect()
}

/// The user's own JSON goes to the service word for word: signed by the SDK, judged by the service. A detour
/// over the SDK's types would drop what this version of them does not know.
fn with_body<T, E, B>(
    sent: CustomizableOperation<T, E, B>,
    body: &Value,
) -> CustomizableOperation<T, E, B> {
    let body = body.to_string();
    sent.mutate_request(move |request| {
        let length = body.len().to_string();
        request.headers_mut().insert("content-length", length);
        *request.body_mut() = SdkBody::from(body.as_str());
    })
}

/// An SDK error as the service's own words, without the SDK's layers.
pub(crate) fn plain<E>(error: E) -> anyhow::Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => anyhow::anyhow!("{code}: {message}"),
        (Some(code), None) => anyhow::anyhow!("{code}"),
        _ => anyhow::Error::new(error),
    }
}
