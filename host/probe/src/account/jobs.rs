//! The five job operations. Nonces, tokens and credentials are kept where no `Debug` shows them.

use aws_sdk_codepipeline::types;
use secrecy::{ExposeSecret, SecretString};

use super::pipelines::incomplete;
use super::{Account, Kind, Place};
use crate::call::{Call, CallError, Timed, make};
use crate::names::{QUERY, TEXT, VARIABLE};

/// A job that was handed out. It has no `Debug`.
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) action: String,
    pub(crate) execution: String,
    pub(crate) continues: bool,
    /// How long the value is, characters, that may refer to variables.
    pub(crate) text_length: usize,
    pub(crate) input: Option<Place>,
    pub(crate) output: Option<Place>,
    pub(super) credentials: Option<aws_credential_types::Credentials>,
    pub(super) key: Option<String>,
    nonce: SecretString,
}

impl Job {
    /// Whether two hand-outs came with the same nonce.
    pub(crate) fn has_nonce_of(&self, other: &Self) -> bool {
        self.nonce.expose_secret() == other.nonce.expose_secret()
    }
}

/// What GetJobDetails gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Details {
    /// The job's data.
    Data {
        /// Whether credentials were with it.
        with_credentials: bool,
    },
    /// An exception's name.
    Refused(String),
}

/// What is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Success {
    /// The action is done.
    Done,
    /// A source's action is done, with this revision.
    Revision,
    /// The action goes on in another job.
    Continues,
    /// The action is done, and gives a variable of so many characters.
    Variable(usize),
}

impl Account {
    /// Jobs of one experiment.
    pub(crate) async fn poll(
        &self,
        kind: Kind,
        query: &str,
        batch: Option<i32>,
    ) -> Result<Timed<Vec<Job>>, CallError> {
        let id = self.type_id(kind)?;
        let polled = make(Call::safe("PollForJobs").quiet(), || {
            self.codepipeline
                .poll_for_jobs()
                .action_type_id(id.clone())
                .query_param(QUERY, query)
                .set_max_batch_size(batch)
                .send()
        })
        .await?;
        Ok(polled.map(|answer| {
            let jobs = answer.jobs.unwrap_or_default();
            jobs.into_iter().filter_map(job).collect()
        }))
    }

    /// The status that the service gives in answer.
    pub(crate) async fn acknowledge(&self, job: &Job) -> Result<Timed<String>, CallError> {
        let answer = make(Call::once("AcknowledgeJob").quiet(), || {
            self.codepipeline
                .acknowledge_job()
                .job_id(&job.id)
                .nonce(job.nonce.expose_secret())
                .send()
        })
        .await?;
        Ok(answer.map(|answer| {
            answer
                .status
                .map(|status| status.as_str().to_owned())
                .unwrap_or_default()
        }))
    }

    /// What GetJobDetails gives; an exception is an answer too.
    pub(crate) async fn details(&self, job: &Job) -> Result<Details, CallError> {
        let got = make(Call::safe("GetJobDetails").quiet(), || {
            self.codepipeline.get_job_details().job_id(&job.id).send()
        })
        .await;
        match got {
            Ok(got) => {
                let data = got.value.job_details.and_then(|details| details.data);
                Ok(Details::Data {
                    with_credentials: data.is_some_and(|data| data.artifact_credentials.is_some()),
                })
            }
            Err(error) => exception(error).map(Details::Refused),
        }
    }

    /// Reports success.
    pub(crate) async fn succeed(
        &self,
        job: &Job,
        success: Success,
    ) -> Result<Timed<()>, CallError> {
        const CALL: Call = Call::once("PutJobSuccessResult").quiet();
        let revision = types::CurrentRevision::builder()
            .revision("probe")
            .change_identifier("probe")
            .build()
            .map_err(|_| incomplete(CALL.operation))?;
        let answer = make(CALL, || {
            let put = self.codepipeline.put_job_success_result().job_id(&job.id);
            match success {
                Success::Done => put,
                Success::Revision => put.current_revision(revision.clone()),
                Success::Continues => put.continuation_token("pipefitter-probe"),
                Success::Variable(length) => put.output_variables(VARIABLE.1, "x".repeat(length)),
            }
            .send()
        })
        .await?;
        Ok(answer.map(|_| ()))
    }

    /// The name of the exception that a success is answered with; None if it is accepted.
    pub(crate) async fn refused_success(&self, job: &Job) -> Result<Option<String>, CallError> {
        match self.succeed(job, Success::Done).await {
            Ok(_) => Ok(None),
            Err(error) => exception(error).map(Some),
        }
    }

    /// Reports that the probe has no use for a job.
    pub(crate) async fn fail(&self, job: &Job) -> Result<(), CallError> {
        const CALL: Call = Call::once("PutJobFailureResult").quiet();
        let details = types::FailureDetails::builder()
            .r#type(types::FailureType::JobFailed)
            .message("not the execution that the probe started")
            .build()
            .map_err(|_| incomplete(CALL.operation))?;
        make(CALL, || {
            self.codepipeline
                .put_job_failure_result()
                .job_id(&job.id)
                .failure_details(details.clone())
                .send()
        })
        .await?;
        Ok(())
    }
}

/// A modelled exception's name; anything else is no answer to a question about jobs.
fn exception(error: CallError) -> Result<String, CallError> {
    match &error.code {
        Some(code) if code.starts_with("InvalidJob") || code.starts_with("JobNotFound") => {
            Ok(code.clone())
        }
        _ => Err(error),
    }
}

fn job(job: types::Job) -> Option<Job> {
    let data = job.data?;
    let context = data.pipeline_context?;
    let place = |artifacts: Option<Vec<types::Artifact>>| {
        let artifact = artifacts.unwrap_or_default().into_iter().next()?;
        let place = artifact.location?.s3_location?;
        Some(Place {
            bucket: place.bucket_name,
            key: place.object_key,
        })
    };
    let configuration = data.action_configuration;
    let configuration = configuration.and_then(|found| found.configuration);
    let text = configuration.and_then(|mut values| values.remove(TEXT));
    let credentials = data.artifact_credentials.map(|given| {
        aws_credential_types::Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            None,
            "codepipeline-job",
        )
    });
    Some(Job {
        id: job.id?,
        action: context.action.and_then(|action| action.name)?,
        execution: context.pipeline_execution_id?,
        continues: data.continuation_token.is_some(),
        text_length: text.map_or(0, |text| text.chars().count()),
        input: place(data.input_artifacts),
        output: place(data.output_artifacts),
        credentials,
        key: data.encryption_key.map(|key| key.id),
        nonce: job.nonce?.into(),
    })
}
