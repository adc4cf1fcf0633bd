//! A plugin's folder with cases, and what `plugin test` says of it.

use std::path::{Path, PathBuf};

use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Process, binary, finished};
use tempfile::TempDir;
use tokio::process::Command;

/// A folder `probe` with the manifest of a test plugin, which was built already.
pub(crate) struct Folder {
    root: TempDir,
    wasm: PathBuf,
}

impl Folder {
    pub(crate) fn probe() -> Self {
        Self::of(&Plugin::probe("Probe"))
    }

    pub(crate) fn of(plugin: &Plugin) -> Self {
        let root = tempfile::tempdir().unwrap();
        // Where guests are built another manifest lies beside them, which would count.
        let built = root.path().join("built");
        std::fs::create_dir(&built).unwrap();
        plugin.install(&built);
        let folder = Self {
            root,
            wasm: built.join(format!("{}.wasm", plugin.name)),
        };
        folder.write("action.toml", &plugin.manifest());
        folder
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join("probe").join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        let path = self.path(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A case that does something, with a result that is expected, if that is not empty.
    pub(crate) fn case(&self, name: &str, job: &str, result: &str) {
        self.write(&format!("cases/{name}/job.json"), job);
        if !result.is_empty() {
            self.write(&format!("cases/{name}/expected/result.json"), result);
        }
    }

    pub(crate) fn command(&self, more: &[&str]) -> Command {
        let mut command = pipefitter(self.root.path());
        command
            .args(["plugin", "test", "probe", "--wasm"])
            .arg(&self.wasm)
            .args(more);
        command
    }

    /// On a terminal, whose output comes back as it was written.
    pub(crate) fn on_a_terminal(&self, environment: &[(&str, &str)]) -> Process {
        let mut command = Command::new(binary::venv("python"));
        command
            .arg(binary::root().join("tests/python/terminal.py"))
            .arg(binary::pipefitter())
            .args(["plugin", "test", "probe", "--wasm"])
            .arg(&self.wasm)
            .current_dir(self.root.path())
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .env_remove("PIPEFITTER_LOG")
            .envs(environment.iter().copied());
        Process::start("plugin test on a terminal", command)
    }

    /// Exit code, standard output without times, standard error.
    pub(crate) async fn test(&self, more: &[&str]) -> (i32, String, String) {
        let (code, said, errors) = finished(self.command(more)).await;
        let said = without_times(&said).replace(&self.root.path().display().to_string(), "FOLDER");
        (code, said, errors)
    }
}

pub(crate) fn pipefitter(folder: &Path) -> Command {
    let mut command = Command::new(binary::pipefitter());
    command
        .current_dir(folder)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env_remove("PIPEFITTER_CONFIG")
        .env_remove("PIPEFITTER_LOG");
    command
}

/// `ok      name (12.3ms)` becomes `ok      name (TIME)`.
fn without_times(text: &str) -> String {
    let lines = text.lines().map(|line| match line.rsplit_once(" (") {
        Some((before, time))
            if time.ends_with("s)") && time.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            format!("{before} (TIME)\n")
        }
        _ => format!("{line}\n"),
    });
    lines.collect()
}
