//! A partner's action types: a source over the AWS SDK.
//!
//! ```text
//!   PollForThirdPartyJobs -> (job id, client id) -> client token -> claim
//!     -> GetThirdPartyJobDetails (data, credentials, nonce) -> AcknowledgeThirdPartyJob -> as a custom job
//! ```
//!
//! The token is looked for with every request, since it may change while a job runs, and is kept nowhere: what
//! is in memory is only one that the service refused. A job whose client has no token is not offered to the
//! worker at all.
//!
//! Where the service does not hide what it has offered, such jobs come again with each poll and could fill every
//! batch, so that clients with a token would wait for ever behind one without. So once a poll was offered one that
//! the poll before it had passed over, the next asks for as many more as were offered in vain. A service that hides
//! what it has offered is never asked for more than is free: it would hide from everybody what is not taken.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::join_all;

use crate::classify::Call;
use crate::config::{ConnectError, SourceConfig};
use crate::connection::{Connection, acknowledged, batch};
use crate::convert;
use crate::dated::dated;
use crate::ids::{ClientId, ClientToken, JobId, Nonce, Owner, SourceId};
use crate::source::{
    Acknowledged, ErrorClass, FailureResult, JobContents, JobSource, Offer, PollRequest,
    ServiceError, SuccessResult,
};
use crate::tokens::ClientTokens;
use crate::unserved::{ClientsView, Trial, Unserved, WhyUnserved};

/// The most that a poll asks for besides what is free: enough for a customer in trouble, and no more than one
/// answer holds comfortably.
const MOST_IN_THE_WAY: u32 = 100;

/// The jobs of a partner's action types, in one Region, with one set of credentials.
#[derive(Clone)]
pub struct ThirdPartySource {
    connection: Connection,
    tokens: Arc<dyn ClientTokens>,
    unserved: Arc<Unserved>,
}

impl fmt::Debug for ThirdPartySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThirdPartySource")
            .field("id", &self.connection.id)
            .field("region", &self.connection.region)
            .finish_non_exhaustive()
    }
}

/// A request's token, and of which state of the tokens it is.
struct Held {
    client: ClientId,
    token: ClientToken,
    revision: u64,
    /// Where the service has not taken this token yet.
    trial: Option<Trial>,
}

impl ThirdPartySource {
    /// A source from its configuration and its customers' tokens. Nothing is sent.
    ///
    /// # Errors
    /// What is wrong with the configuration itself, in the words of `pipefitter.toml`.
    pub async fn connect(
        config: SourceConfig,
        tokens: Arc<dyn ClientTokens>,
    ) -> Result<ThirdPartySource, ConnectError> {
        let connection = Connection::connect(config).await?;
        Ok(ThirdPartySource::over(connection, tokens))
    }

    /// A source over what is connected already.
    #[must_use]
    pub fn over(connection: Connection, tokens: Arc<dyn ClientTokens>) -> ThirdPartySource {
        ThirdPartySource {
            connection,
            tokens,
            unserved: Arc::default(),
        }
    }

    async fn token(&self, client: &ClientId) -> Result<Held, WhyUnserved> {
        let revision = self.tokens.revision().await;
        if let Some(why) = self.unserved.remembered(client, revision) {
            return Err(why);
        }
        let why = match self.tokens.token(client).await {
            Ok(Some(token)) if !self.unserved.is_refused(client, &token) => {
                self.unserved.served(client);
                return Ok(Held {
                    client: client.clone(),
                    token,
                    revision,
                    trial: None,
                });
            }
            Ok(Some(_)) => WhyUnserved::Refused,
            Ok(None) => WhyUnserved::Unknown,
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(source = %self.connection.id, %client, %error, cause, "a client token could not be had");
                WhyUnserved::NotTold
            }
        };
        self.unserved.remember(client, why, revision);
        Err(why)
    }

    /// The token for a request about a job.
    async fn held(
        &self,
        operation: &'static str,
        client: Option<&ClientId>,
    ) -> Result<Held, ServiceError> {
        let call = Call::new(operation, &[]);
        let Some(client) = client else {
            let message = "the job is a partner's, and nobody knows of which client";
            return Err(call.error(ErrorClass::Invalid, message));
        };
        let none = |why| {
            let message = format!("not asked for client {client}: {why}");
            call.error(ErrorClass::NoToken, message)
        };
        let held = self.token(client).await.map_err(none)?;
        if self.unserved.is_taken(client, &held.token) {
            return Ok(held);
        }
        let (trial, failed) = self.unserved.trial(client).await;
        // The request before this one may have shown what the token is worth.
        let held = self.token(client).await.map_err(none)?;
        let known = self.unserved.is_taken(client, &held.token);
        if failed && !known {
            // Not as what may have arrived: nothing was sent.
            let message =
                format!("not asked for client {client}: the request before had no answer");
            return Err(call.error(ErrorClass::Throttled, message));
        }
        Ok(Held {
            trial: (!known).then_some(trial),
            ..held
        })
    }

    /// The answer, and what it says of the token.
    fn heard<T>(&self, held: &Held, answer: Result<T, ServiceError>) -> Result<T, ServiceError> {
        match &answer {
            Ok(_) => self.unserved.taken(&held.client, &held.token),
            Err(error) if error.class == ErrorClass::NoToken => {
                self.unserved
                    .refuse(&held.client, &held.token, held.revision);
            }
            // Whether the token was looked at is not known.
            Err(error) => {
                let trial = held.trial.as_ref();
                if let Some(trial) = trial.filter(|_| error.class == ErrorClass::Transient) {
                    trial.failed();
                }
            }
        }
        answer
    }
}

#[async_trait]
impl JobSource for ThirdPartySource {
    fn id(&self) -> &SourceId {
        &self.connection.id
    }

    fn owner(&self) -> Owner {
        Owner::ThirdParty
    }

    fn region(&self) -> &str {
        &self.connection.region
    }

    fn clients(&self) -> ClientsView {
        self.unserved.view()
    }

    async fn poll(&self, request: &PollRequest) -> Result<Vec<Offer>, ServiceError> {
        let call = Call::new("PollForThirdPartyJobs", &[]);
        let invalid = |message: String| call.error(ErrorClass::Invalid, message);
        if request.action_type.owner != Owner::ThirdParty {
            let message = "this source has a partner's action types, not the account's own";
            return Err(invalid(message.to_owned()));
        }
        let action_type = convert::to_action_type(&request.action_type)
            .map_err(|error| invalid(error.to_string()))?;
        let in_the_way = self.unserved.in_the_way(&request.action_type);
        let poll = self
            .connection
            .single
            .poll_for_third_party_jobs()
            .action_type_id(action_type)
            .max_batch_size(batch(
                request.max.saturating_add(in_the_way.min(MOST_IN_THE_WAY)),
            ));
        let answer = dated(|| poll.clone().send()).await;
        let answer = answer.map_err(|error| call.failed(&error))?;
        let jobs = answer.jobs.unwrap_or_default().into_iter();
        let offers: Vec<Offer> = jobs
            .filter_map(|job| convert::third_party_offer(&self.connection.id, job))
            .collect();
        // All at once: a program that is asked for tokens takes its time.
        let mut clients: Vec<&ClientId> = offers
            .iter()
            .filter_map(|offer| offer.client.as_ref())
            .collect();
        clients.sort();
        clients.dedup();
        let known = join_all(clients.iter().map(|client| self.token(client))).await;
        let (mut taken, mut passed_over) = (Vec::new(), BTreeSet::new());
        for offer in &offers {
            let Some(client) = &offer.client else {
                continue;
            };
            let at = clients.binary_search(&client);
            if at.is_ok_and(|at| known[at].is_ok()) {
                taken.push(offer.clone());
            } else {
                passed_over.insert(offer.job.clone());
                self.unserved.passed_over(client);
            }
        }
        self.unserved
            .were_in_the_way(&request.action_type, passed_over);
        taken.truncate(request.max.max(1) as usize);
        Ok(taken)
    }

    async fn open(&self, offer: &Offer) -> Result<JobContents, ServiceError> {
        self.details(&offer.job, offer.client.as_ref()).await
    }

    async fn acknowledge(
        &self,
        job: &JobId,
        client: Option<&ClientId>,
        nonce: &Nonce,
        unseen: bool,
    ) -> Result<Acknowledged, ServiceError> {
        const OPERATION: &str = "AcknowledgeThirdPartyJob";
        let held = self.held(OPERATION, client).await?;
        let hidden = [nonce.expose(), held.token.expose()];
        let call = Call::new(OPERATION, &hidden);
        let sent = self
            .connection
            .single
            .acknowledge_third_party_job()
            .job_id(job.as_str())
            .nonce(nonce.expose())
            .client_token(held.token.expose())
            .send()
            .await;
        let answer = acknowledged(&call, sent.map(|answer| answer.status), unseen);
        self.heard(&held, answer)
    }

    async fn details(
        &self,
        job: &JobId,
        client: Option<&ClientId>,
    ) -> Result<JobContents, ServiceError> {
        const OPERATION: &str = "GetThirdPartyJobDetails";
        let held = self.held(OPERATION, client).await?;
        let hidden = [held.token.expose()];
        let call = Call::new(OPERATION, &hidden);
        let answer = self
            .connection
            .patient
            .get_third_party_job_details()
            .job_id(job.as_str())
            .client_token(held.token.expose())
            .send()
            .await
            .map_err(|error| call.failed(&error));
        let answer = self.heard(&held, answer)?;
        let details = answer
            .job_details
            .and_then(|details| Some((details.data?, details.nonce)));
        match details {
            Some((data, nonce)) => {
                let nonce = convert::filled(nonce).map(Nonce::new);
                Ok(convert::contents(data, nonce, None))
            }
            None => Err(call.error(
                ErrorClass::Transient,
                "the answer tells nothing about the job",
            )),
        }
    }

    async fn put_success(
        &self,
        job: &JobId,
        client: Option<&ClientId>,
        result: &SuccessResult,
    ) -> Result<(), ServiceError> {
        const OPERATION: &str = "PutThirdPartyJobSuccessResult";
        let held = self.held(OPERATION, client).await?;
        let continuation = result
            .continuation
            .as_ref()
            .map(|token| token.expose().to_owned());
        let hidden: Vec<&str> = continuation
            .as_deref()
            .into_iter()
            .chain([held.token.expose()])
            .collect();
        let call = Call::new(OPERATION, &hidden);
        let invalid = |reason: String| call.error(ErrorClass::Invalid, reason);
        // A partner's job has no variables to give: whoever made the result has said so in its log.
        let result = SuccessResult {
            variables: Default::default(),
            ..result.clone()
        };
        let result = result
            .checked()
            .map_err(|error| invalid(error.to_string()))?;
        let revision = result
            .current_revision
            .map(convert::to_revision)
            .transpose()
            .map_err(|error| invalid(error.to_string()))?;
        let answer = self
            .connection
            .patient
            .put_third_party_job_success_result()
            .job_id(job.as_str())
            .client_token(held.token.expose())
            .set_continuation_token(continuation.clone())
            .set_execution_details(convert::to_details(result.details))
            .set_current_revision(revision)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| call.failed(&error));
        self.heard(&held, answer)
    }

    async fn put_failure(
        &self,
        job: &JobId,
        client: Option<&ClientId>,
        result: &FailureResult,
    ) -> Result<(), ServiceError> {
        const OPERATION: &str = "PutThirdPartyJobFailureResult";
        let held = self.held(OPERATION, client).await?;
        let hidden = [held.token.expose()];
        let call = Call::new(OPERATION, &hidden);
        let details = convert::to_failure(result.clone().checked())
            .map_err(|error| call.error(ErrorClass::Invalid, error.to_string()))?;
        let answer = self
            .connection
            .patient
            .put_third_party_job_failure_result()
            .job_id(job.as_str())
            .client_token(held.token.expose())
            .failure_details(details)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| call.failed(&error));
        self.heard(&held, answer)
    }
}
