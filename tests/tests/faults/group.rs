//! The control group of a job: made by the worker in what was delegated to it, and gone with the job.

use std::fs;
use std::path::{Path, PathBuf};

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Child, Rig, appears, skipped};

/// A subtree as systemd delegates it with `DelegateSubgroup=worker`. Goes away with the test.
struct Unit {
    folder: PathBuf,
    controllers: Vec<String>,
}

impl Unit {
    /// Beside the test's own group, or in the root. The reason why not, else.
    fn make() -> Result<Unit, String> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").map_err(|e| e.to_string())?;
        let mounted = |line: &str| line.contains(" - cgroup2 ");
        let line = mounts.lines().find(|line| mounted(line));
        let root = line.and_then(|line| line.split(' ').nth(4));
        let root = Path::new(root.ok_or("version 2 is not mounted")?);
        let own = fs::read_to_string("/proc/self/cgroup").map_err(|e| e.to_string())?;
        let own = own.lines().find_map(|line| line.strip_prefix("0::/"));
        let own = root.join(own.ok_or("the test is in no group of version 2")?);
        // A group with processes gives no controllers to those below it, but for the root.
        let parent = own.parent().filter(|parent| parent.starts_with(root));
        let name = format!("pipefitter-test-{}", std::process::id());
        let folder = parent.unwrap_or(root).join(name);
        fs::create_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut unit = Unit {
            folder,
            controllers: Vec::new(),
        };
        fs::create_dir(unit.worker()).map_err(|e| e.to_string())?;
        unit.controllers = unit
            .read("cgroup.controllers")
            .split_whitespace()
            .filter(|name| ["memory", "pids", "cpu"].contains(name))
            .map(str::to_owned)
            .collect();
        match unit.controllers.as_slice() {
            [] => Err(format!(
                "none of memory, pids and cpu is given to groups in {}",
                unit.folder.parent().unwrap().display()
            )),
            _ => Ok(unit),
        }
    }

    fn worker(&self) -> PathBuf {
        self.folder.join("worker")
    }

    fn read(&self, file: &str) -> String {
        let path = self.folder.join(file);
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// What starts a program in the worker's group.
    fn starter(&self) -> Vec<String> {
        let procs = self.worker().join("cgroup.procs");
        let script = "echo $$ > \"$0\" && exec \"$@\"";
        ["sh", "-c", script, &procs.display().to_string()]
            .map(str::to_owned)
            .into()
    }

    /// Groups of children.
    fn groups(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name.starts_with("pipefitter-"))
            .collect()
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        for folder in [self.worker(), self.folder.clone()] {
            if let Err(error) = fs::remove_dir(&folder) {
                eprintln!("{} was left behind: {error}", folder.display());
            }
        }
    }
}

#[tokio::test]
async fn a_job_has_a_control_group_of_its_own_while_it_runs() {
    let unit = match Unit::make() {
        Ok(unit) => unit,
        Err(why) => return skipped(&format!("a job's control group: {why}")),
    };
    let plugin = Plugin::probe("Probe")
        .granted()
        .limited("memory = \"64MiB\"\n");
    let mut rig = Rig::with(&[&plugin]).await;
    rig.setup.started_by = unit.starter();
    let worker = rig.worker().await;
    rig.pipeline("held", [Action::new("Waits", &plugin).doing("wait-file")])
        .await;
    let execution = rig.service.begin("held").await;
    appears(&rig.setup.granted, "started-", 1).await;

    let child = Child::only_one_of(worker.process.id());
    let groups = unit.groups();
    let [group] = groups.as_slice() else {
        panic!("one job runs, in {groups:?}");
    };
    let told = |file: &str| unit.read(&format!("{group}/{file}")).trim().to_owned();
    assert_eq!(told("cgroup.procs"), child.id().to_string());
    for name in &unit.controllers {
        match name.as_str() {
            "memory" => {
                // The guest's, the runtime's and what the kernel keeps.
                let bound: u64 = told("memory.max").parse().unwrap();
                assert_eq!(bound, (64 + 96 + 32) << 20);
            }
            "pids" => assert_eq!(told("pids.max"), "256"),
            _ => assert_eq!(told("cpu.max"), "100000 100000"),
        }
    }

    rig.go();
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    worker.stop_cleanly().await;
    assert_eq!(unit.groups(), Vec::<String>::new());
    println!("shown with the kernel's {:?}", unit.controllers);
}
