//! A partner's source: the token between poll and details, and what becomes of clients without one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use pipefitter_codepipeline::{
    Acknowledged, ActionTypeId, ClientId, ClientToken, ClientTokens, ClientTokensError,
    ContinuationToken, ErrorClass, FailureResult, FailureType, JobId, JobSource, Owner,
    PollRequest, REMEMBERED, SuccessResult, ThirdPartySource, WhyUnserved,
};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::server::{Answer, Server, error, ok};
use super::{action_type, config, nonce, poll};

const TOKEN: &str = "client-token-sentinel";

/// Tokens that a test changes, and how often each was asked for.
#[derive(Default)]
struct Tokens {
    known: watch::Sender<BTreeMap<String, String>>,
    fails: bool,
    revision: AtomicUsize,
    asked: AtomicUsize,
}

impl Tokens {
    fn with(pairs: &[(&str, &str)]) -> Arc<Tokens> {
        let tokens = Tokens::default();
        tokens.set(pairs);
        Arc::new(tokens)
    }

    fn set(&self, pairs: &[(&str, &str)]) {
        let pairs = pairs
            .iter()
            .map(|(client, token)| ((*client).to_owned(), (*token).to_owned()));
        self.known.send_replace(pairs.collect());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl ClientTokens for Tokens {
    async fn token(&self, client: &ClientId) -> Result<Option<ClientToken>, ClientTokensError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.fails {
            return Err(ClientTokensError::Arguments);
        }
        let known = self.known.borrow();
        Ok(known
            .get(client.as_str())
            .and_then(|token| ClientToken::new(token)))
    }

    async fn revision(&self) -> u64 {
        self.revision.load(Ordering::SeqCst) as u64
    }
}

async fn source(server: &Server, tokens: &Arc<Tokens>) -> ThirdPartySource {
    let tokens = Arc::clone(tokens) as Arc<dyn ClientTokens>;
    ThirdPartySource::connect(config(&server.url), tokens)
        .await
        .unwrap()
}

fn request() -> PollRequest {
    PollRequest {
        action_type: ActionTypeId {
            owner: Owner::ThirdParty,
            ..action_type()
        },
        ..poll()
    }
}

fn offered(jobs: &[(&str, &str)]) -> Answer {
    let jobs: Vec<Value> = jobs
        .iter()
        .map(|(job, client)| json!({ "jobId": job, "clientId": client }))
        .collect();
    ok(&json!({ "jobs": jobs }))
}

fn client() -> ClientId {
    ClientId::new("client-1")
}

async fn bodies(server: &Server) -> Vec<Value> {
    let seen = server.seen().await;
    seen.into_iter().map(|seen| seen.body).collect()
}

/// How many jobs each poll asked for.
async fn batches(server: &Server) -> Vec<u64> {
    let bodies = bodies(server).await;
    bodies
        .iter()
        .filter_map(|body| body["maxBatchSize"].as_u64())
        .collect()
}

/// Virtual time, which stands still again afterwards: requests need the real one.
async fn pass(time: std::time::Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_job_goes_from_poll_to_result_with_its_clients_token() {
    let details = json!({ "jobDetails": { "id": "job", "nonce": "nonce-sentinel", "data": {
        "actionTypeId": { "category": "Build", "owner": "ThirdParty", "provider": "Site", "version": "1" },
        "actionConfiguration": { "configuration": { "team": "docs" } },
        "pipelineContext": { "pipelineName": "pipe", "stage": { "name": "S" }, "action": { "name": "A" } },
        "artifactCredentials":
            { "accessKeyId": "AKIA", "secretAccessKey": "secret-sentinel", "sessionToken": "session-sentinel" },
        "continuationToken": "step 2",
    } } });
    let server = Server::start([
        offered(&[("job", "client-1")]),
        ok(&details),
        ok(&json!({ "status": "InProgress" })),
        ok(&json!({})),
    ])
    .await;
    let source = source(&server, &Tokens::with(&[("client-1", TOKEN)])).await;
    assert_eq!(source.owner(), Owner::ThirdParty);
    let offers = source.poll(&request()).await.unwrap();
    assert_eq!(offers.len(), 1);
    assert!(offers[0].contents.is_none());
    let contents = source.open(&offers[0]).await.unwrap();
    assert_eq!(contents.pipeline.pipeline, "pipe");
    assert_eq!(contents.pipeline.pipeline_arn, None);
    assert_eq!(contents.account, None);
    assert_eq!(contents.action_type.unwrap().owner, Owner::ThirdParty);
    assert!(contents.credentials.is_some());
    let client = offers[0].client.as_ref();
    let job = &offers[0].job;
    let acknowledged = source
        .acknowledge(job, client, &contents.nonce.unwrap(), false)
        .await;
    assert_eq!(acknowledged.unwrap(), Acknowledged::Ours);
    let success = SuccessResult {
        variables: BTreeMap::from([("pages".to_owned(), "12".to_owned())]),
        continuation: contents.continuation,
        ..SuccessResult::default()
    };
    source.put_success(job, client, &success).await.unwrap();
    let failure = FailureResult {
        kind: FailureType::JobFailed,
        message: "no".to_owned(),
        external_execution_id: None,
    };
    source.put_failure(job, client, &failure).await.unwrap();
    let seen = server.seen().await;
    let operations: Vec<&str> = seen
        .iter()
        .map(|seen| seen.header("x-amz-target").rsplit('.').next().unwrap())
        .collect();
    assert_eq!(
        operations,
        [
            "PollForThirdPartyJobs",
            "GetThirdPartyJobDetails",
            "AcknowledgeThirdPartyJob",
            "PutThirdPartyJobSuccessResult",
            "PutThirdPartyJobFailureResult",
        ]
    );
    assert_eq!(
        bodies(&server).await,
        [
            json!({
                "actionTypeId":
                    { "category": "Build", "owner": "ThirdParty", "provider": "Site", "version": "1" },
                "maxBatchSize": 3,
            }),
            json!({ "jobId": "job", "clientToken": TOKEN }),
            json!({ "jobId": "job", "nonce": "nonce-sentinel", "clientToken": TOKEN }),
            // Without the variables, for which there is no member.
            json!({ "jobId": "job", "clientToken": TOKEN, "continuationToken": "step 2" }),
            json!({ "jobId": "job", "clientToken": TOKEN,
                "failureDetails": { "type": "JobFailed", "message": "no" } }),
        ]
    );
}

#[tokio::test]
async fn a_client_without_a_token_is_counted_and_asked_for_once_in_five_minutes() {
    let server = Server::start([offered(&[
        ("a", "client-1"),
        ("b", "nobody"),
        ("c", "nobody"),
    ])])
    .await;
    let tokens = Tokens::with(&[("client-1", TOKEN)]);
    let source = source(&server, &tokens).await;
    for round in 1..=3 {
        let offers = source.poll(&request()).await.unwrap();
        assert_eq!(offers.len(), 1);
        assert_eq!(offers[0].job.as_str(), "a");
        let view = source.clients();
        assert_eq!(view.passed_over, 2 * round);
        assert_eq!(view.unserved.len(), 1);
        let unserved = &view.unserved[0];
        assert_eq!(unserved.client.as_str(), "nobody");
        assert_eq!(
            (unserved.why, unserved.offers),
            (WhyUnserved::Unknown, 2 * round)
        );
        // Of the known client each time, of the other one only at first.
        assert_eq!(tokens.asked() as u64, round + 1);
    }
    pass(REMEMBERED).await;
    tokens.set(&[("client-1", TOKEN), ("nobody", "another")]);
    assert_eq!(source.poll(&request()).await.unwrap().len(), 3);
    assert_eq!(source.clients().unserved, []);
    assert_eq!(source.clients().passed_over, 6);
}

#[tokio::test]
async fn tokens_that_say_that_they_changed_are_asked_at_once() {
    let server = Server::start([offered(&[("a", "client-1")])]).await;
    let tokens = Tokens::with(&[]);
    let source = source(&server, &tokens).await;
    assert!(source.poll(&request()).await.unwrap().is_empty());
    tokens.set(&[("client-1", TOKEN)]);
    assert!(source.poll(&request()).await.unwrap().is_empty());
    tokens.revision.fetch_add(1, Ordering::SeqCst);
    assert_eq!(source.poll(&request()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn tokens_that_cannot_be_had_are_asked_for_again_soon() {
    let server = Server::start([offered(&[("a", "client-1")])]).await;
    let tokens = Arc::new(Tokens {
        fails: true,
        ..Tokens::default()
    });
    let source = source(&server, &tokens).await;
    for _ in 0..2 {
        assert!(source.poll(&request()).await.unwrap().is_empty());
    }
    assert_eq!(source.clients().unserved[0].why, WhyUnserved::NotTold);
    assert_eq!(tokens.asked(), 1);
    pass(REMEMBERED / 10).await;
    source.poll(&request()).await.unwrap();
    assert_eq!(tokens.asked(), 2);
}

#[tokio::test]
async fn a_refused_token_is_never_sent_again_and_a_changed_one_is() {
    let server = Server::start([
        error("InvalidClientTokenException", &format!("{TOKEN} is wrong")),
        ok(&json!({ "status": "InProgress" })),
    ])
    .await;
    let tokens = Tokens::with(&[("client-1", TOKEN)]);
    let source = source(&server, &tokens).await;
    let job = JobId::new("job");
    let acknowledge = async || {
        source
            .acknowledge(&job, Some(&client()), &nonce(), false)
            .await
    };
    let refused = acknowledge().await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::NoToken);
    let shown = format!("{refused} {refused:?}");
    assert!(
        !shown.contains(TOKEN) && shown.contains("have the customer connect again"),
        "{shown}"
    );
    for time in [0, 1, 10] {
        pass(REMEMBERED * time).await;
        let error = acknowledge().await.unwrap_err();
        assert_eq!(error.class, ErrorClass::NoToken);
        assert!(
            error.message.contains("refused its client token"),
            "{error}"
        );
        assert_eq!(server.seen().await.len(), 1);
        assert_eq!(source.clients().unserved[0].why, WhyUnserved::Refused);
    }
    tokens.set(&[("client-1", "another one")]);
    pass(REMEMBERED).await;
    assert_eq!(acknowledge().await.unwrap(), Acknowledged::Ours);
    assert_eq!(server.seen().await[1].body["clientToken"], "another one");
    assert_eq!(source.clients().unserved, []);
}

/// Jobs of one customer come several at a time.
#[tokio::test]
async fn a_token_goes_out_with_one_request_until_the_service_has_taken_it() {
    let wrong = error("InvalidClientTokenException", "wrong");
    let taken = ok(&json!({ "status": "InProgress" }));
    let server = Server::start([wrong, taken]).await;
    let tokens = Tokens::with(&[("client-1", "wrong")]);
    let source = source(&server, &tokens).await;
    let jobs: Vec<JobId> = (0..8).map(|job| JobId::new(format!("job-{job}"))).collect();
    let all = async || {
        let client = client();
        let nonce = nonce();
        let asked = jobs
            .iter()
            .map(|job| source.acknowledge(job, Some(&client), &nonce, false));
        futures::future::join_all(asked).await
    };
    for answer in all().await {
        assert_eq!(answer.unwrap_err().class, ErrorClass::NoToken);
    }
    assert_eq!(server.seen().await.len(), 1);
    tokens.set(&[("client-1", "right")]);
    pass(REMEMBERED).await;
    for answer in all().await {
        assert_eq!(answer.unwrap(), Acknowledged::Ours);
    }
    assert_eq!(server.seen().await.len(), 1 + jobs.len());
}

/// Each of them would hold a slot for as long as all before it waited.
#[tokio::test]
async fn requests_that_waited_for_one_without_an_answer_are_not_sent() {
    let taken = ok(&json!({ "status": "InProgress" }));
    let server = Server::start([Answer::Silence, taken]).await;
    let tokens = Tokens::with(&[("client-1", TOKEN)]) as Arc<dyn ClientTokens>;
    let mut config = config(&server.url);
    config.timeouts.operation = Duration::from_secs(1);
    let source = ThirdPartySource::connect(config, tokens).await.unwrap();
    let (client, nonce) = (client(), nonce());
    let jobs: Vec<JobId> = (0..4).map(|job| JobId::new(format!("job-{job}"))).collect();
    let asked = jobs.iter().map(|job| source.details(job, Some(&client)));
    let mut classes: Vec<ErrorClass> = Vec::new();
    for answer in futures::future::join_all(asked).await {
        classes.push(answer.unwrap_err().class);
    }
    // Of those that were not sent nobody has to take that they may have arrived.
    let throttled = ErrorClass::Throttled;
    assert_eq!(
        classes,
        [ErrorClass::Transient, throttled, throttled, throttled]
    );
    assert_eq!(server.seen().await.len(), 1);
    let answer = source.acknowledge(&jobs[0], Some(&client), &nonce, false);
    assert_eq!(answer.await.unwrap(), Acknowledged::Ours);
}

#[tokio::test]
async fn a_refused_token_that_comes_back_after_another_is_not_sent_again() {
    let wrong = || error("InvalidClientTokenException", "wrong");
    let taken = ok(&json!({ "status": "InProgress" }));
    let server = Server::start([wrong(), wrong(), taken]).await;
    let tokens = Tokens::with(&[]);
    let source = source(&server, &tokens).await;
    let job = JobId::new("job");
    for (token, sent) in [
        ("a", 1),
        ("b", 2),
        ("a", 2),
        ("b", 2),
        ("a", 2),
        ("good", 3),
    ] {
        tokens.set(&[("client-1", token)]);
        pass(REMEMBERED).await;
        let answer = source
            .acknowledge(&job, Some(&client()), &nonce(), false)
            .await;
        assert_eq!(answer.is_ok(), token == "good", "{token}: {answer:?}");
        let seen = server.seen().await;
        assert_eq!(seen.len(), sent, "{token}");
        if let Err(error) = answer {
            assert_eq!(error.class, ErrorClass::NoToken);
        }
    }
    let sent: Vec<_> = server.seen().await;
    let sent: Vec<_> = sent.iter().map(|seen| &seen.body["clientToken"]).collect();
    assert_eq!(sent, ["a", "b", "good"]);
}

#[tokio::test]
async fn jobs_that_are_passed_over_do_not_stand_in_the_way_of_others() {
    let jobs: Vec<(String, &str)> = (0..5).map(|at| (format!("job-{at}"), "nobody")).collect();
    let mut jobs: Vec<(&str, &str)> = jobs
        .iter()
        .map(|(job, client)| (job.as_str(), *client))
        .collect();
    let first = offered(&jobs[..1]);
    jobs.extend([("ours-1", "client-1"), ("ours-2", "client-1")]);
    let server = Server::start([first.clone(), first, offered(&jobs)]).await;
    let source = source(&server, &Tokens::with(&[("client-1", TOKEN)])).await;
    let mut request = request();
    request.max = 1;
    for _ in 0..2 {
        assert!(source.poll(&request).await.unwrap().is_empty());
    }
    // One came again, so it is in the way; and no more than what is free is handed on.
    assert_eq!(source.poll(&request).await.unwrap().len(), 1);
    source.poll(&request).await.unwrap();
    assert_eq!(batches(&server).await, [1, 1, 2, 6]);
}

#[tokio::test]
async fn a_service_that_hides_what_was_passed_over_is_asked_for_no_more_than_is_free() {
    let server = Server::start([
        offered(&[("job-1", "nobody"), ("job-2", "nobody")]),
        offered(&[("job-3", "nobody"), ("ours-1", "client-1")]),
        offered(&[("ours-2", "client-1")]),
        // Offered again, long after.
        offered(&[("job-1", "nobody")]),
        offered(&[]),
    ])
    .await;
    let source = source(&server, &Tokens::with(&[("client-1", TOKEN)])).await;
    let mut request = request();
    request.max = 2;
    let mut taken = Vec::new();
    for _ in 0..5 {
        let offers = source.poll(&request).await.unwrap();
        taken.extend(
            offers
                .into_iter()
                .map(|offer| offer.job.as_str().to_owned()),
        );
    }
    assert_eq!(taken, ["ours-1", "ours-2"]);
    assert_eq!(batches(&server).await, [2; 5]);
}

#[tokio::test]
async fn job_ids_are_free_text_and_go_back_as_they_came() {
    let long = "\u{fc}".repeat(512);
    let ids = [
        "../..",
        "/etc/passwd",
        "a\u{0}b",
        "-rf",
        "\u{1b}[2J\u{202e}",
        long.as_str(),
    ];
    let too_long = format!("{long}x");
    let mut jobs: Vec<(&str, &str)> = ids.iter().map(|id| (*id, "client-1")).collect();
    jobs.push((&too_long, "client-1"));
    let mut answers = vec![offered(&jobs)];
    answers.push(ok(&json!({ "status": "InProgress" })));
    let server = Server::start(answers).await;
    let source = source(&server, &Tokens::with(&[("client-1", TOKEN)])).await;
    let mut request = request();
    request.max = 10;
    let offers = source.poll(&request).await.unwrap();
    assert_eq!(
        offers.len(),
        ids.len(),
        "what no request takes back is no offer"
    );
    for offer in &offers {
        source
            .acknowledge(&offer.job, offer.client.as_ref(), &nonce(), false)
            .await
            .unwrap();
    }
    let sent: Vec<String> = bodies(&server).await[1..]
        .iter()
        .map(|body| body["jobId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(sent, ids);
}

#[tokio::test]
async fn what_cannot_be_asked_is_not_sent() {
    let server = Server::start([ok(&json!({}))]).await;
    let source = source(&server, &Tokens::with(&[])).await;
    // Of the account's own types, of a job without a client, of a client without a token.
    let error = source.poll(&poll()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Invalid);
    let job = JobId::new("job");
    let error = source.details(&job, None).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Invalid);
    let error = source.details(&job, Some(&client())).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NoToken);
    insta::assert_snapshot!(error);
    assert!(server.seen().await.is_empty());
}

#[tokio::test]
async fn texts_are_cut_and_limits_kept_as_for_custom_jobs() {
    let server = Server::start([ok(&json!({}))]).await;
    let source = source(&server, &Tokens::with(&[("client-1", TOKEN)])).await;
    let (job, client) = (JobId::new("job"), client());
    let failure = FailureResult {
        kind: FailureType::JobFailed,
        message: "x".repeat(6_000),
        external_execution_id: None,
    };
    source
        .put_failure(&job, Some(&client), &failure)
        .await
        .unwrap();
    let mut success = SuccessResult::default();
    success.details.summary = Some("\u{1b}[32my\u{1b}[0m".repeat(3_000));
    source
        .put_success(&job, Some(&client), &success)
        .await
        .unwrap();
    success.continuation = Some(ContinuationToken::new("z".repeat(2_049)));
    let error = source
        .put_success(&job, Some(&client), &success)
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Invalid);
    let bodies = bodies(&server).await;
    assert_eq!(bodies.len(), 2, "what breaks a limit is not sent");
    let text = |body: &Value, of: &str, name: &str| body[of][name].as_str().unwrap().to_owned();
    let message = text(&bodies[0], "failureDetails", "message");
    assert_eq!(message.len(), 5_000);
    let summary = text(&bodies[1], "executionDetails", "summary");
    assert!(
        summary.len() == 2_048 && summary.starts_with("yyy"),
        "{summary}"
    );
}

#[tokio::test]
async fn answers_with_holes_are_no_jobs() {
    let jobs = json!({ "jobs": [{ "jobId": "a" }, { "clientId": "client-1" }, { "jobId": "", "clientId": "x" }] });
    let server = Server::start([ok(&jobs), ok(&json!({ "jobDetails": { "id": "a" } }))]).await;
    let source = source(&server, &Tokens::with(&[("client-1", TOKEN)])).await;
    assert!(source.poll(&request()).await.unwrap().is_empty());
    let error = source
        .details(&JobId::new("a"), Some(&client()))
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Transient);
}

#[tokio::test]
async fn nothing_prints_a_token() {
    let server = Server::start([error(
        "ValidationException",
        &format!(
            "1 validation error detected: Value '{TOKEN}' at 'clientToken' failed; said {TOKEN}"
        ),
    )])
    .await;
    let source = source(&server, &Tokens::with(&[("client-1", TOKEN)])).await;
    let job = JobId::new("job");
    let client = client();
    let failure = FailureResult {
        kind: FailureType::JobFailed,
        message: "no".to_owned(),
        external_execution_id: None,
    };
    let errors = [
        source.details(&job, Some(&client)).await.map(|_| ()),
        source
            .acknowledge(&job, Some(&client), &nonce(), true)
            .await
            .map(|_| ()),
        source
            .put_success(&job, Some(&client), &SuccessResult::default())
            .await,
        source.put_failure(&job, Some(&client), &failure).await,
    ];
    for error in errors {
        let error = error.unwrap_err();
        let shown = format!("{error} {error:?} {error:#?}");
        assert!(!shown.contains("sentinel"), "{shown}");
    }
    let token = ClientToken::new(TOKEN).unwrap();
    let shown = format!("{source:?} {source:#?} {token:?} {:?}", source.clients());
    assert!(!shown.contains("sentinel"), "{shown}");
}
