//! The life of one job as a pure function: `step(life, event, now) -> (life, effects)`.
//!
//! Nothing here waits, reads a clock or talks to anybody. What is to be done comes out as
//! [`Effect`]s, and what came of it goes in again as an [`Event`]; so every order of events and a crash
//! after every effect can be tried by a test in microseconds.
//!
//! ```text
//!  offer -> Claiming -> Opening -> Recording -> Acknowledging <-> AckPause
//!              ^            \          |             |      \________ window over
//!              |             \         | (refused,   |Ours            |
//!  restart -> Queued          \________|  lost race) |                v
//!              ^  \___ slot            v             v             Resting
//!              |       granted     Forgetting     Noting              |
//!              |_____________________________________|________________|
//!                                      ^             v
//!              restart: Claiming ------|------->  Recalling <-> RecallPause
//!                                      |             v
//!                                      |          Staging -> Starting -> Running -> Uploading
//!                                      |             |           |          |           |
//!                                      |             v           v          v           v
//!                                      |          Finishing <-> FinishPause  (the outcome is written)
//!                                      |             v
//!                                      |<-------- Reporting <-> ReportPause  (the outbox)
//!                                      v             v invalid twice
//!                                    Ended        Parking -> Ended
//! ```
//!
//! Invariants, each of them a property that `life/tests.rs` checks over random schedules:
//! - At most one request of a job is under way; an answer to an older one is ignored (its tag is old),
//!   so duplicates and late answers change nothing.
//! - A journal write comes before the effect it names: `Acknowledging` before AcknowledgeJob, `Running`
//!   before the plugin, `Finished` before Put*Result.
//! - A job that was acknowledged ends reported, superseded, cancelled, parked or still in the journal.
//! - Of a job that the service has ended nothing is begun and nothing is sent from the moment that this is known,
//!   unless it has a result by then; that is sent, and refused. `Cancelled` leads from every state before
//!   `Finishing` to `Forgetting`, through the end of what is under way.
//! - A plugin that is not retry-safe starts at most once, one that is at most three times.
//! - The slot is given back exactly once for each time it was taken.
//!
//! When the journal cannot be written: before acknowledge, the offer is dropped (the service offers it
//! again); before the run, the job fails and the plugin does not start; before the report, the write is
//! tried [`Rules::journal_tries`] times and then the result is sent from memory. The last is safe since
//! the service takes one result only: what a restart makes of the older record is refused by it.

mod effect;
mod event;
mod recover;
mod report;
mod state;
mod step;
mod take;
mod work;

#[cfg(test)]
mod tests;

pub(crate) use effect::{Ask, Effect, Note};
pub(crate) use event::{AckAnswer, Answer, Event, RecallAnswer, RunEnd, SendAnswer, UploadEnd};
pub(crate) use recover::recover;
pub(crate) use state::{Chain, End, Life, NOBODY_WAITS, Rules, State};
pub(crate) use step::step;
