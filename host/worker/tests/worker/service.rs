//! CodePipeline as a worker meets it: jobs, nonces, one result per job, and faults on demand.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pipefitter_codepipeline::{
    Acknowledged, ActionExecution, Artifact, ArtifactCredentials, ClientId, ClientsView,
    ContinuationToken, ErrorClass, FailureResult, JobContents, JobId, JobSource, Nonce, Offer,
    Owner, PipelineContext, PollRequest, S3Location, ServiceError, SourceId, SuccessResult,
};
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

/// The client of all jobs of a partner.
pub(crate) const CLIENT: &str = "client-1";

/// The service hands a job out again after this time without an acknowledge.
const REOFFER: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    Created,
    InProgress,
    Rivals,
    Ended,
}

#[derive(Clone, Debug)]
pub(crate) enum Sent {
    Success(SuccessResult),
    Failure(FailureResult),
}

#[derive(Clone, Debug)]
pub(crate) struct FakeJob {
    pub(crate) id: String,
    pub(crate) nonce: u32,
    pub(crate) state: State,
    pub(crate) configuration: BTreeMap<String, String>,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) token: Option<String>,
    /// The action execution's id.
    pub(crate) action: String,
    pub(crate) handed_out: Option<Instant>,
    /// What the service took.
    pub(crate) result: Option<Sent>,
}

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    /// It does not arrive.
    LoseRequest,
    /// It is done, its answer is lost.
    LoseAnswer,
    Throttle,
    Deny,
    Invalid,
    /// Nobody has a token for the client.
    NoToken,
    /// It is done at once, its answer comes after five seconds.
    LateAnswer,
    /// A rival acknowledges first.
    Rival,
    /// The caller's task panics.
    Panic,
}

#[derive(Default)]
pub(crate) struct Inner {
    pub(crate) jobs: Vec<FakeJob>,
    pub(crate) poll_faults: VecDeque<Fault>,
    pub(crate) ack_faults: VecDeque<Fault>,
    pub(crate) put_faults: VecDeque<Fault>,
    pub(crate) detail_faults: VecDeque<Fault>,
    pub(crate) polls: Vec<(Instant, u32)>,
    /// How long the next polls take to be answered.
    pub(crate) poll_times: VecDeque<Duration>,
    /// For so long after a hand-out, polls bring the job again with its nonce, as those do that were served before
    /// it was acknowledged.
    pub(crate) stale: Duration,
    pub(crate) acks: u32,
    pub(crate) details: u32,
    /// When they were asked for.
    pub(crate) detail_times: Vec<Instant>,
    /// GetJobDetails answers for ended jobs, too.
    pub(crate) details_of_ended: bool,
    /// And without credentials.
    pub(crate) bare_details_of_ended: bool,
    pub(crate) check_faults: VecDeque<Fault>,
    pub(crate) checks: u32,
    pub(crate) puts: u32,
    /// Results for jobs that had ended, or were not acknowledged.
    pub(crate) refused: u32,
}

impl Inner {
    pub(crate) fn job(&self, id: &str) -> &FakeJob {
        self.jobs.iter().find(|job| job.id == id).unwrap()
    }
}

#[derive(Clone)]
pub(crate) struct Service {
    id: SourceId,
    owner: Owner,
    /// What the source says of clients.
    pub(crate) clients: Arc<watch::Sender<ClientsView>>,
    pub(crate) inner: Arc<Mutex<Inner>>,
    changed: Arc<watch::Sender<u64>>,
}

fn error(operation: &'static str, class: ErrorClass, code: Option<&str>) -> ServiceError {
    ServiceError {
        operation,
        class,
        code: code.map(str::to_owned),
        message: "as the test wants it".to_owned(),
        retry_after: None,
    }
}

fn fail(operation: &'static str, fault: Fault) -> ServiceError {
    match fault {
        Fault::LoseRequest | Fault::LoseAnswer => error(operation, ErrorClass::Transient, None),
        Fault::Throttle => ServiceError {
            retry_after: Some(Duration::from_secs(100)),
            ..error(
                operation,
                ErrorClass::Throttled,
                Some("ThrottlingException"),
            )
        },
        Fault::Deny => error(operation, ErrorClass::Denied, Some("AccessDeniedException")),
        Fault::Invalid => error(operation, ErrorClass::Invalid, Some("ValidationException")),
        Fault::NoToken => error(operation, ErrorClass::NoToken, None),
        Fault::LateAnswer | Fault::Rival | Fault::Panic => panic!("as the test wants it"),
    }
}

impl Service {
    pub(crate) fn new() -> Service {
        Service::named("main")
    }

    pub(crate) fn named(id: &str) -> Service {
        Service {
            id: SourceId::new(id),
            owner: Owner::Custom,
            clients: Arc::default(),
            inner: Arc::default(),
            changed: Arc::new(watch::channel(0).0),
        }
    }

    /// A partner's jobs, all of one client: polls tell nothing of them.
    pub(crate) fn third_party() -> Service {
        Service {
            owner: Owner::ThirdParty,
            ..Service::new()
        }
    }

    fn touch(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    /// A job that does `what` with so many artifacts.
    pub(crate) async fn add(&self, id: &str, what: &[(&str, &str)], inputs: usize, outputs: usize) {
        self.inner.lock().await.jobs.push(FakeJob {
            id: id.to_owned(),
            nonce: 0,
            state: State::Created,
            configuration: what
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            inputs,
            outputs,
            token: None,
            action: format!("action-of-{id}"),
            handed_out: None,
            result: None,
        });
        self.touch();
    }

    /// Somebody abandons a job, or it times out.
    pub(crate) async fn end(&self, id: &str) {
        let mut inner = self.inner.lock().await;
        let job = inner.jobs.iter_mut().find(|job| job.id == id).unwrap();
        job.state = State::Ended;
        drop(inner);
        self.touch();
    }

    /// The next job of an action.
    pub(crate) async fn add_next(
        &self,
        id: &str,
        action: &str,
        token: &str,
        what: &[(&str, &str)],
    ) {
        self.add(id, what, 0, 0).await;
        let mut inner = self.inner.lock().await;
        let job = inner.jobs.last_mut().unwrap();
        job.action = action.to_owned();
        job.token = Some(token.to_owned());
    }

    /// Wait until the service is as the test wants it.
    pub(crate) async fn until(&self, what: &str, test: impl Fn(&Inner) -> bool) {
        let mut changed = self.changed.subscribe();
        let waited = tokio::time::timeout(Duration::from_secs(40 * 3600), async {
            loop {
                changed.borrow_and_update();
                if test(&*self.inner.lock().await) {
                    return;
                }
                changed.changed().await.unwrap();
            }
        });
        assert!(waited.await.is_ok(), "never happened: {what}");
    }

    pub(crate) async fn until_all_ended(&self) {
        self.until("all jobs end", |inner| {
            inner.jobs.iter().all(|job| job.state == State::Ended)
        })
        .await;
    }

    /// The failure that the service has for a job.
    pub(crate) async fn failure(&self, id: &str) -> FailureResult {
        match self.inner.lock().await.job(id).result.clone() {
            Some(Sent::Failure(failure)) => failure,
            other => panic!("job {id} has {other:?}"),
        }
    }

    /// The success that the service has for a job.
    pub(crate) async fn success(&self, id: &str) -> SuccessResult {
        match self.inner.lock().await.job(id).result.clone() {
            Some(Sent::Success(success)) => success,
            other => panic!("job {id} has {other:?}"),
        }
    }

    /// Every request for a partner's job names the client that its poll named, across restarts too.
    fn knows(&self, client: Option<&ClientId>) {
        let wanted = (self.owner == Owner::ThirdParty).then_some(CLIENT);
        assert_eq!(client.map(ClientId::as_str), wanted);
    }

    async fn put(
        &self,
        operation: &'static str,
        id: &JobId,
        sent: Sent,
    ) -> Result<(), ServiceError> {
        let mut inner = self.inner.lock().await;
        inner.puts += 1;
        let fault = inner.put_faults.pop_front();
        let answer = match fault {
            Some(fault) if fault != Fault::LoseAnswer => Err(fail(operation, fault)),
            _ => {
                let job = inner.jobs.iter_mut().find(|job| job.id == id.as_str());
                match job {
                    Some(job) if job.state == State::InProgress => {
                        job.state = State::Ended;
                        job.result = Some(sent);
                        match fault {
                            Some(fault) => Err(fail(operation, fault)),
                            None => Ok(()),
                        }
                    }
                    _ => {
                        inner.refused += 1;
                        Err(error(
                            operation,
                            ErrorClass::Gone,
                            Some("InvalidJobStateException"),
                        ))
                    }
                }
            }
        };
        drop(inner);
        self.touch();
        answer
    }
}

fn artifacts(prefix: &str, count: usize) -> Vec<Artifact> {
    (0..count)
        .map(|at| Artifact {
            name: format!("{prefix}{at}"),
            revision: None,
            location: Some(S3Location {
                bucket: "bucket".to_owned(),
                key: format!("pipe/{prefix}{at}/abc"),
            }),
        })
        .collect()
}

fn contents(job: &FakeJob, nonce: bool, generation: u32) -> JobContents {
    JobContents {
        nonce: nonce.then(|| Nonce::new(job.nonce.to_string())),
        account: Some("123456789012".to_owned()),
        action_type: None,
        configuration: job
            .configuration
            .iter()
            .map(|(key, value)| (key.clone(), value.clone().into()))
            .collect(),
        pipeline: PipelineContext {
            pipeline: "docs".to_owned(),
            stage: "Build".to_owned(),
            action: "Site".to_owned(),
            pipeline_arn: None,
            pipeline_execution_id: Some("execution".to_owned()),
            action_execution_id: Some(job.action.clone()),
        },
        inputs: artifacts("In", job.inputs),
        outputs: artifacts("Out", job.outputs),
        credentials: Some(ArtifactCredentials {
            access_key_id: format!("AKIA{generation}"),
            secret_access_key: "very-secret-key".into(),
            session_token: "very-secret-token".into(),
        }),
        continuation: job.token.clone().map(ContinuationToken::new),
        encryption_key: None,
    }
}

#[async_trait]
impl JobSource for Service {
    fn id(&self) -> &SourceId {
        &self.id
    }

    fn owner(&self) -> Owner {
        self.owner
    }

    fn clients(&self) -> ClientsView {
        self.clients.borrow().clone()
    }

    fn region(&self) -> &str {
        "eu-central-1"
    }

    async fn poll(&self, request: &PollRequest) -> Result<Vec<Offer>, ServiceError> {
        let mut inner = self.inner.lock().await;
        let now = Instant::now();
        inner.polls.push((now, request.max));
        let fault = inner.poll_faults.pop_front();
        if let Some(fault) = fault.filter(|fault| *fault != Fault::LoseAnswer) {
            drop(inner);
            self.touch();
            return Err(fail("PollForJobs", fault));
        }
        assert!(request.max >= 1);
        assert_eq!(request.action_type.owner, self.owner);
        let partner = self.owner == Owner::ThirdParty;
        assert!(!(partner && request.query.is_some()));
        let stale = inner.stale;
        let is_stale = |job: &FakeJob| job.handed_out.is_some_and(|at| now - at < stale);
        let is_new = |job: &FakeJob| {
            let waited = job.handed_out.is_none_or(|at| now - at >= REOFFER);
            job.state == State::Created && waited
        };
        let offers: Vec<Offer> = inner
            .jobs
            .iter_mut()
            .filter(|job| is_new(job) || is_stale(job))
            .take(request.max as usize)
            .map(|job| {
                if is_new(job) {
                    job.handed_out = Some(now);
                    job.nonce += 1;
                }
                let custom = self.owner == Owner::Custom;
                Offer {
                    job: JobId::new(job.id.clone()),
                    client: (!custom).then(|| ClientId::new(CLIENT)),
                    contents: custom.then(|| contents(job, true, 1)),
                }
            })
            .collect();
        let takes = inner.poll_times.pop_front();
        drop(inner);
        self.touch();
        if let Some(takes) = takes {
            tokio::time::sleep(takes).await;
        }
        match fault {
            Some(fault) => Err(fail("PollForJobs", fault)),
            None => Ok(offers),
        }
    }

    async fn open(&self, offer: &Offer) -> Result<JobContents, ServiceError> {
        match &offer.contents {
            Some(contents) => Ok(contents.clone()),
            None => self.details(&offer.job, offer.client.as_ref()).await,
        }
    }

    async fn acknowledge(
        &self,
        id: &JobId,
        client: Option<&ClientId>,
        nonce: &Nonce,
        unseen: bool,
    ) -> Result<Acknowledged, ServiceError> {
        self.knows(client);
        let mut inner = self.inner.lock().await;
        inner.acks += 1;
        let fault = inner.ack_faults.pop_front();
        let job = inner.jobs.iter_mut().find(|job| job.id == id.as_str());
        let Some(job) = job else {
            return Err(error(
                "AcknowledgeJob",
                ErrorClass::Gone,
                Some("JobNotFoundException"),
            ));
        };
        let answer = match fault {
            Some(fault @ (Fault::LoseRequest | Fault::Throttle | Fault::Deny | Fault::Invalid)) => {
                Err(fail("AcknowledgeJob", fault))
            }
            _ => {
                if fault == Some(Fault::Rival) {
                    job.state = State::Rivals;
                }
                let fits = job.nonce.to_string() == nonce.expose();
                if fits && job.state == State::Created {
                    job.state = State::InProgress;
                    match fault {
                        Some(Fault::LateAnswer) | None => Ok(Acknowledged::Ours),
                        Some(fault) => Err(fail("AcknowledgeJob", fault)),
                    }
                } else if unseen {
                    Ok(Acknowledged::Ambiguous)
                } else {
                    Ok(Acknowledged::LostRace)
                }
            }
        };
        drop(inner);
        self.touch();
        if fault == Some(Fault::LateAnswer) {
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        answer
    }

    async fn details(
        &self,
        id: &JobId,
        client: Option<&ClientId>,
    ) -> Result<JobContents, ServiceError> {
        self.knows(client);
        let mut inner = self.inner.lock().await;
        inner.details += 1;
        inner.detail_times.push(Instant::now());
        let bare = inner.bare_details_of_ended;
        let of_ended = inner.details_of_ended || bare;
        let generation = inner.details + 1;
        let fault = inner.detail_faults.pop_front();
        let known = inner
            .jobs
            .iter()
            .find(|job| job.id == id.as_str() && (of_ended || job.state != State::Ended));
        let answer = match (fault, known) {
            (Some(fault), _) => Err(fail("GetJobDetails", fault)),
            (None, Some(job)) => {
                let mut contents = contents(job, self.owner == Owner::ThirdParty, generation);
                if bare && job.state == State::Ended {
                    contents.credentials = None;
                }
                Ok(contents)
            }
            (None, None) => Err(error(
                "GetJobDetails",
                ErrorClass::Gone,
                Some("JobNotFoundException"),
            )),
        };
        drop(inner);
        self.touch();
        answer
    }

    async fn action_execution(
        &self,
        context: &PipelineContext,
    ) -> Result<ActionExecution, ServiceError> {
        let mut inner = self.inner.lock().await;
        inner.checks += 1;
        if let Some(fault) = inner.check_faults.pop_front() {
            return Err(fail("ListActionExecutions", fault));
        }
        let of_action = |job: &&FakeJob| Some(&job.action) == context.action_execution_id.as_ref();
        Ok(match inner.jobs.iter().rfind(of_action) {
            Some(job) if job.state == State::Ended => ActionExecution::Ended,
            Some(_) => ActionExecution::InProgress,
            None => ActionExecution::Unknown,
        })
    }

    async fn put_success(
        &self,
        job: &JobId,
        client: Option<&ClientId>,
        result: &SuccessResult,
    ) -> Result<(), ServiceError> {
        self.knows(client);
        assert_eq!(
            &result.clone().checked().unwrap(),
            result,
            "checked before it is sent"
        );
        self.put("PutJobSuccessResult", job, Sent::Success(result.clone()))
            .await
    }

    async fn put_failure(
        &self,
        job: &JobId,
        client: Option<&ClientId>,
        result: &FailureResult,
    ) -> Result<(), ServiceError> {
        self.knows(client);
        self.put("PutJobFailureResult", job, Sent::Failure(result.clone()))
            .await
    }
}
