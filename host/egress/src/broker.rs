//! The broker of one job: an HTTP/2 server on a stream whose other end may be hostile.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::attach::AttachedHeader;
use crate::connect::Connector;
use crate::event::{EgressUsage, LimitHit, Observe};
use crate::exchange;
use crate::failure::chain;
use crate::grant::NetworkGrants;
use crate::job::Job;
use crate::ledger::Ledger;
use crate::limits::{EgressLimit, NetworkLimits};
use crate::pool::Pool;
use crate::tasks::{StreamTasks, Tasks};

/// What a guest may send of one body before it is passed on, and with it all that the broker holds of one.
const STREAM_WINDOW: u32 = 64 * 1024;
/// The least that HTTP/2 allows, and a bound on what one frame makes the broker hold.
const FRAME: u32 = 16 * 1024;
/// What the broker holds of a response that the guest does not read.
const SEND_BUFFER: usize = 64 * 1024;
/// What HTTP/2 accepts of headers. Over twice the limit that a broker keeps, so that what is over the limit is refused by
/// the limit's name; more than this is answered by the library with 431. Few enough for the library's map of headers,
/// which holds 24,576, since each counts for at least 33 bytes.
const HEADER_LIST: u32 = 768 * 1024;
/// Streams that a peer opens and resets at once, and faults of its own that are answered by a reset, before the whole
/// connection is closed.
const RESETS: usize = 64;

/// How much longer than a request a stream may take, so that a request that can still be answered is told why it ended.
const AFTER_WHOLE: Duration = Duration::from_secs(1);

/// Serves one job's requests.
#[must_use = "a broker does nothing until it serves a stream"]
pub struct Broker {
    pub(crate) plugin: String,
    pub(crate) connector: Arc<Connector>,
    pub(crate) grants: NetworkGrants,
    pub(crate) limits: NetworkLimits,
    pub(crate) attached: Vec<AttachedHeader>,
    pub(crate) observer: Option<Arc<dyn Observe>>,
}

impl Broker {
    /// Tell this observer of events as they happen.
    pub fn observed_by(mut self, observer: Arc<dyn Observe>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Serve the stream until its other end closes it or the token is cancelled.
    ///
    /// When it is done, no connection or task of the job is left, but for the system's lookups of a few names, which
    /// cannot be broken off. Where the future itself is dropped they end as well,
    /// though nobody waits for it.
    pub fn serve<S>(
        self,
        stream: S,
        cancel: CancellationToken,
    ) -> impl Future<Output = EgressUsage> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let token = cancel.child_token();
        let ends = token.clone().drop_guard();
        let job = Arc::new(self.job(Tasks::new(token)));
        async move {
            let broken = tokio::select! {
                biased;
                () = cancel.cancelled() => None,
                served = serve(&job, stream) => served.err().map(|error| chain(&error)),
            };
            if let Some(error) = &broken {
                tracing::debug!(plugin = job.plugin, error, "a guest's network stream broke");
            }
            job.pool.clear().await;
            job.tasks.end().await;
            drop(ends);
            job.ledger.usage(broken)
        }
    }

    fn job(self, tasks: Tasks) -> Job {
        let in_flight = self.limits.in_flight as usize;
        Job {
            plugin: self.plugin,
            lookups: self.connector.lookups.of_a_job(),
            connector: self.connector,
            grants: self.grants,
            attached_names: self
                .attached
                .iter()
                .map(|header| header.name().clone())
                .collect(),
            attached: self.attached,
            limits: self.limits,
            slots: Arc::new(Semaphore::new(in_flight)),
            ledger: Ledger::default(),
            pool: Pool::new(in_flight),
            tasks,
            observer: self.observer,
        }
    }
}

async fn serve<S>(job: &Arc<Job>, stream: S) -> hyper::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = &job.limits;
    let watcher = Arc::clone(job);
    let streams = StreamTasks {
        tasks: job.tasks.clone(),
        longest: limits.whole + AFTER_WHOLE,
        overdue: move || {
            let limit = EgressLimit::Whole;
            let hit = LimitHit {
                limit,
                value: watcher.limits.value(limit),
            };
            watcher.hit(&"a response that is not read", hit);
        },
    };
    // Every stream may fill its window before it is passed on, and none may starve another of the connection's.
    let connection_window = STREAM_WINDOW.saturating_mul(limits.in_flight.saturating_add(1));
    let serving = Arc::clone(job);
    http2::Builder::new(streams)
        .timer(TokioTimer::new())
        .auto_date_header(false)
        .max_concurrent_streams(limits.in_flight)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(connection_window)
        .max_frame_size(FRAME)
        .max_send_buf_size(SEND_BUFFER)
        .max_header_list_size(HEADER_LIST)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(RESETS)
        .serve_connection(
            TokioIo::new(stream),
            service_fn(move |request| exchange::serve(Arc::clone(&serving), request)),
        )
        .await
}
