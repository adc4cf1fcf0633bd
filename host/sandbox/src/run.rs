//! One job, from loaded code to a verdict: a fresh store, one call, and the store's end.

use std::sync::Arc;

use wasmtime::{Engine, Store, UpdateDeadline};

use crate::asynchronous;
use crate::child::protocol;
use crate::command::{self, Dialogue};
use crate::convert;
use crate::engine::{Loaded, Pre};
use crate::fault;
use crate::guard::Guard;
use crate::limits::Limit;
use crate::log::JobLog;
use crate::mounts::Mounts;
use crate::runner::{Fault, JobSpec, VerdictKind};
use crate::shape::Entry;
use crate::state::{JobState, Ports};

/// A store for one job, with its directories open.
pub(crate) struct Prepared {
    store: Store<JobState>,
    mounts: Mounts,
    /// With a command.
    dialogue: Option<Dialogue>,
}

/// Open what the job may reach. Runs nothing of the guest's.
pub(crate) fn prepare(
    engine: &Engine,
    entry: Entry,
    spec: &JobSpec,
    guard: &Arc<Guard>,
    log: &JobLog,
    ports: Ports,
) -> Result<Prepared, Fault> {
    let mounts = Mounts::plan(spec)?;
    let dialogue = match entry {
        Entry::Command => {
            let line = command::write_job_file(spec, &mounts)?;
            let host = ports.host.clone();
            let (id, secrets) = (&spec.job.id, spec.secrets);
            Some(Dialogue::new(
                id,
                line,
                secrets,
                guard.clone(),
                log.clone(),
                host,
            ))
        }
        Entry::Handler | Entry::AsyncHandler => None,
    };
    let state = JobState::new(
        spec,
        &mounts,
        guard.clone(),
        log.clone(),
        ports,
        dialogue.as_ref(),
    )?;
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(spec.limits.count(Limit::HostcallData));
    store.set_max_component_handles(spec.limits.count(Limit::Handles));
    // Tasks, streams and futures of an asynchronous guest are in a table of their own, of a million by default.
    if let Some(table) = store.concurrent_resource_table() {
        table.set_max_capacity(spec.limits.count(Limit::Resources));
    }
    let watched = guard.clone();
    store.epoch_deadline_callback(move |_| {
        Ok(if watched.may_go_on() {
            UpdateDeadline::Yield(1)
        } else {
            UpdateDeadline::Interrupt
        })
    });
    store.set_epoch_deadline(1);
    Ok(Prepared {
        store,
        mounts,
        dialogue,
    })
}

/// Run it. When this returns, the store is gone, the log is closed and no file call is under way.
pub(crate) async fn run(
    prepared: Result<Prepared, Fault>,
    loaded: &Loaded,
    spec: &JobSpec,
    guard: &Guard,
    log: &JobLog,
) -> VerdictKind {
    let result = match prepared {
        Ok(mut prepared) => {
            let result = guard
                .metered(call(&mut prepared, loaded, spec, guard))
                .await;
            drop(prepared);
            result
        }
        Err(fault) => Err(fault),
    };
    log.close();
    // What was hit first wins over what the guest made of it, an answer included.
    match (guard.first(), result) {
        (Some(first), _) => VerdictKind::Fault(first),
        (None, Ok(kind)) => kind,
        (None, Err(fault)) => VerdictKind::Fault(fault),
    }
}

async fn call(
    prepared: &mut Prepared,
    loaded: &Loaded,
    spec: &JobSpec,
    guard: &Guard,
) -> Result<VerdictKind, Fault> {
    // A job that was killed or ran out of time while its code was loaded runs nothing.
    if let (false, Some(first)) = (guard.may_go_on(), guard.first()) {
        return Err(first);
    }
    let Prepared {
        store,
        mounts,
        dialogue,
    } = prepared;
    let answer = match (&loaded.pre, dialogue) {
        (Pre::Handler(pre), _) => {
            let plugin = pre
                .instantiate_async(&mut *store)
                .await
                .map_err(|error| fault::of_start(&error, guard))?;
            let answer = plugin
                .pipefitter_action_handler()
                .call_run(&mut *store, &convert::job(spec, mounts))
                .await
                .map_err(|error| fault::of_call(&error, guard))?;
            convert::answer(answer)
        }
        (Pre::AsyncHandler(pre), _) => {
            let answer = asynchronous::run(store, pre, convert::job(spec, mounts), guard).await?;
            convert::answer(answer)
        }
        (Pre::Command(pre), Some(dialogue)) => command::run(store, pre, dialogue, guard).await?,
        (Pre::Command(_), None) => {
            return Err(Fault::Host("a command was prepared as a component".into()));
        }
    };
    if protocol::length_of(&answer) > spec.limits.get(Limit::Result) {
        return Err(guard.limit(Limit::Result));
    }
    Ok(VerdictKind::Answered(answer))
}
