//! The runner without a process of its own: guests on threads of this process, isolated by wasm alone.
//!
//! Guests have a runtime to themselves. They may hold its threads up as long as an epoch lasts, and no poll,
//! heartbeat or report of the worker's ever waits behind one.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::task::TaskTracker;

use crate::engine::Granted;
use crate::error::SandboxError;
use crate::guard::Guard;
use crate::limits::{Limit, SHARED_STACK};
use crate::loader::Loader;
use crate::log::JobLog;
use crate::panics::GUEST_THREAD;
use crate::run;
use crate::runner::{
    Fault, HostStream, JobControl, JobEnd, JobHost, JobRunner, JobSpec, Verdict, VerdictKind,
};
use crate::sandbox::Sandbox;
use crate::state::Ports;
use crate::text;

/// Threads for what may not hold up a guest thread: loading code, and writes of streams that a guest does not
/// wait for. Idle ones end.
const BLOCKING_THREADS: usize = 32;

/// Bytes under way to or from the network's broker.
const PIPE: usize = 64 << 10;

/// Runs jobs inside this process.
pub struct InProcess {
    sandbox: Arc<Sandbox>,
    loader: Arc<Loader>,
    jobs: TaskTracker,
    /// There until drop.
    runtime: Option<Runtime>,
    guests: Handle,
}

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InProcess")
            .field("jobs", &self.jobs.len())
            .finish_non_exhaustive()
    }
}

impl InProcess {
    /// Start the guests' threads.
    ///
    /// # Errors
    /// [`SandboxError::Runtime`].
    pub fn new(sandbox: Arc<Sandbox>) -> Result<InProcess, SandboxError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(sandbox.config().guest_threads.max(1))
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_name(GUEST_THREAD)
            // Timers and newcomers are looked at after every poll: a poll of a guest that computes lasts a
            // whole epoch, and with the default of 61 polls a guest that sleeps wakes half a second late.
            .event_interval(1)
            .global_queue_interval(2)
            .enable_time()
            .build()
            .map_err(SandboxError::Runtime)?;
        Ok(InProcess {
            loader: Arc::new(Loader::new(sandbox.clone())),
            sandbox,
            jobs: TaskTracker::new(),
            guests: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    /// How many jobs are running, those included whose caller no longer waits.
    #[must_use]
    pub fn running(&self) -> usize {
        self.jobs.len()
    }

    /// Wait until no job runs. No new one may be started any more.
    pub async fn settled(&self) {
        self.jobs.close();
        self.jobs.wait().await;
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting for guests here would block whatever runtime the caller is on.
            runtime.shutdown_background();
        }
    }
}

#[async_trait]
impl JobRunner for InProcess {
    async fn run(&self, mut spec: JobSpec, control: JobControl, host: Arc<dyn JobHost>) -> Verdict {
        // The engine's, whatever is asked: what is told is what was hit.
        spec.limits = spec.limits.with(Limit::Stack, SHARED_STACK);
        let guard = Arc::new(Guard::new(spec.limits.clone(), control));
        let threshold = self.sandbox.config().log_threshold;
        let log = JobLog::new(host.clone(), threshold, &spec.limits);
        // Dropping this future ends the job; it is not dropped with it, see `waits`.
        let _abandon = guard.interrupt().clone().drop_guard();
        let task = {
            let (sandbox, loader) = (self.sandbox.clone(), self.loader.clone());
            let (guard, log) = (guard.clone(), log.clone());
            self.jobs.spawn_on(
                async move {
                    match loader.get(&spec.code, Granted::of(&spec)).await {
                        Ok(loaded) => {
                            let stream = connected(&spec, &*host, &guard);
                            let ports = Ports { host, stream };
                            let prepared = run::prepare(
                                sandbox.engine(loaded.entry),
                                loaded.entry,
                                &spec,
                                &guard,
                                &log,
                                ports,
                            );
                            run::run(prepared, &loaded, &spec, &guard, &log).await
                        }
                        Err(error) => VerdictKind::Fault(error.of_code()),
                    }
                },
                &self.guests,
            )
        };
        let kind = task
            .await
            .unwrap_or_else(|error| VerdictKind::Fault(host_fault(error)));
        let logged = log.usage();
        let mut usage = guard.usage();
        usage.log_bytes = logged.kept;
        usage.log_dropped = logged.dropped;
        Verdict { kind, usage }
    }
}

/// The guest's end of the way to the network, where that is granted.
fn connected(
    spec: &JobSpec,
    host: &dyn JobHost,
    guard: &Arc<Guard>,
) -> Option<Box<dyn HostStream>> {
    if !spec.network {
        return None;
    }
    let (guests, hosts) = tokio::io::duplex(PIPE);
    let end = {
        let guard = guard.clone();
        JobEnd::new(move |limit| {
            guard.hit(limit);
            guard.interrupt().cancel();
        })
    };
    host.connect(Box::new(hosts), end);
    Some(Box::new(guests))
}

/// The fault of a job whose own task in this process failed.
pub(crate) fn host_fault(error: tokio::task::JoinError) -> Fault {
    let what = match error.try_into_panic() {
        Ok(panic) => format!("a panic while the job ran: {}", said(&*panic)),
        Err(_) => "the sandbox was shut down while the job ran".to_owned(),
    };
    // Not its text, which may be a guest's: the job's failure has it, without secrets.
    tracing::error!("a job failed inside the host: its failure tells how");
    Fault::Host(what)
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no text)");
    text::clean(text)
}
