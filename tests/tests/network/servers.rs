//! Servers on loopback addresses that count who connects, and a proxy.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::serve::Listener;
use hyper::body::Frame;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Barrier, Mutex, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// What a server has seen, and what it waits for.
struct Seen {
    connections: AtomicUsize,
    here: AtomicUsize,
    most: AtomicUsize,
    together: Barrier,
    /// How many endless answers have begun, and how many of these were cut off.
    stalled: watch::Sender<(usize, usize)>,
    redirect: String,
    /// The value of `authorization`, of each request of `/record`.
    authorizations: Mutex<Vec<Option<String>>>,
}

/// A server, which ends when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Seen>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Whose redirects lead to `redirect`, and of whose `/together` this many answer at once.
    pub(crate) async fn start(redirect: &str, together: usize) -> Server {
        Server::serve(redirect, together, None).await
    }

    /// With TLS.
    pub(crate) async fn start_tls(acceptor: TlsAcceptor) -> Server {
        Server::serve("", 1, Some(acceptor)).await
    }

    async fn serve(redirect: &str, together: usize, tls: Option<TlsAcceptor>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen {
            connections: AtomicUsize::new(0),
            here: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            together: Barrier::new(together),
            stalled: watch::channel((0, 0)).0,
            redirect: redirect.to_owned(),
            authorizations: Mutex::default(),
        });
        let app = Router::new()
            .route("/hello", get(async || ([("x-server", "yes")], "hello")))
            .route("/length", post(async |body: Bytes| body.len().to_string()))
            .route("/headers", get(headers))
            .route("/record", get(record))
            .route("/redirect", get(redirected))
            .route("/bytes/{count}", get(bytes))
            .route(
                "/wide",
                get(async || ([("x-wide", "w".repeat(40_000))], "wide")),
            )
            .route("/together", get(at_once))
            .route("/never", get(std::future::pending::<()>))
            .route("/stall", get(stall))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&seen));
        let mut tasks = JoinSet::new();
        let counted = Counted {
            listener,
            seen: Arc::clone(&seen),
            tls,
        };
        tasks.spawn(async move { axum::serve(counted, app).await.unwrap() });
        Server {
            address,
            seen,
            _tasks: tasks,
        }
    }

    /// How often somebody connected.
    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// What requests of `/record` had as `authorization`, in their order.
    pub(crate) async fn authorizations(&self) -> Vec<Option<String>> {
        self.seen.authorizations.lock().await.clone()
    }

    /// The most requests of `/together` that were there at a time.
    pub(crate) fn most(&self) -> usize {
        self.seen.most.load(Ordering::SeqCst)
    }

    /// Wait until so many endless answers have begun and were cut off.
    pub(crate) async fn cut_off(&self, begun: usize, cut: usize) {
        let mut stalled = self.seen.stalled.subscribe();
        let waited = stalled.wait_for(|(b, c)| *b >= begun && *c >= cut);
        let waited = tokio::time::timeout(std::time::Duration::from_secs(300), waited).await;
        assert!(
            waited.is_ok(),
            "{:?} begun and cut off",
            *self.seen.stalled.borrow()
        );
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// Counts connections before anything is read.
struct Counted {
    listener: TcpListener,
    seen: Arc<Seen>,
    tls: Option<TlsAcceptor>,
}

trait Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Stream for T {}

impl Listener for Counted {
    type Io = Pin<Box<dyn Stream>>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, from) = self.listener.accept().await.unwrap();
            self.seen.connections.fetch_add(1, Ordering::SeqCst);
            match &self.tls {
                None => return (Box::pin(stream), from),
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        return (Box::pin(stream), from);
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

async fn headers(headers: HeaderMap) -> String {
    let line = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
        format!("{name}: {}\n", value.to_str().unwrap())
    };
    headers.iter().map(line).collect()
}

async fn record(State(seen): State<Arc<Seen>>, headers: HeaderMap) -> &'static str {
    let values = headers.get_all(header::AUTHORIZATION).iter();
    let values: Vec<&str> = values.map(|value| value.to_str().unwrap()).collect();
    let found = (!values.is_empty()).then(|| values.join(", "));
    seen.authorizations.lock().await.push(found);
    "recorded"
}

async fn redirected(State(seen): State<Arc<Seen>>) -> impl IntoResponse {
    let location = [(header::LOCATION, seen.redirect.clone())];
    (StatusCode::FOUND, location)
}

async fn bytes(Path(count): Path<usize>) -> Vec<u8> {
    vec![b'd'; count]
}

async fn at_once(State(seen): State<Arc<Seen>>) -> &'static str {
    let here = seen.here.fetch_add(1, Ordering::SeqCst) + 1;
    seen.most.fetch_max(here, Ordering::SeqCst);
    seen.together.wait().await;
    seen.here.fetch_sub(1, Ordering::SeqCst);
    "together"
}

async fn stall(State(seen): State<Arc<Seen>>) -> Body {
    seen.stalled.send_modify(|(begun, _)| *begun += 1);
    Body::new(Stalled {
        first: Some(Bytes::from_static(b"1")),
        seen,
    })
}

/// One byte, and then nothing.
struct Stalled {
    first: Option<Bytes>,
    seen: Arc<Seen>,
}

impl hyper::body::Body for Stalled {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(Frame::data(first)))),
            None => Poll::Pending,
        }
    }
}

impl Drop for Stalled {
    fn drop(&mut self) {
        self.seen.stalled.send_modify(|(_, cut)| *cut += 1);
    }
}

/// A proxy that knows CONNECT alone, and what it was asked for. Names are taken for 127.0.0.1.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    asked: watch::Receiver<Vec<String>>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    pub(crate) async fn start() -> Proxy {
        Proxy::that_wants(None).await
    }

    /// One that connects only who shows this as `Proxy-Authorization`.
    pub(crate) async fn that_wants(credentials: Option<String>) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, asked) = watch::channel(Vec::new());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut tunnels = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                tunnels.spawn(tunnel(client, sender.clone(), credentials.clone()));
            }
        });
        Proxy {
            address,
            asked,
            _tasks: tasks,
        }
    }

    /// The targets of all requests, in their order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.borrow().clone()
    }
}

async fn tunnel(client: TcpStream, asked: watch::Sender<Vec<String>>, credentials: Option<String>) {
    let mut client = BufReader::new(client);
    let mut request = String::new();
    client.read_line(&mut request).await.unwrap();
    let mut words = request.split_whitespace();
    assert_eq!(words.next(), Some("CONNECT"), "{request}");
    let target = words.next().unwrap().to_owned();
    let port = target.rsplit_once(':').unwrap().1.parse::<u16>().unwrap();
    asked.send_modify(|asked| asked.push(target));
    let mut shown = None;
    let mut line = String::new();
    while client.read_line(&mut line).await.unwrap() > 2 {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("proxy-authorization")
        {
            shown = Some(value.trim().to_owned());
        }
        line.clear();
    }
    if credentials.is_some() && shown != credentials {
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        client.write_all(refusal).await.unwrap();
        return;
    }
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let answer = b"HTTP/1.1 200 Connected\r\n\r\n";
    client.write_all(answer).await.unwrap();
    // One of the two ends first.
    let _ended = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}
