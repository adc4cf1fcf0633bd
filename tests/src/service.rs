//! `pipefitter dev`: the embedded service as a process of its own, mostly without a worker, with AWS SDK clients.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_codepipeline::types::{ActionConfigurationProperty, ActionOwner, ArtifactDetails};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::pipelines::{ARTIFACTS, Pipeline, SOURCES};
use crate::plugins::Plugin;
use crate::process::{DEADLINE, Process};
use crate::{answers, binary, client};

/// Opens the control path of every service.
pub const CONTROL_TOKEN: &str = "a-token-of-the-tests";

/// How the control path is opened, if it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlPath {
    /// `--control-token-file`, with [`CONTROL_TOKEN`].
    TokenFile,
    /// `--control`: the token is made, and printed.
    Printed,
    /// Not at all.
    Closed,
}

/// How a service is started.
#[derive(Clone, Debug)]
pub struct ServiceOptions {
    /// The control path.
    pub control: ControlPath,
    /// `--continuation-delay`.
    pub continuation_delay: String,
    /// `--start-on-create`.
    pub start_on_create: bool,
    /// `--reoffer-after`.
    pub reoffer_after: String,
    /// `--credential-lifetime`.
    pub credential_lifetime: String,
    /// `--action-timeout`.
    pub action_timeout: String,
    /// `--assume`: other answers to what nothing public settles, as in `poll-hides=no`.
    pub assume: Vec<String>,
    /// `--clock-skew`.
    pub clock_skew: String,
    /// `--port`.
    pub port: u16,
    /// `--plugins`; by default a folder without any.
    pub plugins: Option<PathBuf>,
    /// `--third-party`.
    pub third_party: Option<PathBuf>,
    /// `--config`, for a worker of its own; without one the service is alone.
    pub own_worker: Option<PathBuf>,
}

impl Default for ServiceOptions {
    fn default() -> Self {
        let mut options = Self {
            control: ControlPath::TokenFile,
            continuation_delay: "50ms".to_owned(),
            start_on_create: false,
            reoffer_after: "60s".to_owned(),
            credential_lifetime: "15m".to_owned(),
            action_timeout: "24h".to_owned(),
            assume: Vec::new(),
            clock_skew: "0s".to_owned(),
            port: 0,
            plugins: None,
            third_party: None,
            own_worker: None,
        };
        answers::give(&mut options);
        options
    }
}

/// A running service. Dropped, it is killed.
pub struct Service {
    /// The process.
    pub process: Process,
    /// Where it listens.
    pub endpoint: String,
    /// CodePipeline.
    pub codepipeline: aws_sdk_codepipeline::Client,
    /// S3.
    pub s3: aws_sdk_s3::Client,
}

impl Service {
    /// Start one whose state lives in a folder, with the two buckets of [`crate::pipelines`].
    pub async fn start(folder: &Path, options: &ServiceOptions) -> Service {
        let service = Service::again(folder, options).await;
        service.buckets().await;
        service
    }

    /// Start one in the folder of another that has ended, with all that it had.
    pub async fn again(folder: &Path, options: &ServiceOptions) -> Service {
        let plugins = options
            .plugins
            .clone()
            .unwrap_or_else(|| folder.join("none"));
        std::fs::create_dir_all(&plugins).expect("the rig's folder can be written");
        let token_file = folder.join("control-token");
        std::fs::write(&token_file, CONTROL_TOKEN).expect("the rig's folder can be written");
        let mut command = Command::new(binary::pipefitter());
        command
            .args(["dev", "--port", &options.port.to_string()])
            .arg("--plugins")
            .arg(&plugins)
            .arg("--state-dir")
            .arg(folder.join("service"))
            .args(["--continuation-delay", &options.continuation_delay])
            .args(["--reoffer-after", &options.reoffer_after])
            .args(["--credential-lifetime", &options.credential_lifetime])
            .args(["--action-timeout", &options.action_timeout])
            .args(["--clock-skew", &options.clock_skew])
            .args(
                options
                    .assume
                    .iter()
                    .flat_map(|answer| ["--assume", answer]),
            )
            .env_remove("PIPEFITTER_CONFIG");
        match options.control {
            ControlPath::TokenFile => command.arg("--control-token-file").arg(&token_file),
            ControlPath::Printed => command.arg("--control"),
            ControlPath::Closed => &mut command,
        };
        match &options.own_worker {
            Some(config) => command.arg("--config").arg(config),
            None => command.arg("--no-worker"),
        };
        if options.start_on_create {
            command.arg("--start-on-create");
        }
        if let Some(file) = &options.third_party {
            command.arg("--third-party").arg(file);
        }
        let process = Process::start("pipefitter dev", command);
        let said = process.line("Listening on http://").await;
        let at = said.find("http://").expect("the line has an address");
        let endpoint = said[at..]
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned();
        Service {
            process,
            codepipeline: client::codepipeline(&endpoint),
            s3: client::s3(&endpoint),
            endpoint,
        }
    }

    /// Have the control path do something, as in `json!({ "do": "advance", "seconds": 60 })`; what it says
    /// was done.
    pub async fn control(&self, command: serde_json::Value) -> String {
        let (status, answer) = self.control_with(CONTROL_TOKEN, Some(&command)).await;
        match answer["done"].as_str() {
            Some(done) if status == 200 => done.to_owned(),
            _ => panic!("{command}: {status} {answer}"),
        }
    }

    /// One request to the control path, a POST where there is a command: status and answer.
    pub async fn control_with(
        &self,
        token: &str,
        command: Option<&serde_json::Value>,
    ) -> (u16, serde_json::Value) {
        let method = if command.is_some() { "POST" } else { "GET" };
        let body = command.map(ToString::to_string).unwrap_or_default();
        let request = hyper::Request::builder()
            .method(method)
            .uri("/_pipefitter/control")
            .header("host", self.address().to_string())
            .header("authorization", format!("Bearer {token}"))
            .body(Full::<Bytes>::from(body))
            .expect("a request");
        let stream = TcpStream::connect(self.address())
            .await
            .expect("it listens");
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .expect("it speaks HTTP");
        let asked = async {
            let answer = sender.send_request(request).await.expect("it answers");
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await.expect("an answer");
            (
                status,
                serde_json::from_slice(&body.to_bytes()).unwrap_or_default(),
            )
        };
        tokio::select! {
            answer = asked => answer,
            ended = connection => panic!("no answer of the control path: {ended:?}"),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        let address = self
            .endpoint
            .trim_start_matches("http://")
            .trim_end_matches('/');
        address
            .parse()
            .unwrap_or_else(|error| panic!("{}: {error}", self.endpoint))
    }

    async fn buckets(&self) {
        for bucket in [ARTIFACTS, SOURCES] {
            self.s3
                .create_bucket()
                .bucket(bucket)
                .send()
                .await
                .expect("a bucket is made");
        }
        let on = VersioningConfiguration::builder()
            .status(BucketVersioningStatus::Enabled)
            .build();
        let versioning = self.s3.put_bucket_versioning().bucket(SOURCES);
        versioning
            .versioning_configuration(on)
            .send()
            .await
            .expect("versions are switched on");
    }

    /// Wait until so many custom action types are registered.
    pub async fn has_types(&self, count: usize) {
        let listed = async {
            loop {
                let types = self.codepipeline.list_action_types();
                let types = types.action_owner_filter(ActionOwner::Custom).send().await;
                if types.expect("action types are listed").action_types.len() >= count {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(DEADLINE, listed).await.is_err() {
            self.process.fail(&format!(
                "did not register {count} action types in {DEADLINE:?}"
            ));
        }
    }

    /// Register a plugin's action type.
    pub async fn register(&self, plugin: &Plugin) {
        let details = |(least, most): (u8, u8)| {
            ArtifactDetails::builder()
                .minimum_count(i32::from(least))
                .maximum_count(i32::from(most))
                .build()
        };
        let property = |name: &str, secret: bool, queryable: bool| {
            ActionConfigurationProperty::builder()
                .name(name)
                // The worker's own check is under test, so the service lets missing ones through, where
                // its own rules allow it.
                .required(queryable)
                .key(false)
                .secret(secret)
                .queryable(queryable)
                .build()
                .expect("a property is complete")
        };
        let mut request = self
            .codepipeline
            .create_custom_action_type()
            .category(plugin.category.as_str().into())
            .provider(&plugin.provider)
            .version("1")
            .input_artifact_details(details(plugin.inputs))
            .output_artifact_details(details(plugin.outputs));
        for name in &plugin.properties {
            request = request.configuration_properties(property(name, false, false));
        }
        // The tables that a test adds, as far as the service has to know them.
        for table in plugin.more_properties.split("[[property]]").skip(1) {
            let value = |key: &str| {
                let line = table.lines().find(|line| line.starts_with(key))?;
                Some(line.split('=').nth(1)?.trim().trim_matches('"').to_owned())
            };
            let is = |key: &str| value(key).as_deref() == Some("true");
            let name = value("name").expect("a property has a name");
            let property = property(&name, is("secret"), is("queryable"));
            request = request.configuration_properties(property);
        }
        request.send().await.expect("an action type is registered");
    }

    /// Create a pipeline, with this source object.
    pub async fn create(&self, pipeline: &Pipeline, source: Vec<u8>) {
        self.put_source(pipeline, source).await;
        let request = self
            .codepipeline
            .create_pipeline()
            .pipeline(pipeline.declaration());
        if let Err(error) = request.send().await {
            let error = aws_sdk_codepipeline::error::DisplayErrorContext(error);
            panic!("the pipeline {} is not created: {error}", pipeline.name);
        }
    }

    /// Upload a new source object.
    pub async fn put_source(&self, pipeline: &Pipeline, source: Vec<u8>) {
        let put = self
            .s3
            .put_object()
            .bucket(SOURCES)
            .key(pipeline.source_key());
        put.body(ByteStream::from(source))
            .send()
            .await
            .expect("the source is uploaded");
    }

    /// An object's bytes.
    pub async fn object(&self, (bucket, key): &(String, String)) -> Vec<u8> {
        let got = self.s3.get_object().bucket(bucket).key(key).send().await;
        let got = got.unwrap_or_else(|error| panic!("s3://{bucket}/{key}: {error}"));
        got.body
            .collect()
            .await
            .expect("an object can be read")
            .to_vec()
    }

    /// The owner of all types of tests.
    #[must_use]
    pub fn owner() -> ActionOwner {
        ActionOwner::Custom
    }
}
