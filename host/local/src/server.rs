//! The listener, and which service gets a request.
//!
//! A request with CodePipeline's target, or a signature for it, goes to CodePipeline; one whose
//! signature (in the header or, presigned, in the query) is for S3 goes to S3, and so does an
//! anonymous one without a target, to be refused in S3's form. Any other service is named in the
//! refusal, in the form that its clients read.
//!
//! The key pair is known to everybody, so what keeps others out is that they cannot connect. A page
//! in a browser could, if its own host name were made to point here (DNS rebinding); the `Host`
//! header then tells, and such a request is refused before anything else.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{Clock, ROOT_KEY, Registry, sigv4};
use crate::pipeline::{ApiError, CodePipeline, Event, Settings, failure, is_target, serve};
use crate::s3::{ObjectStore, S3Door, service};
use crate::{LocalConfig, LocalError};

/// The access key id that may do everything.
pub const ACCESS_KEY_ID: &str = ROOT_KEY;
/// Its secret.
pub const SECRET_ACCESS_KEY: &str = ROOT_KEY;

/// How long a connection has for the answer it is at, once the server stops.
const LAST_ANSWER: Duration = Duration::from_secs(5);

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, BoxError>;

/// A running service. Dropped without [`Server::shutdown`], it stops too, but nobody waits for it.
pub struct Server {
    address: SocketAddr,
    pipeline: CodePipeline,
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
        let (directory, temporary) = match config.state_dir {
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
        let registry = Registry::new(Clock::system());
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let settings = Settings {
            region: config.region.clone(),
            account: config.account,
            continuation_delay: config.continuation_delay,
            reoffer_after: config.reoffer_after,
            credential_lifetime: config.credential_lifetime,
            action_timeout: config.action_timeout,
            lost_jobs: config.lost_jobs,
            third_party: config.third_party,
        };
        let pipeline = CodePipeline::start(
            settings,
            config.source_poll,
            store.clone(),
            registry.clone(),
            (&tasks, stop.clone()),
        );
        let router = Arc::new(Router {
            door: service(store, registry.clone(), &config.region),
            pipeline: pipeline.clone(),
            registry,
            region: config.region,
        });
        tasks.spawn(accept(listener, router, tasks.clone(), stop.clone()));
        Ok(Self {
            address,
            pipeline,
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
        async move { Ok::<_, Infallible>(router.route(request).await) }
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

struct Router {
    pipeline: CodePipeline,
    door: S3Door,
    registry: Registry,
    region: String,
}

impl Router {
    async fn route(&self, request: Request<Incoming>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        if !is_local_host(&parts) {
            return full(xml(
                StatusCode::FORBIDDEN,
                "AccessDenied",
                "the Host header must name a loopback address or localhost",
            ));
        }
        let scope = sigv4::scope_service(&parts);
        let has_target = parts.headers.contains_key("x-amz-target");
        if is_target(&parts) || scope.as_deref() == Some("codepipeline") {
            let request = Request::from_parts(parts, body);
            return full(serve(&self.pipeline, &self.registry, &self.region, request).await);
        }
        match scope.as_deref() {
            Some("s3") => self
                .door
                .call(Request::from_parts(parts, body))
                .await
                .map(boxed),
            None if !has_target => self
                .door
                .call(Request::from_parts(parts, body))
                .await
                .map(boxed),
            other => full(unknown_service(other, has_target)),
        }
    }
}

/// Refuses a service that is not here: as JSON to clients that send a target, else as XML.
fn unknown_service(name: Option<&str>, is_json: bool) -> Response<Full<Bytes>> {
    let name = name.unwrap_or("service of that target");
    let message = format!("pipefitter's embedded service has no {name}; only codepipeline and s3");
    if is_json {
        return failure(&ApiError::new("UnknownServiceException", message));
    }
    xml(StatusCode::BAD_REQUEST, "UnknownService", &message)
}

/// Whether a request was addressed to this machine by a name that nobody else can give it.
fn is_local_host(parts: &http::request::Parts) -> bool {
    let header = parts
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let Some(host) = header.or(parts.uri.authority().map(|authority| authority.as_str())) else {
        // HTTP/1.0 without a host: no browser.
        return true;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    address
        .parse::<IpAddr>()
        .is_ok_and(|address| address.is_loopback())
        || name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
}

fn xml(status: StatusCode, code: &str, message: &str) -> Response<Full<Bytes>> {
    let escaped = message
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{escaped}</Message></Error></ErrorResponse>"
    );
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}

fn full(response: Response<Full<Bytes>>) -> Response<Body> {
    response.map(|body| body.map_err(|never| match never {}).boxed_unsync())
}

fn boxed<B>(body: B) -> Body
where
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    body.map_err(Into::into).boxed_unsync()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_answered_to() {
        let is_answered = |host: &str| {
            let request = Request::get("/").header("host", host).body(()).unwrap();
            is_local_host(&request.into_parts().0)
        };
        for host in [
            "127.0.0.1:4510",
            "[::1]:4510",
            "[::1]",
            "localhost",
            "b.s3.localhost:80",
        ] {
            assert!(is_answered(host), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example:4510",
            "10.0.0.1",
            "127.0.0.1.nip.io",
        ] {
            assert!(!is_answered(host), "{host}");
        }
    }
}
