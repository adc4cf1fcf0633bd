//! One job, from loaded code to a verdict: a fresh store, one call, and the store's end.

use std::sync::Arc;

use wasmtime::{Store, UpdateDeadline};

use crate::convert;
use crate::engine::{Loaded, Sandbox};
use crate::fault;
use crate::guard::Guard;
use crate::log::JobLog;
use crate::mounts::Mounts;
use crate::runner::{Fault, JobSpec, VerdictKind};
use crate::state::JobState;

/// Bytes that one call may hand to the host, strings and lists taken together; the plugin's answer is one
/// such call.
pub(crate) const HOSTCALL_FUEL: usize = 16 << 20;
/// Handles to resources, all instances of a job taken together.
pub(crate) const MAX_HANDLES: usize = 10_000;

/// Run it. When this returns, the store is gone, the log is closed and no file call is under way.
pub(crate) async fn run(
    sandbox: &Sandbox,
    loaded: &Loaded,
    spec: &JobSpec,
    guard: &Arc<Guard>,
    log: &JobLog,
) -> VerdictKind {
    let result = match prepare(sandbox, spec, guard, log) {
        Ok((mut store, mounts)) => {
            let result = guard
                .metered(call(&mut store, loaded, spec, &mounts, guard))
                .await;
            drop(store);
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

fn prepare(
    sandbox: &Sandbox,
    spec: &JobSpec,
    guard: &Arc<Guard>,
    log: &JobLog,
) -> Result<(Store<JobState>, Mounts), Fault> {
    let mounts = Mounts::plan(spec)?;
    let state = JobState::new(&mounts, guard.clone(), log.clone())?;
    let mut store = Store::new(sandbox.engine(), state);
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(HOSTCALL_FUEL);
    store.set_max_component_handles(MAX_HANDLES);
    let watched = guard.clone();
    store.epoch_deadline_callback(move |_| {
        Ok(if watched.may_go_on() {
            UpdateDeadline::Yield(1)
        } else {
            UpdateDeadline::Interrupt
        })
    });
    store.set_epoch_deadline(1);
    Ok((store, mounts))
}

async fn call(
    store: &mut Store<JobState>,
    loaded: &Loaded,
    spec: &JobSpec,
    mounts: &Mounts,
    guard: &Guard,
) -> Result<VerdictKind, Fault> {
    // A job that was killed or ran out of time while its code was loaded runs nothing.
    if let (false, Some(first)) = (guard.may_go_on(), guard.first()) {
        return Err(first);
    }
    let plugin = loaded
        .pre
        .instantiate_async(&mut *store)
        .await
        .map_err(|error| fault::of_start(&error))?;
    let answer = plugin
        .pipefitter_action_handler()
        .call_run(&mut *store, &convert::job(spec, mounts))
        .await
        .map_err(|error| fault::of_call(&error))?;
    Ok(VerdictKind::Answered(convert::answer(answer)))
}
