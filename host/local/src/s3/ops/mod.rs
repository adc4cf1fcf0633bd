//! The S3 operations that are built, over the store.
//!
//! One file per group; `dispatch` alone implements s3s's trait and lists what exists. Whoever gets
//! here has been let in by [`super::access`], so nothing here asks who is calling.

mod buckets;
mod convert;
mod copy;
mod digests;
mod dispatch;
mod list;
mod objects;
mod remove;
mod uploads;

pub(super) use convert::custom;
pub(super) use dispatch::{BUILT, Operations};
