//! Servers that play CodePipeline's part of a conversation, word for word.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// What one request is answered with.
#[derive(Clone)]
pub(crate) enum Answer {
    /// A status, headers and a body.
    Http(u16, Vec<(&'static str, &'static str)>, String),
    /// Nothing, ever.
    Silence,
}

/// The operation's output.
pub(crate) fn ok(body: &Value) -> Answer {
    Answer::Http(200, Vec::new(), body.to_string())
}

/// An error in the service's shape.
pub(crate) fn error(code: &str, message: &str) -> Answer {
    Answer::Http(
        400,
        Vec::new(),
        json!({ "__type": code, "message": message }).to_string(),
    )
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap_or(""))
    }
}

#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    seen: Mutex<Vec<Seen>>,
}

/// Answers in the order given; the last one is given again and again.
pub(crate) struct Server {
    pub(crate) url: String,
    script: Arc<Script>,
    _task: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let script = Arc::new(Script {
            answers: Mutex::new(answers.into_iter().collect()),
            ..Script::default()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&script));
        let mut task = JoinSet::new();
        task.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            script,
            _task: task,
        }
    }

    pub(crate) async fn seen(&self) -> Vec<Seen> {
        self.script.seen.lock().await.clone()
    }
}

async fn answer(
    State(script): State<Arc<Script>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    script.seen.lock().await.push(Seen { headers, body });
    let mut answers = script.answers.lock().await;
    let next = if answers.len() > 1 {
        answers.pop_front()
    } else {
        answers.front().cloned()
    };
    drop(answers);
    match next {
        Some(Answer::Http(status, headers, body)) => {
            let mut response = Response::builder()
                .status(status)
                .header("content-type", "application/x-amz-json-1.1");
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Body::from(body)).unwrap()
        }
        Some(Answer::Silence) | None => pending().await,
    }
}

/// Reads each request, writes these bytes and hangs up.
pub(crate) struct HangsUp {
    pub(crate) url: String,
    requests: Arc<AtomicUsize>,
    _task: JoinSet<()>,
}

impl HangsUp {
    pub(crate) async fn start(after: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let mut task = JoinSet::new();
        task.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !is_whole(&request) {
                    if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                        break;
                    }
                }
                if is_whole(&request) {
                    counter.fetch_add(1, Ordering::SeqCst);
                    // The client may be gone already, which is what such tests are about.
                    let _ = stream.write_all(after.as_bytes()).await;
                }
            }
        });
        Self {
            url,
            requests,
            _task: task,
        }
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    body.len() >= length.unwrap_or(0)
}
