//! Why a child ended that had not told its result.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;

use crate::limits::{Limit, Limits};
use crate::runner::Fault;
use crate::text;

use super::lock::CPU_GRACE;

/// What the end of a process means. `said` is what it wrote to standard error, `cpu` the processor time that the kernel
/// counted.
pub(crate) fn fault(status: ExitStatus, said: &str, cpu: Duration, limits: &Limits) -> Fault {
    let words = last_words(said);
    let signal = status.signal().and_then(Signal::from_named_raw);
    match signal {
        Some(Signal::SYS) => Fault::Crashed(
            "it tried a system call that plugins are forbidden, and was ended for it".to_owned(),
        ),
        Some(Signal::XCPU) => limit(limits, Limit::CpuTime),
        // The kernel's second signal, for who ignores its first.
        Some(Signal::KILL) if cpu >= limits.cpu().saturating_add(CPU_GRACE) => {
            limit(limits, Limit::CpuTime)
        }
        Some(Signal::XFSZ) => limit(limits, Limit::FileSize),
        Some(Signal::ABORT) if said.contains("memory allocation of") => {
            limit(limits, Limit::Memory)
        }
        // Its own memory limit makes an allocation fail, or is told by its control group: whatever this was, another
        // time the same job may come through.
        Some(Signal::KILL) => Fault::Host(
            "the plugin's process was killed from outside, most likely for lack of memory on this machine"
                .to_owned(),
        ),
        Some(
            Signal::SEGV | Signal::BUS | Signal::ILL | Signal::FPE | Signal::ABORT | Signal::TRAP,
        ) => Fault::Crashed(format!("its process crashed ({status}){words}")),
        _ => Fault::Crashed(format!(
            "its process ended without a result ({status}){words}"
        )),
    }
}

fn limit(limits: &Limits, limit: Limit) -> Fault {
    Fault::Limit {
        limit,
        value: limits.show(limit),
    }
}

fn last_words(said: &str) -> String {
    let cleaned = text::clean(&said.replace(['\n', '\r'], " "));
    match cleaned.trim() {
        "" => String::new(),
        // Not cut here: who hides secrets in it could not know the first half of one.
        words => format!("; it said: {words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_its_words() {
        let limits = Limits::default().with(Limit::CpuTime, 90_000);
        let after = |raw: i32, said: &str, seconds| {
            let cpu = Duration::from_secs(seconds);
            fault(ExitStatus::from_raw(raw), said, cpu, &limits)
        };
        let of = |raw, said: &str| after(raw, said, 0);
        let text = |fault: Fault| match fault {
            Fault::Crashed(what) => what,
            other => format!("{other:?}"),
        };
        assert!(text(of(libc::SIGSYS, "")).contains("forbidden"));
        for killed in [of(libc::SIGKILL, ""), after(libc::SIGKILL, "", 94)] {
            assert!(matches!(killed, Fault::Host(why) if why.contains("lack of memory")));
        }
        assert_eq!(after(libc::SIGKILL, "", 95), of(libc::SIGXCPU, ""));
        assert!(text(of(libc::SIGSEGV, "")).contains("crashed"));
        assert!(text(of(libc::SIGABRT, "a\nb\u{1b}[1m")).ends_with("it said: a b"));
        assert!(text(of(3 << 8, "")).contains("without a result (exit status: 3)"));
        assert!(matches!(
            of(libc::SIGXCPU, ""),
            Fault::Limit { limit: Limit::CpuTime, value } if value == "90 s"
        ));
        assert!(matches!(
            of(libc::SIGXFSZ, ""),
            Fault::Limit { limit: Limit::FileSize, value } if value == "5 GiB"
        ));
        assert!(matches!(
            of(libc::SIGABRT, "memory allocation of 8 bytes failed"),
            Fault::Limit {
                limit: Limit::Memory,
                ..
            }
        ));
    }
}
