//! The dispatcher: one task that owns the truth about every job of the worker.
//!
//! It alone polls, acknowledges and reports. Everything that waits (a request to the service, a journal
//! write, staging, a run, an upload) is a task in a `JoinSet`, and a task's return value is its message:
//! there is no shared state and no channel back. A task that panics is known by its id, and its job is
//! told so; other jobs do not notice.
//!
//! ```text
//!            commands            timers             finished tasks          catalogue
//!                \                 |                      |                    /
//!                 +----------------+--- one select! ------+-------------------+
//!                                  |
//!                     step(life, event, now) -> effects
//!                                  |
//!          slots <- permits     tasks <- requests     timers     events, status, counters
//! ```
//!
//! Slots are taken before a poll, at least one and at most a fair share of what is free, and what the
//! poll did not use goes back when its answer is here. Jobs of an earlier run wait for slots first.
//! While the journal cannot be written nothing is polled. A source with a queue of events is polled slowly while the
//! queue works, and at once when an event says that there is something to poll for.

mod act;
mod clients;
mod core;
mod drain;
mod entry;
mod news;
mod notes;
mod offers;
mod poll_health;
mod polls;
mod queues;
mod requests;
mod view;

pub(crate) use core::{Command, Dispatcher};
pub(crate) use requests::nobody_waits;
