//! What hostile guests may reach, and what they may not: three servers on loopback addresses, two secrets, and a folder
//! with links that lead out of it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path as Named, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::AppendHeaders;
use axum::routing::{get, post};
use hyper::body::Frame;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Barrier, Mutex};
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, interval, sleep};

use super::case::Case;
use super::output::SECRET;
use crate::process::DEADLINE;
use crate::vitals::connections;

/// A secret that nobody is granted.
const OTHER: &str = "never-to-be-told-at-all";

/// What is in the folder.
const KEPT: &[u8] = b"for everybody to read";

/// The header that the host adds to requests for the first server.
const ATTACHED: &str = "x-attached";

/// How many requests at a time `/together` waits for before it answers them. Guests may have so many.
pub(super) const TOGETHER: usize = 3;

/// Between two looks at connections: the kernel announces to nobody that one was closed.
const LOOK: Duration = Duration::from_millis(10);

/// Between two bytes of `/drip`.
const DRIP: Duration = Duration::from_millis(20);

/// Servers and secrets. They go away with it.
pub struct Surroundings {
    server: SocketAddr,
    other: SocketAddr,
    /// Takes no connection.
    crowded: Crowded,
    /// Connections to the server that nobody is granted.
    strayed: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

/// A server whose queue of connections is full, and stays so: to who knocks it is as if packets were lost.
struct Crowded {
    address: SocketAddr,
    _queue: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Crowded {
    async fn start() -> Crowded {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        // One more than is said.
        let queue = socket.listen(0).unwrap();
        Crowded {
            address,
            _queue: queue,
            _waiting: vec![TcpStream::connect(address).await.unwrap()],
        }
    }
}

struct Served {
    other: SocketAddr,
    together: Mutex<HashMap<String, Arc<Group>>>,
}

/// Requests of one job.
struct Group {
    here: AtomicUsize,
    together: Barrier,
}

impl Surroundings {
    /// Start the servers.
    pub async fn start() -> Surroundings {
        let mut tasks = JoinSet::new();
        let strayed = Arc::new(AtomicUsize::new(0));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let other = listener.local_addr().unwrap();
        let counted = Arc::clone(&strayed);
        tasks.spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                drop(connection);
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        let served = Arc::new(Served {
            other,
            together: Mutex::default(),
        });
        tasks.spawn(async move { axum::serve(listener, app(served)).await.unwrap() });
        Surroundings {
            server,
            other,
            crowded: Crowded::start().await,
            strayed,
            _tasks: tasks,
        }
    }

    /// Variables of the worker: the secrets.
    #[must_use]
    pub fn environment() -> Vec<(String, String)> {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        vec![
            pair("HOSTILE_GRANTED", SECRET),
            pair("HOSTILE_OTHER", OTHER),
        ]
    }

    /// Tables of the worker: the secrets, and what is granted to those of these guests that reach for something.
    #[must_use]
    pub fn tables(&self, cases: &[&Case], shelf: &Path) -> String {
        let mut text = "[secrets.granted]\nenvironment = \"HOSTILE_GRANTED\"\n\
                        [secrets.other]\nenvironment = \"HOSTILE_OTHER\"\n"
            .to_owned();
        for case in cases.iter().filter(|case| case.reaches()) {
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "[plugins.{0}.grant]\nscratch = true\ndirectories = [{{ host = {shelf:?}, guest = \"/shelf\" }}]\n\
                 network = [\"{1}\", \"http://{2}\"]\nsecrets = [\"granted\"]\n\
                 attach = [{{ secret = \"granted\", header = \"{ATTACHED}\", to = \"{1}\" }}]\n",
                case.plugin_name(),
                self.server(),
                self.crowded.address
            );
        }
        text
    }

    /// Make the folder, below that of a rig.
    #[must_use]
    pub fn shelf(rig: &Path) -> PathBuf {
        let shelf = rig.join("shelf");
        fs::create_dir(&shelf).unwrap();
        fs::write(shelf.join("kept"), KEPT).unwrap();
        for (target, name) in [
            ("/etc/passwd", "absolute"),
            ("../pipefitter.toml", "relative"),
            ("..", "folder"),
        ] {
            symlink(target, shelf.join(name)).unwrap();
        }
        shelf
    }

    /// The folder is what it was.
    ///
    /// # Panics
    /// Where it is not.
    pub fn shelf_is_untouched(rig: &Path) {
        let shelf = rig.join("shelf");
        assert_eq!(fs::read(shelf.join("kept")).unwrap(), KEPT);
        let names = fs::read_dir(&shelf).unwrap();
        assert_eq!(names.count(), 4);
    }

    /// What a guest's configuration says of them.
    pub(super) fn configuration(&self) -> [(&'static str, String); 3] {
        [
            ("server", self.server()),
            ("other", format!("http://{}", self.other)),
            ("crowded", format!("http://{}", self.crowded.address)),
        ]
    }

    fn server(&self) -> String {
        format!("http://{}", self.server)
    }

    /// Wait until a process has no connection to them.
    ///
    /// # Panics
    /// Where it keeps one.
    pub(super) async fn nobody_holds_on(&self, process: i32) {
        let until = Instant::now() + DEADLINE;
        for place in [self.server, self.other, self.crowded.address] {
            while connections(process, place) > 0 {
                let open = connections(process, place);
                assert!(Instant::now() < until, "{open} connections to {place}");
                sleep(LOOK).await;
            }
        }
    }

    /// Nobody has come where nobody may.
    ///
    /// # Panics
    /// Where somebody has.
    pub fn nobody_strayed(&self) {
        let strayed = self.strayed.load(Ordering::SeqCst);
        assert_eq!(strayed, 0, "what is not granted was dialled");
    }
}

fn app(served: Arc<Served>) -> Router {
    Router::new()
        .route("/hello", get("hello"))
        .route("/length", post(async |body: Bytes| body.len().to_string()))
        .route("/wide", get(([("x-wide", "w".repeat(20_000))], "wide")))
        .route("/many", get(many))
        .route("/endless", get(async || Body::new(Endless)))
        .route("/never", get(std::future::pending::<()>))
        .route("/stalled", get(async || Body::new(Stalled(Some("begun")))))
        .route("/drip", get(async || Body::new(Drip(interval(DRIP)))))
        .route("/redirect", get(redirect))
        .route("/together/{job}", get(at_a_time))
        .route("/attached", get(attached))
        .route("/repeat", get(repeated))
        .layer(DefaultBodyLimit::disable())
        .with_state(served)
}

async fn redirect(
    State(served): State<Arc<Served>>,
) -> (StatusCode, [(header::HeaderName, String); 1]) {
    let place = format!("http://{}", served.other);
    (StatusCode::FOUND, [(header::LOCATION, place)])
}

/// How many requests of the job are here.
async fn at_a_time(State(served): State<Arc<Served>>, Named(job): Named<String>) -> String {
    let group = {
        let mut groups = served.together.lock().await;
        let group = groups.entry(job).or_insert_with(|| {
            Arc::new(Group {
                here: AtomicUsize::new(0),
                together: Barrier::new(TOGETHER),
            })
        });
        Arc::clone(group)
    };
    let here = group.here.fetch_add(1, Ordering::SeqCst) + 1;
    group.together.wait().await;
    group.here.fetch_sub(1, Ordering::SeqCst);
    here.to_string()
}

/// Whether the host has added the secret, and nobody else anything.
async fn attached(headers: HeaderMap) -> &'static str {
    let found: Vec<&[u8]> = headers
        .get_all(ATTACHED)
        .iter()
        .map(|value| value.as_bytes())
        .collect();
    if found == [SECRET.as_bytes()] {
        "yes"
    } else {
        "no"
    }
}

/// More headers than there may be.
async fn many() -> AppendHeaders<Vec<(&'static str, &'static str)>> {
    AppendHeaders(vec![("x-many", "m"); 200])
}

async fn repeated(headers: HeaderMap) -> Vec<u8> {
    let value = headers.get(ATTACHED).map(|value| value.as_bytes().to_vec());
    value.unwrap_or_default()
}

struct Endless;

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'e'; 4096])))))
    }
}

/// A few bytes, and then nothing.
struct Stalled(Option<&'static str>);

impl hyper::body::Body for Stalled {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(bytes) = self.0.take() else {
            // Nobody wakes it.
            return Poll::Pending;
        };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(bytes.as_bytes())))))
    }
}

/// A byte every now and then.
struct Drip(Interval);

impl hyper::body::Body for Drip {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        ready!(self.0.poll_tick(context));
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b".")))))
    }
}
