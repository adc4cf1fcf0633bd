//! A control group for each child, where one may be made: version 2, in a subtree that was delegated to the worker.
//!
//! It holds what a resource limit of the process cannot: memory that the kernel keeps for it, the number of its
//! threads, and how much of the machine's processors it has at a time. A control group with processes of its own can
//! give no controllers to groups below it, so the worker has to sit in one beside them: `DelegateSubgroup=worker` of
//! systemd does that. Of the three controllers those are used that were delegated. Where there are none, there are no
//! groups, and the other limits hold.
//!
//! ```text
//! unit.service/            delegated; memory, pids and cpu are switched on here
//!   worker/                this process
//!   pipefitter-1234-1/     a child
//! ```

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Where version 2 is mounted, on its own or beside version 1.
const ROOTS: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
/// Controllers that a child's group uses.
const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpu"];
/// Threads of a child: the guest's, the clock, and a compiler's for each processor.
const THREADS: u64 = 256;
/// What the kernel keeps for a process besides its own memory.
const KERNEL_MEMORY: u64 = 32 << 20;
/// Between two tries to remove a group, doubled from one to the next up to this.
const LONGEST: Duration = Duration::from_secs(1);
/// The kernel's default period of `cpu.max`, microseconds (Control Group v2, CPU Interface Files).
const PERIOD: u64 = 100_000;

/// The place where groups are made.
#[derive(Debug)]
pub(crate) struct Cgroups {
    parent: PathBuf,
    /// Those of [`CONTROLLERS`] that were delegated.
    controllers: Vec<&'static str>,
}

/// Of groups that this process has made: of all its launchers, since they make theirs in one place.
static MADE: AtomicU64 = AtomicU64::new(0);

/// What a child's group bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Memory of the process, bytes.
    pub(crate) memory: u64,
    /// Processors at a time; as many as there are, if `None`.
    pub(crate) processors: Option<u64>,
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
        let delegated: Vec<_> = controllers.split_whitespace().collect();
        let used = CONTROLLERS.into_iter().filter(|c| delegated.contains(c));
        let controllers: Vec<_> = used.collect();
        if path.is_empty() || controllers.is_empty() {
            return None;
        }
        let switched: Vec<_> = controllers.iter().map(|name| format!("+{name}")).collect();
        // Fails where it was not delegated, or where processes sit in it.
        std::fs::write(parent.join("cgroup.subtree_control"), switched.join(" ")).ok()?;
        Some(Arc::new(Cgroups {
            parent: parent.to_owned(),
            controllers,
        }))
    }

    /// What groups bound here, for a log.
    pub(crate) fn controllers(&self) -> &[&'static str] {
        &self.controllers
    }

    /// A group for the process `pid`.
    pub(crate) fn hold(&self, pid: u32, bounds: Bounds) -> io::Result<Cgroup> {
        // Removed again if anything below fails.
        let group = self.make(&MADE)?;
        let write = |file: &str, value: String| std::fs::write(group.0.join(file), value);
        let has = |name| self.controllers.contains(&name);
        if has("memory") {
            let memory = bounds.memory.saturating_add(KERNEL_MEMORY);
            write("memory.max", memory.to_string())?;
            // Not everywhere: swap would make the limit soft.
            let _no_swap = write("memory.swap.max", "0".to_owned());
        }
        if has("pids") {
            write("pids.max", THREADS.to_string())?;
        }
        if let Some(processors) = bounds.processors.filter(|_| has("cpu")) {
            let quota = processors.saturating_mul(PERIOD);
            write("cpu.max", format!("{quota} {PERIOD}"))?;
        }
        write("cgroup.procs", pid.to_string())?;
        Ok(group)
    }

    fn make(&self, made: &AtomicU64) -> io::Result<Cgroup> {
        loop {
            let number = made.fetch_add(1, Ordering::Relaxed);
            let name = format!("pipefitter-{}-{number}", std::process::id());
            let path = self.parent.join(name);
            match std::fs::create_dir(&path) {
                // Left by a process of this number that was killed before it could remove it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map(|()| Cgroup(path)),
            }
        }
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
        if let Err(error) = removed(|| std::fs::remove_dir(&self.0)) {
            tracing::warn!(group = %self.0.display(), %error, "a control group was left behind");
        }
    }
}

/// A process that was reaped may be in its group for a moment yet: until the kernel has switched away from its threads for
/// the last time, which newer ones wait for themselves. Blocking, two seconds at the most.
fn removed(mut remove: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    let mut pause = Duration::from_millis(1);
    loop {
        match remove() {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy && pause < LONGEST => {
                std::thread::sleep(pause);
                pause *= 2;
            }
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUEST: Bounds = Bounds {
        memory: 100 << 20,
        processors: Some(1),
    };
    const COMPILER: Bounds = Bounds {
        memory: 100 << 20,
        processors: None,
    };

    #[test]
    fn a_group_that_is_busy_for_a_moment_is_removed_all_the_same() {
        let mut tries = 0;
        let mut busy_for = |times| {
            tries = 0;
            removed(|| {
                tries += 1;
                match tries <= times {
                    true => Err(io::ErrorKind::ResourceBusy.into()),
                    false => Ok(()),
                }
            })
        };
        assert!(busy_for(5).is_ok());
        let error = busy_for(u32::MAX).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        let denied = removed(|| Err(io::ErrorKind::PermissionDenied.into()));
        assert_eq!(denied.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }

    fn tree(controllers: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let unit = dir.path().join("unit.service");
        std::fs::create_dir_all(unit.join("worker")).unwrap();
        std::fs::write(unit.join("cgroup.controllers"), controllers).unwrap();
        dir
    }

    fn read(file: &Path) -> Option<String> {
        std::fs::read_to_string(file).ok()
    }

    #[test]
    fn groups_are_made_beside_the_workers_own() {
        let dir = tree("cpuset cpu memory pids");
        let own = "4:memory:/x\n0::/unit.service/worker\n";
        let groups = Cgroups::below(dir.path(), own).unwrap();
        let unit = dir.path().join("unit.service");
        let switched = read(&unit.join("cgroup.subtree_control"));
        assert_eq!(switched.as_deref(), Some("+memory +pids +cpu"));
        let group = groups.hold(4711, GUEST).unwrap();
        assert!(group.0.starts_with(&unit));
        for (file, value) in [
            ("cgroup.procs", "4711".to_owned()),
            ("memory.max", (132_u64 << 20).to_string()),
            ("pids.max", "256".to_owned()),
            ("cpu.max", "100000 100000".to_owned()),
        ] {
            assert_eq!(read(&group.0.join(file)), Some(value), "{file}");
        }
        assert!(!group.out_of_memory());
        std::fs::write(group.0.join("memory.events"), "low 0\noom 2\noom_kill 1\n").unwrap();
        assert!(group.out_of_memory());
        assert_eq!(group.memory_peak(), None);
        std::fs::write(group.0.join("memory.peak"), "4096\n").unwrap();
        assert_eq!(group.memory_peak(), Some(4096));
        let other = groups.hold(4712, COMPILER).unwrap();
        assert_ne!(other.0, group.0);
        assert_eq!(read(&other.0.join("cpu.max")), None);
    }

    #[test]
    fn a_group_that_a_killed_process_left_is_in_nobodys_way() {
        let dir = tree("memory");
        let own = "0::/unit.service/worker\n";
        let unit = dir.path().join("unit.service");
        let name = |number| format!("pipefitter-{}-{number}", std::process::id());
        for number in [0, 1, 3] {
            std::fs::create_dir(unit.join(name(number))).unwrap();
        }
        // As of two launchers.
        let made = AtomicU64::new(0);
        for free in [2, 4] {
            let groups = Cgroups::below(dir.path(), own).unwrap();
            let group = groups.make(&made).unwrap();
            assert_eq!(group.0, unit.join(name(free)));
        }
        let gone = Cgroups {
            parent: unit.join("gone"),
            controllers: Vec::new(),
        };
        let refused = gone.make(&made).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn what_was_delegated_is_used_and_nothing_else() {
        let own = "0::/unit.service/worker\n";
        for (delegated, switched, files) in [
            ("memory pids", "+memory +pids", ["memory.max", "pids.max"]),
            ("io pids cpu", "+pids +cpu", ["pids.max", "cpu.max"]),
        ] {
            let dir = tree(delegated);
            let groups = Cgroups::below(dir.path(), own).unwrap();
            let control = dir.path().join("unit.service/cgroup.subtree_control");
            assert_eq!(read(&control).as_deref(), Some(switched));
            let group = groups.hold(4711, GUEST).unwrap();
            let written = ["memory.max", "pids.max", "cpu.max"]
                .into_iter()
                .filter(|file| group.0.join(file).exists());
            assert_eq!(written.collect::<Vec<_>>(), files, "{delegated}");
        }
    }

    #[test]
    fn without_a_delegated_subtree_there_are_none() {
        let own = "0::/unit.service/worker\n";
        let dir = tree("cpuset io");
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
}
