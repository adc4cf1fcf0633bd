//! The listener: [`crate::router`] says which service gets a request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::SignedDuration;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{Clock, ROOT_KEY, Registry};
use crate::control::{Control, Faults};
use crate::pipeline::{CodePipeline, Event, Saved, Settings};
use crate::router::Router;
use crate::s3::{ObjectStore, service};
use crate::{LocalConfig, LocalError};

/// The access key id that may do everything.
pub const ACCESS_KEY_ID: &str = ROOT_KEY;
/// Its secret.
pub const SECRET_ACCESS_KEY: &str = ROOT_KEY;

/// How long a connection has for the answer it is at, once the server stops.
const LAST_ANSWER: Duration = Duration::from_secs(5);

/// A running service. Dropped without [`Server::shutdown`], it stops too, but nobody waits for it.
pub struct Server {
    address: SocketAddr,
    pipeline: CodePipeline,
    control: Control,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// Holds the objects of a server without a state directory.
    temporary: Option<TempDir>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Server {
    /// Starts the service; when this returns it answers.
    ///
    /// # Errors
    /// An address that is not loopback or cannot be listened on, a setting that is not valid, a
    /// state directory that cannot be used.
    pub async fn start(config: LocalConfig) -> Result<Self, LocalError> {
        check(&config)?;
        let listen = |source| LocalError::Listen {
            address: config.bind,
            source,
        };
        let listener = TcpListener::bind(config.bind).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (directory, temporary) = match &config.state_dir {
            Some(directory) => (directory.join("s3"), None),
            None => {
                let made = tempfile::Builder::new()
                    .prefix("pipefitter-local-")
                    .tempdir();
                let made = made.map_err(LocalError::TemporaryDirectory)?;
                (made.path().join("s3"), Some(made))
            }
        };
        let store = ObjectStore::open(directory)
            .await
            .map_err(|error| LocalError::Objects(Box::new(error)))?;
        let state_file = config.state_dir.map(|dir| dir.join("codepipeline.redb"));
        let state = |source: Box<dyn std::error::Error + Send + Sync>| LocalError::State {
            path: state_file.clone().unwrap_or_default(),
            source,
        };
        let saved = match state_file.clone() {
            None => None,
            Some(path) => {
                let owner = format!("{} in {}", config.account, config.region);
                let opened = tokio::task::spawn_blocking(move || Saved::open(&path, &owner)).await;
                Some(
                    opened
                        .map_err(|error| state(error.into()))?
                        .map_err(|error| state(error.into()))?,
                )
            }
        };
        let ahead = saved.as_ref().map_or(Duration::ZERO, Saved::ahead);
        let clock = Clock::system(ahead, SignedDuration::from_secs(config.clock_skew));
        let registry = Registry::new(clock.clone());
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let settings = Settings {
            region: config.region.clone(),
            account: config.account.clone(),
            continuation_delay: config.continuation_delay,
            start_on_create: config.start_on_create,
            switches: config.switches,
            third_party: config.third_party,
        };
        let pipeline = CodePipeline::start(
            settings,
            config.source_poll,
            store.clone(),
            registry.clone(),
            saved,
            (&tasks, stop.clone()),
        )
        .map_err(|error| state(error.into()))?;
        let faults = Faults::default();
        let control = Control::new(pipeline.clone(), faults.clone(), clock);
        let router = Arc::new(Router {
            door: service(store, registry.clone(), (&config.region, &config.account)),
            pipeline: pipeline.clone(),
            registry,
            faults,
            control: config.control.map(|token| (control.clone(), token)),
            region: config.region,
        });
        tasks.spawn(accept(listener, router, tasks.clone(), stop.clone()));
        Ok(Self {
            address,
            pipeline,
            control,
            tasks,
            stop,
            temporary,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// What `AWS_ENDPOINT_URL` is to be.
    #[must_use]
    pub fn endpoint_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What happens to executions from now on. A receiver that falls 4,096 events behind is told
    /// how many it lost.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.pipeline.events()
    }

    /// Moves its time and makes things go wrong, whether there is a control path or not.
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Stops listening, ends every connection after the answer it is at (five seconds at most),
    /// and removes the objects of a server without a state directory.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        if let Some(directory) = self.temporary.take() {
            let path = directory.path().to_owned();
            // Thousands of files may go: not on a runtime thread.
            let removed = tokio::task::spawn_blocking(move || directory.close()).await;
            if !matches!(removed, Ok(Ok(()))) {
                tracing::warn!(path = %path.display(), "the temporary directory stays behind");
            }
        }
    }
}

fn check(config: &LocalConfig) -> Result<(), LocalError> {
    if !config.bind.ip().is_loopback() {
        return Err(LocalError::NotLoopback(config.bind));
    }
    let is_account =
        config.account.len() == 12 && config.account.bytes().all(|byte| byte.is_ascii_digit());
    if !is_account {
        return Err(LocalError::Account(config.account.clone()));
    }
    let is_region = (4..=30).contains(&config.region.len())
        && config
            .region
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !is_region {
        return Err(LocalError::Region(config.region.clone()));
    }
    match config.third_party.faults().into_iter().next() {
        Some(fault) => Err(LocalError::ThirdParty {
            place: fault.path.join("."),
            message: fault.message,
            remedy: fault.remedy,
        }),
        None => Ok(()),
    }
}

async fn accept(
    listener: TcpListener,
    router: Arc<Router>,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                tasks.spawn(connection(stream, Arc::clone(&router), stop.clone()));
            }
            Err(error) => {
                // Out of descriptors, most likely: a moment's rest, and others may have closed.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, router: Arc<Router>, stop: CancellationToken) {
    // Small answers must not wait for more; an error costs speed only.
    let _ = stream.set_nodelay(true);
    let handler = service_fn(move |request| {
        let router = Arc::clone(&router);
        async move { router.route(request).await.ok_or(Unanswered) }
    });
    let serving = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), handler);
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = &mut serving => ended,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            match tokio::time::timeout(LAST_ANSWER, serving).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// A fault has it that nobody hears of a request: its connection is cut.
#[derive(Debug, thiserror::Error)]
#[error("a fault has the answer dropped")]
struct Unanswered;
