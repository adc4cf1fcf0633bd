//! The call of an asynchronous entry: the component model's own concurrency, where a plugin's tasks take turns.
//!
//! The job ends with its result. Tasks that the plugin left behind are dropped with the store, wherever they are; of
//! a job that may not go on, the call itself, too, which then waits for something that no host call ends.

use wasmtime::Store;

use crate::bindings::asynchronous::ActionAsyncPre;
use crate::bindings::pipefitter::action::types as wit;
use crate::fault;
use crate::guard::Guard;
use crate::runner::Fault;
use crate::state::JobState;

/// Run it to its result.
pub(crate) async fn run(
    store: &mut Store<JobState>,
    plugin: &ActionAsyncPre<JobState>,
    job: wit::Job,
    guard: &Guard,
) -> Result<Result<wit::Outcome, wit::Failure>, Fault> {
    let plugin = plugin
        .instantiate_async(&mut *store)
        .await
        .map_err(|error| fault::of_start(&error, guard))?;
    let handler = plugin.pipefitter_action_async_handler();
    let called = store
        .run_concurrent(async |accessor| {
            tokio::select! {
                biased;
                answer = handler.call_run(accessor, job) => Some(answer),
                () = guard.ended() => None,
            }
        })
        .await;
    match called {
        Ok(Some(Ok(answer))) => Ok(answer),
        Ok(Some(Err(error))) | Err(error) => Err(fault::of_call(&error, guard)),
        Ok(None) => Err(guard.first().unwrap_or(Fault::Interrupted(None))),
    }
}
