//! A worker of few lines, to see what each answer is: what our own worker makes of them is for other suites.

use aws_sdk_codepipeline::error::ProvideErrorMetadata;
use aws_sdk_codepipeline::types::{
    ActionCategory, ActionOwner, ActionTypeId, FailureDetails, FailureType, JobData,
};
use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Service, ServiceOptions, small_source};
use tempfile::TempDir;

/// What a poll gave.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) nonce: String,
    pub(crate) data: JobData,
}

impl Job {
    /// The key of its one output artifact.
    pub(crate) fn output(&self) -> &str {
        let location = self.data.output_artifacts()[0].location().unwrap();
        location.s3_location().unwrap().object_key()
    }
}

/// A service with one pipeline `p`: its source, then the action `Act` with one output.
pub(crate) struct By {
    pub(crate) service: Service,
    pub(crate) execution: String,
    folder: TempDir,
    options: ServiceOptions,
}

pub(crate) type Answer = Result<(), String>;

impl By {
    pub(crate) async fn with(options: ServiceOptions) -> By {
        let folder = tempfile::tempdir().unwrap();
        let service = Service::start(folder.path(), &options).await;
        let plugin = Plugin::probe("Probe");
        service.register(&plugin).await;
        let action = Action::new("Act", &plugin).input("Source").output("Out");
        let pipeline = Pipeline::new("p").stage([action]);
        service.create(&pipeline, small_source()).await;
        let execution = service.begin("p").await;
        By {
            service,
            execution,
            folder,
            options,
        }
    }

    /// Kills the service and starts it again in the same folder.
    pub(crate) async fn restart(&mut self) {
        self.service.process.kill().await;
        self.service = Service::again(self.folder.path(), &self.options).await;
    }

    /// One poll, which says how many or does not.
    pub(crate) async fn poll(&self, batch: Option<i32>) -> Result<Vec<Job>, String> {
        let kind = ActionTypeId::builder()
            .category(ActionCategory::Build)
            .owner(ActionOwner::Custom)
            .provider("Probe")
            .version("1")
            .build()
            .unwrap();
        let request = self.service.codepipeline.poll_for_jobs();
        let request = request.action_type_id(kind).set_max_batch_size(batch);
        let answer = request.send().await.map_err(code)?;
        let jobs = answer.jobs.unwrap_or_default().into_iter().map(|job| Job {
            id: job.id.unwrap(),
            nonce: job.nonce.unwrap(),
            data: job.data.unwrap(),
        });
        Ok(jobs.collect())
    }

    /// Polls until there is a job.
    pub(crate) async fn next(&self) -> Job {
        loop {
            if let Some(job) = self.poll(Some(1)).await.unwrap().pop() {
                return job;
            }
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn acknowledge(&self, job: &Job) -> Answer {
        let request = self.service.codepipeline.acknowledge_job();
        let sent = request.job_id(&job.id).nonce(&job.nonce).send().await;
        sent.map(drop).map_err(code)
    }

    /// The next job, acknowledged.
    pub(crate) async fn take(&self) -> Job {
        let job = self.next().await;
        self.acknowledge(&job).await.unwrap();
        job
    }

    pub(crate) async fn details(&self, job: &Job) -> Answer {
        let request = self.service.codepipeline.get_job_details();
        let sent = request.job_id(&job.id).send().await;
        sent.map(drop).map_err(code)
    }

    pub(crate) async fn continued(&self, job: &Job) -> Answer {
        let request = self.service.codepipeline.put_job_success_result();
        let request = request.job_id(&job.id).continuation_token("more");
        request.send().await.map(drop).map_err(code)
    }

    pub(crate) async fn failed(&self, job: &Job) -> Answer {
        let details = FailureDetails::builder()
            .r#type(FailureType::JobFailed)
            .message("so it was told")
            .build()
            .unwrap();
        let request = self.service.codepipeline.put_job_failure_result();
        let request = request.job_id(&job.id).failure_details(details);
        request.send().await.map(drop).map_err(code)
    }

    /// Reads the job's input with its own credentials.
    pub(crate) async fn read_input(&self, job: &Job) -> Answer {
        let given = job.data.artifact_credentials().unwrap();
        let credentials = aws_credential_types::Credentials::from_keys(
            given.access_key_id(),
            given.secret_access_key(),
            Some(given.session_token().to_owned()),
        );
        let config = self.service.s3.config().to_builder();
        let config = config.credentials_provider(credentials).build();
        let place = job.data.input_artifacts()[0].location().unwrap();
        let place = place.s3_location().unwrap();
        let request = aws_sdk_s3::Client::from_conf(config).get_object();
        let request = request.bucket(place.bucket_name()).key(place.object_key());
        request.send().await.map(drop).map_err(code)
    }
}

/// The error's name, or `no answer`.
pub(crate) fn code<E: ProvideErrorMetadata>(error: E) -> String {
    error.code().unwrap_or("no answer").to_owned()
}
