//! A control group for each child, where one may be made: version 2, in a subtree that was delegated to the worker.
//!
//! It holds what a resource limit of the process cannot: memory that the kernel keeps for it, and the number of its
//! threads. A control group with processes of its own can give no controllers to groups below it, so the worker has to
//! sit in one beside them: `DelegateSubgroup=worker` of systemd does that. Where it is not so, there are no groups, and
//! the other limits hold.
//!
//! ```text
//! unit.service/            delegated; memory and pids are switched on here
//!   worker/                this process
//!   pipefitter-1234-1/     a child
//! ```

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where version 2 is mounted, on its own or beside version 1.
const ROOTS: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
/// Threads of a child: the guest's, the clock, and a compiler's for each processor.
const THREADS: u64 = 256;
/// What the kernel keeps for a process besides its own memory.
const KERNEL_MEMORY: u64 = 32 << 20;

/// The place where groups are made.
#[derive(Debug)]
pub(crate) struct Cgroups {
    parent: PathBuf,
    made: AtomicU64,
}

impl Cgroups {
    /// The worker's place, if groups can be made beside it.
    pub(crate) fn find() -> Option<Arc<Cgroups>> {
        let own = std::fs::read_to_string("/proc/self/cgroup").ok()?;
        ROOTS
            .iter()
            .find_map(|root| Cgroups::below(Path::new(root), &own))
    }

    /// `own` is what the kernel tells of this process: a line `0::/path` for version 2.
    fn below(root: &Path, own: &str) -> Option<Arc<Cgroups>> {
        let path = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
        let group = root.join(path);
        let parent = group.parent().filter(|parent| parent.starts_with(root))?;
        let controllers = std::fs::read_to_string(parent.join("cgroup.controllers")).ok()?;
        let has = |name| {
            controllers
                .split_whitespace()
                .any(|controller| controller == name)
        };
        if path.is_empty() || !has("memory") || !has("pids") {
            return None;
        }
        // Fails where it was not delegated, or where processes sit in it.
        std::fs::write(parent.join("cgroup.subtree_control"), "+memory +pids").ok()?;
        Some(Arc::new(Cgroups {
            parent: parent.to_owned(),
            made: AtomicU64::new(0),
        }))
    }

    /// A group for the process `pid`, with so many bytes of memory for the guest.
    pub(crate) fn hold(&self, pid: u32, memory: u64) -> io::Result<Cgroup> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let name = format!("pipefitter-{}-{number}", std::process::id());
        let path = self.parent.join(name);
        std::fs::create_dir(&path)?;
        // Removed again if anything below fails.
        let group = Cgroup(path);
        let write = |file: &str, value: String| std::fs::write(group.0.join(file), value);
        write(
            "memory.max",
            memory.saturating_add(KERNEL_MEMORY).to_string(),
        )?;
        // Not everywhere: swap would make the limit soft.
        let _no_swap = write("memory.swap.max", "0".to_owned());
        write("pids.max", THREADS.to_string())?;
        write("cgroup.procs", pid.to_string())?;
        Ok(group)
    }
}

/// One child's group. Goes with the child: dropped after it was reaped.
#[derive(Debug)]
pub(crate) struct Cgroup(PathBuf);

impl Cgroup {
    /// Whether the kernel has killed something in it for lack of memory.
    pub(crate) fn out_of_memory(&self) -> bool {
        let events = std::fs::read_to_string(self.0.join("memory.events")).unwrap_or_default();
        let killed = events
            .lines()
            .find_map(|line| line.strip_prefix("oom_kill "));
        killed.is_some_and(|count| count.trim() != "0")
    }

    /// The most memory that it has had, bytes; Linux 5.19 tells.
    pub(crate) fn memory_peak(&self) -> Option<u64> {
        let peak = std::fs::read_to_string(self.0.join("memory.peak")).ok()?;
        peak.trim().parse().ok()
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir(&self.0) {
            tracing::debug!(group = %self.0.display(), %error, "a control group was left behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(controllers: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let unit = dir.path().join("unit.service");
        std::fs::create_dir_all(unit.join("worker")).unwrap();
        std::fs::write(unit.join("cgroup.controllers"), controllers).unwrap();
        dir
    }

    #[test]
    fn groups_are_made_beside_the_workers_own() {
        let dir = tree("cpu memory pids");
        let own = "4:memory:/x\n0::/unit.service/worker\n";
        let groups = Cgroups::below(dir.path(), own).unwrap();
        let unit = dir.path().join("unit.service");
        let read = |file: &Path| std::fs::read_to_string(file).unwrap();
        assert_eq!(read(&unit.join("cgroup.subtree_control")), "+memory +pids");
        let group = groups.hold(4711, 100 << 20).unwrap();
        assert!(group.0.starts_with(&unit));
        assert_eq!(read(&group.0.join("cgroup.procs")), "4711");
        assert_eq!(
            read(&group.0.join("memory.max")),
            (132_u64 << 20).to_string()
        );
        assert_eq!(read(&group.0.join("pids.max")), "256");
        assert!(!group.out_of_memory());
        std::fs::write(group.0.join("memory.events"), "low 0\noom 2\noom_kill 1\n").unwrap();
        assert!(group.out_of_memory());
        assert_eq!(group.memory_peak(), None);
        std::fs::write(group.0.join("memory.peak"), "4096\n").unwrap();
        assert_eq!(group.memory_peak(), Some(4096));
        let other = groups.hold(4712, 1).unwrap();
        assert_ne!(other.0, group.0);
    }

    #[test]
    fn without_a_delegated_subtree_there_are_none() {
        let own = "0::/unit.service/worker\n";
        let dir = tree("cpu");
        assert!(Cgroups::below(dir.path(), own).is_none());
        let dir = tree("memory pids");
        for own in [
            "",
            "1:memory:/unit.service\n",
            "0::/\n",
            "0::/elsewhere/worker\n",
        ] {
            assert!(Cgroups::below(dir.path(), own).is_none(), "{own:?}");
        }
    }

    /// With the kernel's own: where this test may make none, it says so and shows nothing.
    #[test]
    fn the_kernel_holds_a_group() {
        let Some(groups) = Cgroups::find() else {
            eprintln!("SKIPPED: no control group of version 2 was delegated to this process");
            return;
        };
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let group = groups.hold(child.id(), 64 << 20).unwrap();
        let procs = std::fs::read_to_string(group.0.join("cgroup.procs")).unwrap();
        assert_eq!(procs.trim(), child.id().to_string());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
