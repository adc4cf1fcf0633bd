//! The system calls of a locked child. Whatever is not here ends the process.
//!
//! No path to another program, process, network, namespace or to new executable memory is on the list. Calls whose
//! arguments decide are checked on these: memory may be mapped, but neither executably nor in a way that no limit counts;
//! a file's owner for signals cannot be set; signals go to the process itself.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

/// Allowed whatever their arguments.
const ALWAYS: &[c_long] = &[
    // memory, apart from what `filter` checks
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    // files: Landlock says which
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_close,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_preadv2,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_pwritev2,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_ftruncate,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_sync_file_range,
    libc::SYS_fadvise64,
    libc::SYS_getdents64,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_symlinkat,
    libc::SYS_readlinkat,
    libc::SYS_utimensat,
    // the pipe to the parent; no socket can be made
    libc::SYS_recvfrom,
    libc::SYS_sendto,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_shutdown,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    // time, threads that are there already, random bytes
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

#[cfg(target_arch = "x86_64")]
const OLDER: &[c_long] = &[libc::SYS_epoll_wait, libc::SYS_poll];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[c_long] = &[libc::SYS_ppoll];

/// What a process may make of its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// Nothing that can be executed.
    Data,
    /// Code, too: for a process whose whole work is to load some, none of which it runs.
    Code,
}

/// A child that compiles has threads from before the lock and no files; it needs nothing more.
pub(crate) fn filter(pid: u32, memory: Memory) -> Result<BpfProgram, seccompiler::Error> {
    let mut rules: BTreeMap<c_long, Vec<SeccompRule>> = ALWAYS
        .iter()
        .chain(OLDER)
        .map(|call| (*call, Vec::new()))
        .collect();
    // Not executable: the bit, whatever the others are.
    let exec = u64::from(libc::PROT_EXEC.unsigned_abs());
    let data = condition(2, SeccompCmpOp::MaskedEq(exec), 0)?;
    // RLIMIT_DATA counts neither what is shared (both kinds have this bit) nor what grows as a stack does.
    let uncounted = u64::from((libc::MAP_SHARED | libc::MAP_GROWSDOWN).unsigned_abs());
    let counted = condition(3, SeccompCmpOp::MaskedEq(uncounted), 0)?;
    let (map, protect) = match memory {
        Memory::Data => (
            vec![counted, data.clone()],
            vec![SeccompRule::new(vec![data])?],
        ),
        Memory::Code => (vec![counted], Vec::new()),
    };
    rules.insert(libc::SYS_mmap, vec![SeccompRule::new(map)?]);
    rules.insert(libc::SYS_mprotect, protect);
    if memory == Memory::Code {
        // So that other threads see new code, on processors that need to be told.
        rules.insert(libc::SYS_membarrier, Vec::new());
    }
    // Not F_SETOWN and F_SETSIG, which make the kernel signal another process.
    let commands = [
        libc::F_GETFD,
        libc::F_SETFD,
        libc::F_GETFL,
        libc::F_SETFL,
        libc::F_DUPFD_CLOEXEC,
    ];
    let commands = commands
        .iter()
        .map(|command| rule(1, SeccompCmpOp::Eq, u64::from(command.unsigned_abs())));
    rules.insert(
        libc::SYS_fcntl,
        commands.collect::<Result<_, seccompiler::BackendError>>()?,
    );
    // abort() signals the own process; nothing else may be signalled.
    rules.insert(
        libc::SYS_tgkill,
        vec![rule(0, SeccompCmpOp::Eq, u64::from(pid))?],
    );
    // getrlimit() as glibc makes it of the own process, for the size of a stack; no new limit.
    rules.insert(
        libc::SYS_prlimit64,
        vec![SeccompRule::new(vec![
            condition(0, SeccompCmpOp::Eq, 0)?,
            SeccompCondition::new(2, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)?,
        ])?],
    );
    let arch = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(
        rules,
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        arch,
    )?
    .try_into()
    .map_err(seccompiler::Error::Backend)
}

fn rule(
    argument: u8,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![condition(argument, operator, value)?])
}

fn condition(
    argument: u8,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_can_be_made_here() {
        for memory in [Memory::Data, Memory::Code] {
            assert!(!filter(1, memory).unwrap().is_empty());
        }
    }

    #[test]
    fn no_way_out_is_on_the_list() {
        for call in [
            libc::SYS_socket,
            libc::SYS_socketpair,
            libc::SYS_connect,
            libc::SYS_bind,
            libc::SYS_clone,
            libc::SYS_clone3,
            libc::SYS_execve,
            libc::SYS_execveat,
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_kill,
            libc::SYS_tkill,
            libc::SYS_pidfd_open,
            libc::SYS_pidfd_getfd,
            libc::SYS_pidfd_send_signal,
            libc::SYS_io_uring_setup,
            libc::SYS_memfd_create,
            libc::SYS_bpf,
            libc::SYS_userfaultfd,
            libc::SYS_perf_event_open,
            libc::SYS_mount,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_keyctl,
            libc::SYS_linkat,
            libc::SYS_mknodat,
            libc::SYS_fchmodat,
            libc::SYS_ioctl,
            libc::SYS_prctl,
            libc::SYS_setrlimit,
            libc::SYS_shmat,
            libc::SYS_fcntl,
        ] {
            assert!(!ALWAYS.contains(&call) && !OLDER.contains(&call), "{call}");
        }
    }
}
