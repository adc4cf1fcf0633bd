//! What a child does to itself, for good, before a guest runs or a stranger's file is looked at.
//!
//! The order matters. Privileges and the tie to the parent come first, since everything later may fail. The limits of
//! the system come after a job's code is mapped, or they would have to allow for loading it. Landlock binds the calling
//! thread and those it starts, so it comes before any other thread; the filter binds all, and comes last.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus,
    PathBeneath, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, Scope,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};
use rustix::thread::{CapabilitySet, CapabilitySets};
use serde::{Deserialize, Serialize};

use super::protocol::Lock;
use super::syscalls::{self, Memory};

/// What a process needs besides the guest's memory: engine, runtime, stacks, buffers (measured: under 20 MiB).
pub(super) const OVERHEAD: u64 = 96 << 20;
/// Descriptors besides those of the guest: pipe, code, runtime.
const DESCRIPTORS: u64 = 76;
/// A guest's processor time is counted by the child itself; the kernel's own limit, this much later, is for a child
/// that was taken over.
pub(crate) const CPU_GRACE: Duration = Duration::from_secs(5);

/// A step that must not fail did.
#[derive(Debug, thiserror::Error)]
#[error("{step} failed: {source}")]
pub(crate) struct LockError {
    step: &'static str,
    #[source]
    source: std::io::Error,
}

fn step(step: &'static str) -> impl FnOnce(rustix::io::Errno) -> LockError {
    move |source| LockError {
        step,
        source: source.into(),
    }
}

/// Step 1. `parent` is who spawned this process: if it is gone already, nothing will ever end this one.
pub(crate) fn give_up_privileges(parent: u32) -> Result<(), LockError> {
    rustix::thread::set_no_new_privs(true).map_err(step("giving up new privileges"))?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(step("tying the child to its parent"))?;
    let now = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
    if now != Some(parent) {
        return Err(LockError {
            step: "finding the parent",
            source: std::io::Error::other("it is gone"),
        });
    }
    limit(Resource::Core, 0)?;
    // Where memory is short, the guest goes and not the worker. Some containers do not let it be said.
    let _unsaid = std::fs::write("/proc/self/oom_score_adj", "1000");
    let none = CapabilitySet::empty();
    rustix::thread::set_capabilities(
        None,
        CapabilitySets {
            effective: none,
            permitted: none,
            inheritable: none,
        },
    )
    .map_err(step("giving up capabilities"))?;
    // Last: the files in /proc/self are root's from here on.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(step("switching off core dumps"))
}

/// The limits that the kernel holds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct SystemLimits {
    /// Memory of the guest, bytes.
    pub(crate) memory: u64,
    /// Processor time, rounded up to seconds.
    pub(crate) cpu: Duration,
    /// The largest file, bytes.
    pub(crate) file: u64,
    /// Files that the guest may have open.
    pub(crate) files: u64,
}

/// RLIMIT_DATA and not RLIMIT_AS: wasmtime reserves 4 GiB of addresses for each memory, and only what is made
/// writable counts. Never RLIMIT_NPROC: it counts the user's threads elsewhere.
pub(crate) fn limit_resources(limits: SystemLimits) -> Result<(), LockError> {
    limit(Resource::Data, limits.memory.saturating_add(OVERHEAD))?;
    let seconds = limits.cpu.as_secs();
    let begun = u64::from(limits.cpu.subsec_nanos() > 0);
    // One second apart: where both are the same the kernel kills with SIGKILL, and nobody can tell why.
    let cpu = seconds.saturating_add(begun);
    limit_between(Resource::Cpu, cpu, cpu.saturating_add(1))?;
    limit(Resource::Fsize, limits.file)?;
    limit(Resource::Nofile, limits.files.saturating_add(DESCRIPTORS))
}

fn limit(resource: Resource, most: u64) -> Result<(), LockError> {
    limit_between(resource, most, most)
}

/// More than the system allows anyway is no error; less is set for good, by both values.
fn limit_between(resource: Resource, soft: u64, hard: u64) -> Result<(), LockError> {
    let now = rustix::process::getrlimit(resource);
    let at_most = |value: u64| now.maximum.map_or(value, |maximum| value.min(maximum));
    let limit = Rlimit {
        current: Some(at_most(soft)),
        maximum: Some(at_most(hard)),
    };
    rustix::process::setrlimit(resource, limit).map_err(step("setting a resource limit"))
}

/// A directory that the child may use.
pub(crate) struct Allowed<'a> {
    pub(crate) directory: BorrowedFd<'a>,
    pub(crate) write: bool,
}

/// Landlock for this thread and those it starts.
pub(crate) fn restrict_files(allowed: &[Allowed<'_>], lock: &mut Lock) {
    match landlock(allowed) {
        Ok(version) => lock.landlock = version,
        Err(error) => lock.missing.push(format!("Landlock: {error}")),
    }
}

fn landlock(allowed: &[Allowed<'_>]) -> Result<u32, RulesetError> {
    let abi = ABI::V9;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?;
    for entry in allowed {
        let access: BitFlags<AccessFs> = if entry.write {
            read | AccessFs::WriteFile
                | AccessFs::Truncate
                | AccessFs::MakeReg
                | AccessFs::MakeDir
                | AccessFs::MakeSym
                | AccessFs::RemoveFile
                | AccessFs::RemoveDir
                // Else nothing can be renamed from one folder to another.
                | AccessFs::Refer
        } else {
            read
        };
        ruleset = ruleset.add_rule(PathBeneath::new(entry.directory, access))?;
    }
    let status = ruleset.restrict_self()?;
    Ok(match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => effective_abi as u32,
        _ => 0,
    })
}

/// The system call filter, for every thread. Nothing can be added after it.
pub(crate) fn filter_calls(memory: Memory, lock: &mut Lock) {
    // Finds the kernel's clock on its first use, by a call that has no place on the list.
    let _now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let _page = rustix::param::page_size();
    let installed = syscalls::filter(std::process::id(), memory)
        .and_then(|program| seccompiler::apply_filter_all_threads(&program));
    match installed {
        Ok(()) => lock.seccomp = true,
        Err(error) => lock.missing.push(format!("seccomp: {error}")),
    }
}
