//! What the kernel must offer before a worker runs plugins that it did not write.

use serde::{Deserialize, Serialize};

use super::protocol::Lock;

/// The first version of Landlock that lets a file be renamed from one folder to another (Linux 5.19).
const LANDLOCK: u32 = 2;

/// The least isolation that a worker starts with: `isolation-floor`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IsolationFloor {
    /// Landlock and the system call filter, both.
    #[default]
    Full,
    /// The system call filter at least: after an escape, files that the worker's user may read can be read.
    Seccomp,
    /// A process of its own, and whatever the kernel has.
    None,
}

impl IsolationFloor {
    /// As it is written in a configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            IsolationFloor::Full => "full",
            IsolationFloor::Seccomp => "seccomp",
            IsolationFloor::None => "none",
        }
    }

    /// What of the floor is not there, in words.
    pub(crate) fn lacks(self, lock: &Lock) -> Vec<String> {
        let mut lacks = Vec::new();
        if self == IsolationFloor::Full && lock.landlock < LANDLOCK {
            lacks.push(match lock.landlock {
                0 => "Landlock (Linux 5.19 or later, built with it and switched on with `lsm=landlock,...`; \
                      gVisor and some container hosts have none)"
                    .to_owned(),
                _ => "Landlock of Linux 5.19 or later: this kernel's is the first version".to_owned(),
            });
        }
        if self != IsolationFloor::None && !lock.seccomp {
            lacks.push(
                "the system call filter (seccomp with CONFIG_SECCOMP_FILTER, not forbidden by a container's profile)"
                    .to_owned(),
            );
        }
        if !lacks.is_empty() {
            lacks.extend(
                lock.missing
                    .iter()
                    .map(|what| format!("the kernel said: {what}")),
            );
        }
        lacks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_names_what_is_not_there() {
        let lock = |landlock, seccomp| Lock {
            landlock,
            seccomp,
            missing: Vec::new(),
        };
        use IsolationFloor::{Full, None, Seccomp};
        for (floor, lock, lacks) in [
            (Full, lock(7, true), 0),
            (Full, lock(1, true), 1),
            (Full, lock(0, true), 1),
            (Full, lock(0, false), 2),
            (Seccomp, lock(0, true), 0),
            (Seccomp, lock(7, false), 1),
            (None, lock(0, false), 0),
        ] {
            assert_eq!(floor.lacks(&lock).len(), lacks, "{floor:?} {lock:?}");
        }
    }
}
