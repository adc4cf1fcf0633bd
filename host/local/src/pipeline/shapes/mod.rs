//! The requests of all 44 operations, as the service's model of 2015-07-09 has them, those that are
//! not built included. See [`super::schema`].
//!
//! `cargo xtask model` writes the tables from the model in botocore. The order of members is the
//! model's.

mod requests;
mod scalars;
mod structures;

pub(super) use requests::REQUESTS;
