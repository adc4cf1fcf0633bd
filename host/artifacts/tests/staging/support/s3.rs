//! An S3 for the client's behaviour: it keeps objects and parts, notes every request, knows one valid
//! session token, and misbehaves as told. It checks no signatures; the embedded S3 does.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use futures::StreamExt;
use pipefitter_artifacts::{
    CredentialError, CredentialSource, Credentials, FetchRequest, Object, Stager, StagerConfig,
    StoreRequest, Unpack,
};
use tokio::sync::{Mutex, Notify};
use tokio_util::task::TaskTracker;

use super::LIMITS;

/// What a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Op {
    Get,
    Put,
    Create,
    Part,
    Complete,
    Abort,
    /// What must never be called: buckets, lists, deletes.
    Other,
}

/// What happens instead of the next request of a kind.
#[derive(Clone)]
pub(crate) enum Fault {
    /// An error of S3.
    Error(u16, &'static str),
    /// The answer's body breaks off after so many bytes.
    Break(usize),
    /// The token expires just now, for this request and all later ones.
    Expire,
    /// The whole object, whatever range was asked for.
    NoRange,
    /// The same, and it breaks off after so many bytes.
    NoRangeBreak(usize),
    /// The object is replaced just before.
    Replace(&'static [u8]),
    /// Announces that it came, and waits until it may go on.
    Hold(Arc<Notify>, Arc<Notify>),
    /// The connection is closed without an answer.
    Hangup,
    /// The checksum that goes with the object is another one's.
    WrongSum,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) op: Op,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: usize,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

#[derive(Default)]
struct Inner {
    objects: HashMap<String, Bytes>,
    parts: BTreeMap<u32, Bytes>,
    open_upload: bool,
    faults: HashMap<Op, VecDeque<Fault>>,
    seen: Vec<Seen>,
    generation: u64,
}

/// The server, and the job's credential source in one: it knows which token is valid.
#[derive(Clone)]
pub(crate) struct FakeS3 {
    inner: Arc<Mutex<Inner>>,
    /// Whether renewing brings a newer token.
    renews: bool,
    address: std::net::SocketAddr,
    tasks: TaskTracker,
}

impl FakeS3 {
    pub(crate) async fn start() -> Self {
        Self::starting(true).await
    }

    /// Its source gives out new generations of the token that is expired for good.
    pub(crate) async fn that_never_renews() -> Self {
        Self::starting(false).await
    }

    async fn starting(renews: bool) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let this = Self {
            inner: Arc::default(),
            renews,
            address: listener.local_addr().unwrap(),
            tasks: TaskTracker::new(),
        };
        let router = Router::new().fallback(answer).with_state(this.clone());
        this.tasks
            .spawn(async move { axum::serve(listener, router).await });
        this
    }

    pub(crate) fn stager(&self, work_dir: &Path) -> Stager {
        self.stager_within(TimeoutConfig::disabled(), work_dir)
    }

    /// Of a source whose calls have these timeouts.
    pub(crate) fn stager_within(&self, timeouts: TimeoutConfig, work_dir: &Path) -> Stager {
        let retry = aws_types::sdk_config::RetryConfig::standard()
            .with_initial_backoff(Duration::from_millis(1));
        let sdk_config = aws_types::SdkConfig::builder()
            .retry_config(retry)
            .timeout_config(timeouts);
        Stager::new(StagerConfig {
            endpoint_url: Some(format!("http://{}", self.address)),
            force_path_style: true,
            sdk_config: Some(sdk_config.build()),
            part_bytes: 64 * 1024,
            first_wait: Duration::from_millis(1),
            ..StagerConfig::new("eu-central-1", work_dir)
        })
    }

    pub(crate) async fn put(&self, key: &str, content: impl Into<Bytes>) {
        self.inner
            .lock()
            .await
            .objects
            .insert(key.to_owned(), content.into());
    }

    pub(crate) async fn object(&self, key: &str) -> Option<Bytes> {
        self.inner.lock().await.objects.get(key).cloned()
    }

    /// The next requests of this kind fail so, one after the other.
    pub(crate) async fn fault(&self, op: Op, faults: impl IntoIterator<Item = Fault>) {
        self.inner
            .lock()
            .await
            .faults
            .entry(op)
            .or_default()
            .extend(faults);
    }

    pub(crate) async fn seen(&self, op: Op) -> Vec<Seen> {
        let seen = &self.inner.lock().await.seen;
        seen.iter().filter(|seen| seen.op == op).cloned().collect()
    }

    pub(crate) async fn has_open_upload(&self) -> bool {
        self.inner.lock().await.open_upload
    }

    pub(crate) fn fetch_of(&self, into: &Path) -> FetchRequest {
        FetchRequest {
            name: "Source".to_owned(),
            object: object("in"),
            unpack: Unpack::Auto,
            into: into.to_owned(),
            limits: LIMITS,
            credentials: Arc::new(self.clone()),
        }
    }

    pub(crate) fn store_of(&self, from: &Path) -> StoreRequest {
        StoreRequest {
            name: "Site".to_owned(),
            object: object("out"),
            from: from.to_owned(),
            key_id: Some("arn:aws:kms:eu-central-1:111122223333:key/k".to_owned()),
            allow_empty: false,
            credentials: Arc::new(self.clone()),
        }
    }
}

fn object(key: &str) -> Object {
    Object {
        bucket: "artifacts".to_owned(),
        key: format!("pipe/{key}/JG0Py6O"),
    }
}

#[async_trait]
impl CredentialSource for FakeS3 {
    async fn credentials(&self, stale: Option<u64>) -> Result<Credentials, CredentialError> {
        let generation = match (stale, self.renews) {
            (Some(stale), false) => stale + 1,
            (None, false) => 0,
            // The worker may not know yet that its token is no longer valid.
            (None, true) => self.inner.lock().await.generation.saturating_sub(1),
            (Some(_), true) => self.inner.lock().await.generation,
        };
        Ok(Credentials {
            generation,
            access_key_id: "ASIAJOB".to_owned(),
            secret_access_key: "secret-of-the-job".into(),
            session_token: format!("token-{generation}").into(),
        })
    }
}

async fn answer(State(s3): State<FakeS3>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
        return error(400, "IncompleteBody");
    };
    let query = head.uri.query().unwrap_or_default().to_owned();
    // A path of bucket and key; one of a bucket alone is no business of a job.
    let key = head.uri.path().strip_prefix("/artifacts/pipe/");
    let has = |name: &str| {
        query
            .split('&')
            .any(|part| part.split('=').next() == Some(name))
    };
    let op = match (&head.method, key) {
        (&Method::GET, Some(_)) => Op::Get,
        (&Method::PUT, Some(_)) if has("partNumber") => Op::Part,
        (&Method::PUT, Some(_)) => Op::Put,
        (&Method::POST, Some(_)) if has("uploads") => Op::Create,
        (&Method::POST, Some(_)) if has("uploadId") => Op::Complete,
        (&Method::DELETE, Some(_)) if has("uploadId") => Op::Abort,
        _ => Op::Other,
    };
    let key = key
        .and_then(|key| key.split('/').next())
        .unwrap_or_default()
        .to_owned();
    let fault = {
        let mut inner = s3.inner.lock().await;
        inner.seen.push(Seen {
            op,
            headers: head.headers.clone(),
            bytes: body.len(),
        });
        inner.faults.get_mut(&op).and_then(VecDeque::pop_front)
    };
    match &fault {
        Some(Fault::Error(status, code)) => return error(*status, code),
        Some(Fault::Hangup) => return broken(StatusCode::OK, &[], 0, Vec::new()),
        Some(Fault::Expire) => s3.inner.lock().await.generation += 1,
        Some(Fault::Replace(content)) => s3.put(&key, *content).await,
        Some(Fault::Hold(came, go)) => {
            came.notify_one();
            go.notified().await;
        }
        Some(Fault::Break(_) | Fault::NoRange | Fault::NoRangeBreak(_) | Fault::WrongSum)
        | None => {}
    }
    let mut inner = s3.inner.lock().await;
    let token = head.headers.get("x-amz-security-token");
    let valid = format!("token-{}", inner.generation);
    if !s3.renews || token.is_none_or(|token| token.as_bytes() != valid.as_bytes()) {
        return error(400, "ExpiredToken");
    }
    match op {
        Op::Get => get(&inner, &key, &head.headers, fault.as_ref()),
        Op::Put => {
            inner.objects.insert(key, body);
            with(
                StatusCode::OK,
                &[("etag", "\"p\""), ("x-amz-version-id", "v1")],
                Body::empty(),
            )
        }
        Op::Create => {
            inner.open_upload = true;
            xml(
                "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>",
            )
        }
        Op::Part => {
            let number = query
                .split('&')
                .find_map(|part| part.strip_prefix("partNumber="));
            inner.parts.insert(number.unwrap().parse().unwrap(), body);
            with(StatusCode::OK, &[("etag", "\"part\"")], Body::empty())
        }
        Op::Complete => {
            let whole: Vec<u8> = inner.parts.values().flatten().copied().collect();
            inner.objects.insert(key, whole.into());
            inner.open_upload = false;
            let mut answer = xml(
                "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>",
            );
            answer
                .headers_mut()
                .insert("x-amz-version-id", "v2".parse().unwrap());
            answer
        }
        Op::Abort => {
            inner.open_upload = false;
            inner.parts.clear();
            with(StatusCode::NO_CONTENT, &[], Body::empty())
        }
        Op::Other => error(403, "AccessDenied"),
    }
}

fn get(inner: &Inner, key: &str, headers: &HeaderMap, fault: Option<&Fault>) -> Response<Body> {
    let Some(content) = inner.objects.get(key) else {
        return error(404, "NoSuchKey");
    };
    let etag = format!("\"{:08x}\"", crc32fast::hash(content));
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
    if text("if-match").is_some_and(|wanted| wanted != etag) {
        return error(412, "PreconditionFailed");
    }
    let start: usize = match (text("range"), fault) {
        (None, _) | (_, Some(Fault::NoRange | Fault::NoRangeBreak(_))) => 0,
        (Some(range), _) => range
            .strip_prefix("bytes=")
            .unwrap()
            .trim_end_matches('-')
            .parse()
            .unwrap(),
    };
    let end = content.len();
    let range = format!("bytes {start}-{}/{end}", end.saturating_sub(1));
    let mut fields = vec![("etag", etag.as_str())];
    let mut status = StatusCode::OK;
    if start > 0 {
        fields.push(("content-range", &range));
        status = StatusCode::PARTIAL_CONTENT;
    }
    if let Some(Fault::WrongSum) = fault {
        fields.push(("x-amz-checksum-crc32", "AAAAAA=="));
    }
    let rest = content.slice(start..);
    match fault {
        Some(Fault::Break(after) | Fault::NoRangeBreak(after)) => {
            let sent = rest.slice(..*after.min(&rest.len()));
            broken(status, &fields, rest.len(), vec![sent])
        }
        _ => with(status, &fields, Body::from(rest)),
    }
}

/// Announces a length and closes the connection before it is reached.
fn broken(
    status: StatusCode,
    fields: &[(&str, &str)],
    length: usize,
    sent: Vec<Bytes>,
) -> Response<Body> {
    let sent = futures::stream::iter(sent.into_iter().map(Ok));
    let end = futures::stream::once(async {
        // The server writes out what it has when the body has to wait.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    let body = Body::from_stream(sent.chain(end));
    let length = length.max(1).to_string();
    let fields = [fields, &[("content-length", &length)]].concat();
    with(status, &fields, body)
}

fn with(status: StatusCode, fields: &[(&str, &str)], body: Body) -> Response<Body> {
    let mut answer = Response::builder().status(status);
    for (name, value) in fields {
        answer = answer.header(*name, *value);
    }
    answer.body(body).unwrap()
}

fn xml(text: &str) -> Response<Body> {
    with(
        StatusCode::OK,
        &[("content-type", "application/xml")],
        text.to_owned().into(),
    )
}

fn error(status: u16, code: &str) -> Response<Body> {
    let text = format!("<Error><Code>{code}</Code><Message>said by S3</Message></Error>");
    with(StatusCode::from_u16(status).unwrap(), &[], text.into())
}
