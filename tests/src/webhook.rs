//! A webhook on a loopback address, which keeps what it is told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// A request.
#[derive(Clone, Debug)]
pub struct Post {
    /// Its header `authorization`.
    pub authorization: Option<String>,
    /// Its header `content-type`.
    pub content_type: Option<String>,
    /// Its JSON.
    pub body: Value,
}

#[derive(Default)]
struct Seen {
    posted: Mutex<Vec<Post>>,
    busy: AtomicUsize,
}

/// The server, which ends when it is dropped.
pub struct Webhook {
    address: SocketAddr,
    seen: Arc<Seen>,
    _tasks: JoinSet<()>,
}

impl Webhook {
    /// Listen. Paths say how it answers: `/ok/SECRET`, `/gone/SECRET`, `/busy` twice before it takes one, `/down`.
    pub async fn start() -> Webhook {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let app = Router::new()
            .route("/ok/{secret}", post(taken))
            .route("/gone/{secret}", post(gone))
            .route("/busy", post(busy))
            .route(
                "/down",
                post(async || again(StatusCode::INTERNAL_SERVER_ERROR)),
            )
            .with_state(Arc::clone(&seen));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Webhook {
            address,
            seen,
            _tasks: tasks,
        }
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port of 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it was told where it takes what it is told.
    pub async fn posted(&self) -> Vec<Post> {
        self.seen.posted.lock().await.clone()
    }
}

async fn taken(State(seen): State<Arc<Seen>>, headers: HeaderMap, body: Bytes) -> &'static str {
    let value = |name: header::HeaderName| Some(headers.get(name)?.to_str().unwrap().to_owned());
    seen.posted.lock().await.push(Post {
        authorization: value(header::AUTHORIZATION),
        content_type: value(header::CONTENT_TYPE),
        body: serde_json::from_slice(&body).unwrap(),
    });
    "ok"
}

/// Says where it was asked, as some servers do.
async fn gone(Path(secret): Path<String>) -> (StatusCode, String) {
    (StatusCode::NOT_FOUND, format!("no hook at /gone/{secret}"))
}

/// Takes the third.
async fn busy(State(seen): State<Arc<Seen>>) -> Response {
    match seen.busy.fetch_add(1, Ordering::SeqCst) {
        0 => again(StatusCode::SERVICE_UNAVAILABLE),
        1 => again(StatusCode::TOO_MANY_REQUESTS),
        _ => "ok".into_response(),
    }
}

/// At once, so that nobody waits.
fn again(status: StatusCode) -> Response {
    (status, [(header::RETRY_AFTER, "0")]).into_response()
}
