//! `pipefitter run`: the daemon.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use pipefitter_claims::Single;
use pipefitter_worker::{DrainReport, Worker, WorkerHandle, WorkerParts};
use rustix::process::{Resource, Rlimit};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::check::{against_plugins, missing_parts};
use crate::args::RunArgs;
use crate::config::{Config, LogFormat, load, print_problems};
use crate::exit::Exit;
use crate::signals::Signals;
use crate::sources;
use crate::supervisor::Supervisor;
use crate::wiring::{self, Engine, ServedPlugins, StateDir};

/// The log is started in the format that the configuration tells; one with problems tells none.
pub(crate) fn main(args: &RunArgs, start_log: impl FnOnce(LogFormat)) -> Result<Exit> {
    let read = load(&args.config);
    start_log(
        read.as_ref()
            .map_or_else(|_| LogFormat::default(), |config| config.log_format),
    );
    let config = match read {
        Ok(config) => config,
        Err(problems) => {
            print_problems(&problems);
            return Ok(Exit::Config);
        }
    };
    let missing = missing_parts(&config);
    let (Some(state_dir), Some(plugins_dir), true) =
        (&config.state_dir, &config.plugins_dir, missing.is_empty())
    else {
        print_problems(&missing);
        return Ok(Exit::Config);
    };
    harden()?;
    let state = StateDir::open(state_dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("control")
        .build()
        .context("could not start the runtime")?;
    let ended = runtime.block_on(serve(&config, &state, plugins_dir));
    runtime.shutdown_timeout(LEFTOVERS);
    ended
}

/// What is left when all is reported may take so long: to close the journal in order takes a moment, and a plugin that is
/// still compiled, for nobody, is waited for in vain.
const LEFTOVERS: Duration = Duration::from_secs(1);

/// The limit that switches core dumps off, bytes. With 0 the kernel still starts a program that its `core_pattern` names, and
/// hands it the memory; 1 is too little for a file and keeps it from that, too (core(5)).
const NO_CORE: u64 = 1;

/// What the worker does for itself: its memory holds credentials, which no core dump may hold.
fn harden() -> Result<()> {
    let most = rustix::process::getrlimit(Resource::Core)
        .maximum
        .unwrap_or(NO_CORE)
        .min(NO_CORE);
    if most < NO_CORE {
        tracing::warn!(
            "the limit on core files is 0 and cannot be raised to 1: a program that /proc/sys/kernel/core_pattern names \
             would be given this worker's memory, were it to crash; use LimitCORE=1"
        );
    }
    let none = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    rustix::process::setrlimit(Resource::Core, none).context("could not switch core dumps off")?;
    if rustix::process::geteuid().is_root() {
        tracing::warn!(
            "running as root: a plugin that broke out of its sandbox would be root too; give the worker a user of its own"
        );
    }
    Ok(())
}

async fn serve(config: &Config, state: &StateDir, plugins_dir: &Path) -> Result<Exit> {
    let mut signals = Signals::new()?;
    let stop_watching = CancellationToken::new();
    let started = tokio::select! {
        // A worker that were started all the same would poll, and drop what it was offered.
        biased;
        name = signals.next() => {
            tracing::info!(signal = name, "ended while it started: no job was polled for");
            return Ok(Exit::Success);
        }
        started = start(config, state, plugins_dir, stop_watching.clone()) => started?,
    };
    let Some((worker, mut watching)) = started else {
        return Ok(Exit::Config);
    };
    let report = until_drained(worker, &mut signals).await?;
    stop_watching.cancel();
    while watching.join_next().await.is_some() {}
    tell(&report);
    Ok(Exit::Success)
}

/// The worker, and what watches its plugins; none, which is told, where the configuration does not fit these. May be
/// dropped before it is ready: nothing is polled for until then.
async fn start(
    config: &Config,
    state: &StateDir,
    plugins_dir: &Path,
    stop_watching: CancellationToken,
) -> Result<Option<(WorkerHandle, JoinSet<()>)>> {
    let mut connected = Vec::new();
    for source in &config.sources {
        connected.push((source, sources::connect(source).await?));
    }
    let identity = sources::journal_identity(&connected).await?;
    let journal = sources::open_journal(state, &identity)?;
    let worker_config = wiring::worker_config(config, state);
    let engine = Engine::new(state, config, &worker_config)?;
    let plugins = ServedPlugins::open(plugins_dir, &engine, stop_watching).await?;
    let catalogue = Arc::clone(&plugins.catalogue.borrow());
    let wrong = against_plugins(config, &catalogue);
    print_problems(&wrong);
    if wrong.iter().any(|problem| !problem.warning) {
        return Ok(None);
    }
    let mut parts = Vec::new();
    for (source, connection) in connected {
        parts.push(sources::source_parts(source, connection, state)?);
    }
    let secrets = wiring::secrets(config).await?;
    let parts = WorkerParts {
        egress: wiring::egress(config, secrets.as_deref()).await?,
        secrets,
        sources: parts,
        runner: Arc::clone(&engine.runner) as _,
        journal: Arc::new(journal),
        claims: Arc::new(Single),
        catalogue: plugins.catalogue.clone(),
    };
    let worker = Worker::start(worker_config, parts)
        .await
        .context("the worker does not start")?;
    // Nobody listens here: nothing is kept for somebody who might.
    drop(worker.events());
    tracing::info!(
        sources = config.sources.len(),
        plugins = catalogue.plugins().count(),
        compiled = engine.sandbox.compiled(),
        version = env!("CARGO_PKG_VERSION"),
        "serving jobs"
    );
    Ok(Some((worker, plugins.watching)))
}

async fn until_drained(worker: WorkerHandle, signals: &mut Signals) -> Result<DrainReport> {
    let mut status = worker.watch();
    // Never told while the view is borrowed: nobody can change it meanwhile.
    let now = status.borrow_and_update().readiness();
    let mut supervisor = Supervisor::ready(now);
    let mut signalled = 0_u32;
    loop {
        tokio::select! {
            changed = status.changed() => {
                // Nobody tells any more: the worker has ended.
                if changed.is_err() {
                    return worker.join().await.context("the worker failed");
                }
                supervisor.changed();
            }
            () = supervisor.due() => {
                let now = status.borrow_and_update().readiness();
                supervisor.tell(now);
            }
            name = signals.next() => {
                signalled += 1;
                if signalled == 1 {
                    supervisor.stopping();
                    tracing::info!(signal = name, "draining: no more polls; signal again to cancel jobs");
                    worker.drain();
                } else {
                    tracing::warn!(signal = name, "cancelling jobs");
                    worker.cancel();
                }
            }
        }
    }
}

/// What is left the worker has told, job by job; what all of them came to and used is told here, once.
fn tell(report: &DrainReport) {
    if report.parked > 0 {
        tracing::warn!(
            parked = report.parked,
            "results that CodePipeline refused are kept in the journal"
        );
    }
    let counted = &report.counters;
    tracing::info!(
        taken = counted.taken,
        recovered = counted.recovered,
        succeeded = counted.succeeded,
        failed = counted.failed,
        continued = counted.continued,
        limits_hit = counted.limits_hit,
        cpu_ms = counted.run_cpu_millis,
        memory_peak = counted.run_memory_peak,
        requests = counted.requests,
        requests_refused = counted.requests_refused,
        "ended"
    );
}
