//! What a guest that has escaped can do besides one system call, as bits of the call's number that no kernel knows.

/// The first argument is a path: the call gets what opening it for reading and writing gives.
pub(crate) const OPENED: i64 = 1 << 32;
/// Again and again, until it is refused, or many times. The last answer counts.
pub(crate) const REPEATED: i64 = 1 << 33;
/// With [`REPEATED`]: five milliseconds of computing between one and the next.
pub(crate) const PACED: i64 = 1 << 37;
/// After a fifth of a second of computing.
pub(crate) const WORKED: i64 = 1 << 36;
/// Computes for ever after the call.
pub(crate) const COMPUTES: i64 = 1 << 34;
/// No call: the first buffer is filled with what the process holds, a line each: `environment` and the number of its
/// entries; each descriptor and whereto it leads.
pub(crate) const HELD: i64 = 1 << 35;
