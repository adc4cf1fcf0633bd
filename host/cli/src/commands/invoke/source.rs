//! A source of exactly one job, whose result is kept instead of sent.

use async_trait::async_trait;
use pipefitter_codepipeline::{
    Acknowledged, ClientId, FailureResult, JobContents, JobId, JobSource, Nonce, Offer, Owner,
    PollRequest, ServiceError, SourceId, SuccessResult,
};
use tokio::sync::Mutex;
use tokio::sync::oneshot;

/// What the job came to.
pub(crate) enum Answer {
    Success(SuccessResult),
    Failure(FailureResult),
}

/// Offers its job to the first poll.
pub(crate) struct OneJob {
    id: SourceId,
    region: String,
    job: JobId,
    contents: JobContents,
    state: Mutex<State>,
}

struct State {
    offered: bool,
    answer: Option<oneshot::Sender<Answer>>,
}

impl OneJob {
    pub(crate) fn new(job: JobId, contents: JobContents) -> (Self, oneshot::Receiver<Answer>) {
        let (sender, receiver) = oneshot::channel();
        let source = Self {
            id: SourceId::new("invoke"),
            region: "local".to_owned(),
            job,
            contents,
            state: Mutex::new(State {
                offered: false,
                answer: Some(sender),
            }),
        };
        (source, receiver)
    }

    async fn answered(&self, answer: Answer) {
        if let Some(sender) = self.state.lock().await.answer.take() {
            // The command waits for nothing else; if it is gone, nobody asks.
            let _ = sender.send(answer);
        }
    }
}

#[async_trait]
impl JobSource for OneJob {
    fn id(&self) -> &SourceId {
        &self.id
    }

    fn owner(&self) -> Owner {
        Owner::Custom
    }

    fn region(&self) -> &str {
        &self.region
    }

    async fn poll(&self, _request: &PollRequest) -> Result<Vec<Offer>, ServiceError> {
        let mut state = self.state.lock().await;
        if std::mem::replace(&mut state.offered, true) {
            return Ok(Vec::new());
        }
        Ok(vec![Offer {
            job: self.job.clone(),
            client: None,
            contents: Some(self.contents.clone()),
        }])
    }

    async fn open(&self, _offer: &Offer) -> Result<JobContents, ServiceError> {
        Ok(self.contents.clone())
    }

    async fn acknowledge(
        &self,
        _job: &JobId,
        _client: Option<&ClientId>,
        _nonce: &Nonce,
        _unseen: bool,
    ) -> Result<Acknowledged, ServiceError> {
        Ok(Acknowledged::Ours)
    }

    async fn details(
        &self,
        _job: &JobId,
        _client: Option<&ClientId>,
    ) -> Result<JobContents, ServiceError> {
        Ok(self.contents.clone())
    }

    async fn put_success(
        &self,
        _job: &JobId,
        _client: Option<&ClientId>,
        result: &SuccessResult,
    ) -> Result<(), ServiceError> {
        self.answered(Answer::Success(result.clone())).await;
        Ok(())
    }

    async fn put_failure(
        &self,
        _job: &JobId,
        _client: Option<&ClientId>,
        result: &FailureResult,
    ) -> Result<(), ServiceError> {
        self.answered(Answer::Failure(result.clone())).await;
        Ok(())
    }
}
