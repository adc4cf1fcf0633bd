//! The account's own action types: a source over the AWS SDK.

use std::fmt;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_codepipeline::Client;

use crate::classify::Call;
use crate::config::{ConnectError, SourceConfig};
use crate::connection::{Connection, acknowledged, batch};
use crate::convert;
use crate::dated::dated;
use crate::executions;
use crate::ids::{ClientId, JobId, Nonce, Owner, SourceId};
use crate::registered::RegisteredActionType;
use crate::source::{
    Acknowledged, ActionExecution, ErrorClass, FailureResult, JobContents, JobSource, Offer,
    PipelineContext, PollRequest, ServiceError, SuccessResult,
};

/// The jobs of the account's own action types, in one Region, with one set of credentials.
#[derive(Clone)]
pub struct CustomSource {
    connection: Connection,
}

impl fmt::Debug for CustomSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomSource")
            .field("id", &self.connection.id)
            .field("region", &self.connection.region)
            .finish_non_exhaustive()
    }
}

impl CustomSource {
    /// A source from its configuration. Nothing is sent: credentials and endpoint are tried by the first
    /// call.
    ///
    /// # Errors
    /// What is wrong with the configuration itself, in the words of `pipefitter.toml`.
    pub async fn connect(config: SourceConfig) -> Result<CustomSource, ConnectError> {
        Ok(CustomSource::over(Connection::connect(config).await?))
    }

    /// A source over what is connected already.
    #[must_use]
    pub fn over(connection: Connection) -> CustomSource {
        CustomSource { connection }
    }

    /// Region, credentials, timeouts and app name for other clients of this source, such as S3's. It has
    /// no `endpoint_url` of the source's, which is CodePipeline's alone.
    #[must_use]
    pub fn sdk_config(&self) -> &SdkConfig {
        &self.connection.sdk
    }

    /// The client with retries, for operations that are no job's. Never print what it returns with
    /// `{:?}`: the SDK's types show secrets.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.connection.patient
    }

    /// The custom action types that are registered in this account and Region, all pages of them. Needs
    /// `codepipeline:ListActionTypes`, which a worker does not.
    ///
    /// # Errors
    /// As every call.
    pub async fn list_custom_action_types(
        &self,
    ) -> Result<Vec<RegisteredActionType>, ServiceError> {
        self.connection.list_action_types(Owner::Custom).await
    }
}

#[async_trait]
impl JobSource for CustomSource {
    fn id(&self) -> &SourceId {
        &self.connection.id
    }

    fn owner(&self) -> Owner {
        Owner::Custom
    }

    fn region(&self) -> &str {
        &self.connection.region
    }

    async fn poll(&self, request: &PollRequest) -> Result<Vec<Offer>, ServiceError> {
        let call = Call::new("PollForJobs", &[]);
        if request.action_type.owner != Owner::Custom {
            let message = "this source has the account's own action types, not a partner's";
            return Err(call.error(ErrorClass::Invalid, message));
        }
        let action_type = convert::to_action_type(&request.action_type)
            .map_err(|error| call.error(ErrorClass::Invalid, error.to_string()))?;
        let mut poll = self
            .connection
            .single
            .poll_for_jobs()
            .action_type_id(action_type)
            .max_batch_size(batch(request.max));
        if let Some((key, value)) = &request.query {
            poll = poll.query_param(key, value);
        }
        let answer = dated(|| poll.clone().send()).await;
        let answer = answer.map_err(|error| call.failed(&error))?;
        let jobs = answer.jobs.unwrap_or_default();
        Ok(jobs
            .into_iter()
            .filter_map(|job| convert::offer(&self.connection.id, job))
            .collect())
    }

    async fn open(&self, offer: &Offer) -> Result<JobContents, ServiceError> {
        offer.contents.clone().ok_or_else(|| {
            let message = "the service handed out a job without telling anything about it";
            Call::new("PollForJobs", &[]).error(ErrorClass::Invalid, message)
        })
    }

    async fn acknowledge(
        &self,
        job: &JobId,
        _client: Option<&ClientId>,
        nonce: &Nonce,
        unseen: bool,
    ) -> Result<Acknowledged, ServiceError> {
        let hidden = [nonce.expose()];
        let call = Call::new("AcknowledgeJob", &hidden);
        let sent = self
            .connection
            .single
            .acknowledge_job()
            .job_id(job.as_str())
            .nonce(nonce.expose())
            .send()
            .await;
        acknowledged(&call, sent.map(|answer| answer.status), unseen)
    }

    async fn details(
        &self,
        job: &JobId,
        _client: Option<&ClientId>,
    ) -> Result<JobContents, ServiceError> {
        let call = Call::new("GetJobDetails", &[]);
        let answer = self
            .connection
            .patient
            .get_job_details()
            .job_id(job.as_str())
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        let details = answer
            .job_details
            .and_then(|details| Some((details.data?, details.account_id)));
        match details {
            Some((data, account)) => Ok(convert::contents(data, None, account)),
            None => Err(call.error(
                ErrorClass::Transient,
                "the answer tells nothing about the job",
            )),
        }
    }

    async fn action_execution(
        &self,
        context: &PipelineContext,
    ) -> Result<ActionExecution, ServiceError> {
        executions::look_up(&self.connection.patient, context).await
    }

    async fn put_success(
        &self,
        job: &JobId,
        _client: Option<&ClientId>,
        result: &SuccessResult,
    ) -> Result<(), ServiceError> {
        let token = result
            .continuation
            .as_ref()
            .map(|token| token.expose().to_owned());
        let hidden: Vec<&str> = token.as_deref().into_iter().collect();
        let call = Call::new("PutJobSuccessResult", &hidden);
        let invalid = |reason: String| call.error(ErrorClass::Invalid, reason);
        let result = result
            .clone()
            .checked()
            .map_err(|error| invalid(error.to_string()))?;
        let revision = result
            .current_revision
            .map(convert::to_revision)
            .transpose()
            .map_err(|error| invalid(error.to_string()))?;
        self.connection
            .patient
            .put_job_success_result()
            .job_id(job.as_str())
            .set_continuation_token(token.clone())
            .set_execution_details(convert::to_details(result.details))
            .set_output_variables(convert::to_variables(result.variables))
            .set_current_revision(revision)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| call.failed(&error))
    }

    async fn put_failure(
        &self,
        job: &JobId,
        _client: Option<&ClientId>,
        result: &FailureResult,
    ) -> Result<(), ServiceError> {
        let call = Call::new("PutJobFailureResult", &[]);
        let details = convert::to_failure(result.clone().checked())
            .map_err(|error| call.error(ErrorClass::Invalid, error.to_string()))?;
        self.connection
            .patient
            .put_job_failure_result()
            .job_id(job.as_str())
            .failure_details(details)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| call.failed(&error))
    }
}
