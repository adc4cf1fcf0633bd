//! The file system as a guest sees it: WASI's, with limits that hold at the byte.
//!
//! WASI has no quota, and its streams start a thread for each read, write and wait. So `wasi:filesystem/types`
//! is linked to a view of ours. It passes on to `wasmtime-wasi` what only looks, and keeps its rules: a path is
//! resolved by the kernel and stays below the directory it starts from, or step by step by `wasmtime-wasi` where
//! the kernel cannot. What is then made, moved or removed is one plain name in the directory that was opened, so
//! that no second reading of a path can differ from the first.
//!
//! What a job has on disk is charged before it is written (`books`): each inode by its size, less what it
//! had before the job touched it; each new file, directory and symbolic link by one. A charge is given
//! back when the inode is gone, which is when its last name and its last handle are.
//!
//! ```text
//!            made             last name removed          last handle closed
//!   (none) -------> charged --------------------> orphan -------------------> (none), given back
//!   (none) -------> known: what it grows by is charged, itself never
//!         touched
//! ```
//!
//! All calls are made on the guest's own thread and end before they return: nothing is under way between two
//! calls of a guest, nor after its store is gone. A job's calls come one after the other, so that a check
//! holds until the call it was made for is done; what others change in a directory granted to both of us is
//! seen when it is next looked at, and charged to nobody here.

mod at;
mod books;
mod change;
mod depth;
mod limits;
mod listing;
mod node;
mod open;
mod path;
mod quota;
mod streams;
mod view;

#[cfg(test)]
mod tests;

pub(crate) use limits::DiskLimits;
pub(crate) use quota::Quota;
pub(crate) use view::{Disk, DiskView, add_to_linker};
