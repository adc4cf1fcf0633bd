//! Waiting that ends with the job. A guest that computes is stopped by the epoch callback; one that sleeps
//! in `wasi:io/poll` is in the host, where no epoch reaches it.
//!
//! The usual way out, dropping the call's future, leaves a store in a state of which 48.0.x had three panics.
//! So the functions that can wait without bound, these two and those of streams (see `streams`), end by themselves, and
//! a job's future always runs to its end; file calls never wait (see `fs`).

use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::io::poll;

use crate::guard::Guard;
use crate::state::JobState;

pub(crate) fn add_to_linker(linker: &mut Linker<JobState>) -> wasmtime::Result<()> {
    poll::add_to_linker::<JobState, Waits>(linker, JobState::waits)
}

struct Waits;

impl HasData for Waits {
    type Data<'a> = WaitsView<'a>;
}

pub(crate) struct WaitsView<'a> {
    pub(crate) table: &'a mut ResourceTable,
    pub(crate) guard: &'a Guard,
}

/// The job ended while the guest waited. Why is in the guard.
#[derive(Debug, thiserror::Error)]
#[error("the job ended while the plugin waited")]
pub(crate) struct Ended;

impl poll::Host for WaitsView<'_> {
    async fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        tokio::select! {
            biased;
            ready = poll::Host::poll(self.table, pollables) => ready,
            () = self.guard.ended() => Err(wasmtime::Error::new(Ended)),
        }
    }
}

impl poll::HostPollable for WaitsView<'_> {
    async fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        poll::HostPollable::ready(self.table, pollable).await
    }

    async fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        tokio::select! {
            biased;
            ready = poll::HostPollable::block(self.table, pollable) => ready,
            () = self.guard.ended() => Err(wasmtime::Error::new(Ended)),
        }
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        poll::HostPollable::drop(self.table, pollable)
    }
}
