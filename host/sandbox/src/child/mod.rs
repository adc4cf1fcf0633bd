//! The isolated child: one process of the same binary for each job, locked down, gone after it.
//!
//! A guest that breaks out of wasmtime finds itself in a process that holds no credential, no journal and no
//! socket but the pipe to its parent, and that the kernel refuses everything else. The parent believes nothing that
//! comes out of the pipe.
//!
//! ```text
//! parent                                child
//! launcher: socket pair, spawn   ->     step 1  no new privileges, dies with its parent, no core
//! process: code and directories  ->     step 2  map the code, link, read the job
//!                                       step 3  limits of the system, Landlock, clock thread, seccomp
//!                             <- Locked step 4  run
//! log, progress, secrets      <- Log    ...
//! stop request                   ->     Stop
//!                             <- Ended  step 5  exit
//! reaps, then answers
//! ```
//!
//! `protocol` is what crosses; `launcher` spawns; `process` is the runner, `watched` one of its jobs; `compile` uses children of the same kind to
//! look at strangers' files and to compile, and `workshop` is what these do; `inside` is a child's own main, `lock` what
//! it does to itself; `floor` decides whether a kernel is good enough; `measure` is what a child uses, seen from outside.

mod cgroup;
pub(crate) mod code;
pub(crate) mod compile;
mod exit;
pub(crate) mod floor;
pub(crate) mod gate;
mod incoming;
pub(crate) mod inside;
pub(crate) mod launcher;
pub(crate) mod lock;
mod measure;
pub(crate) mod parts;
pub(crate) mod process;
pub(crate) mod protocol;
mod syscalls;
mod watched;
mod workshop;
