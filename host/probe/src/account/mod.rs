//! The account, as far as a probe uses it: each call of AWS is one method, and nothing of the SDK leaves.
//!
//! ```text
//!   clients     who asks whom
//!   pipelines   action types, pipelines, executions
//!   jobs        the job operations
//!   objects     artifacts and buckets
//! ```

mod clients;
mod jobs;
mod objects;
mod pipelines;

pub(crate) use clients::Account;
pub(crate) use jobs::{Details, Job, Success};
pub(crate) use objects::{Place, Written};
pub(crate) use pipelines::{ActionState, Kind, Layout};
