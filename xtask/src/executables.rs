//! Test executables, as many side by side as there are processors: most of them wait, for a service, a worker or a
//! process of their own, and `cargo test` runs one after the other.
//!
//! ```text
//! cargo test --no-run -> executables -> one is begun whenever one has ended -> its output, whole -> the next
//!                                                                          -> the failed ones, once more
//! ```
//!
//! What one said is kept under `target/test-output`, and printed when it ends, so that no two mix.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::paths;

/// Whole-system suites: they take longest, so that they are begun first.
const SYSTEM: &str = "pipefitter-tests";

/// One of cargo's, built.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Executable {
    /// What cargo's own output calls it, such as `pipefitter-tests faults (test)`.
    name: String,
    path: PathBuf,
    /// Of its package: tests are run there.
    folder: PathBuf,
}

/// How one ended.
struct Ended {
    of: Executable,
    status: ExitStatus,
    output: String,
}

/// Build every test of the workspace.
pub(crate) fn build() -> Result<Vec<Executable>> {
    let mut command = Command::new("cargo");
    command
        .args(["test", "--locked", "--workspace", "--no-run"])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(paths::root())
        .stderr(Stdio::inherit());
    let built = command.output().context("could not start cargo")?;
    if !built.status.success() {
        bail!("the tests do not build: {}", built.status);
    }
    let mut found = listed(&String::from_utf8_lossy(&built.stdout));
    if found.is_empty() {
        bail!("cargo named no test");
    }
    found.sort_by_key(|executable| (!executable.name.starts_with(SYSTEM), executable.clone()));
    Ok(found)
}

/// The test executables that cargo's messages name.
fn listed(messages: &str) -> Vec<Executable> {
    messages
        .lines()
        .filter_map(|line| {
            let message: Value = serde_json::from_str(line).ok()?;
            let tested = message["profile"]["test"].as_bool()?;
            let manifest = Path::new(message["manifest_path"].as_str()?);
            let path = message["executable"].as_str().filter(|_| tested)?;
            let target = &message["target"];
            let package = message["package_id"].as_str()?;
            Some(Executable {
                name: format!(
                    "{} {} ({})",
                    package_name(package, manifest),
                    target["name"].as_str()?,
                    target["kind"][0].as_str()?
                ),
                path: path.into(),
                folder: manifest.parent()?.to_path_buf(),
            })
        })
        .collect()
}

/// An id is `path+file:///…/tests#pipefitter-tests@0.1.0`, or `path+file:///…/xtask#0.1.0` for a folder of that name.
fn package_name(id: &str, manifest: &Path) -> String {
    let last = id.rsplit('#').next().unwrap_or_default();
    match last.split_once('@') {
        Some((name, _)) => name.to_owned(),
        None => {
            let folder = manifest.parent().and_then(Path::file_name);
            folder.unwrap_or_default().to_string_lossy().into_owned()
        }
    }
}

/// Run them all, and fail if one has; those that did are named at the end, with what they said. What they say goes to `out`
/// and is kept in the folder `kept`.
pub(crate) fn run(executables: &[Executable], kept: &Path, out: &mut impl Write) -> Result<()> {
    std::fs::create_dir_all(kept).with_context(|| format!("could not make {}", kept.display()))?;
    let beside = thread::available_parallelism().map_or(1, usize::from);
    let beside = beside.min(executables.len());
    eprintln!(
        "   \u{25b8} {} test executables, {beside} at a time",
        executables.len()
    );
    let next = AtomicUsize::new(0);
    let (sender, ended) = mpsc::channel();
    let mut failed = Vec::new();
    thread::scope(|scope| -> Result<()> {
        for _ in 0..beside {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some(one) = executables.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if sender.send(one.run(kept)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for result in ended {
            let result = result?;
            result.print(out)?;
            if !result.status.success() {
                failed.push(result);
            }
        }
        Ok(())
    })?;
    if failed.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n*** What failed, once more:").context("could not print what failed")?;
    for result in &failed {
        result.print(out)?;
    }
    let names: Vec<&str> = failed
        .iter()
        .map(|result| result.of.name.as_str())
        .collect();
    bail!(
        "{} of {} test executables failed: {}",
        names.len(),
        executables.len(),
        names.join(", ")
    );
}

impl Executable {
    /// Run it to its end. Both of its outputs go to one file, in the order in which they were written.
    fn run(&self, kept: &Path) -> Result<Ended> {
        let file = kept.join(format!("{}.txt", self.name.replace(' ', "-")));
        let output =
            File::create(&file).with_context(|| format!("could not make {}", file.display()))?;
        let errors = output
            .try_clone()
            .with_context(|| format!("could not open {}", file.display()))?;
        let status = Command::new(&self.path)
            .current_dir(&self.folder)
            // As cargo does.
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .status()
            .with_context(|| format!("could not start {}", self.path.display()))?;
        let output =
            std::fs::read(&file).with_context(|| format!("could not read {}", file.display()))?;
        Ok(Ended {
            of: self.clone(),
            status,
            output: String::from_utf8_lossy(&output).into_owned(),
        })
    }
}

impl Ended {
    fn print(&self, out: &mut impl Write) -> Result<()> {
        write!(out, "\n     Running {}\n{}", self.of.name, self.output)
            .context("could not print what a test said")?;
        if !self.status.success() {
            writeln!(out, "*** {} failed: {}", self.of.name, self.status)
                .context("could not print how a test ended")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{Executable, listed, run};

    const MESSAGES: &str = r#"
{"reason":"compiler-artifact","package_id":"registry+https://example.com/index#libc@0.2.1","manifest_path":"/r/libc/Cargo.toml","target":{"kind":["lib"],"name":"libc"},"profile":{"test":false},"executable":null}
{"reason":"compiler-artifact","package_id":"path+file:///w/tests#pipefitter-tests@0.1.0","manifest_path":"/w/tests/Cargo.toml","target":{"kind":["test"],"name":"faults"},"profile":{"test":true},"executable":"/w/target/debug/deps/faults-1"}
{"reason":"compiler-artifact","package_id":"path+file:///w/host/cli#pipefitter@0.1.0","manifest_path":"/w/host/cli/Cargo.toml","target":{"kind":["bin"],"name":"pipefitter"},"profile":{"test":false},"executable":"/w/target/debug/pipefitter"}
{"reason":"compiler-artifact","package_id":"path+file:///w/xtask#0.1.0","manifest_path":"/w/xtask/Cargo.toml","target":{"kind":["bin"],"name":"xtask"},"profile":{"test":true},"executable":"/w/target/debug/deps/xtask-2"}
{"reason":"build-finished","success":true}
"#;

    #[test]
    fn what_cargo_has_built_for_tests_is_listed() {
        let executable = |name: &str, path: &str, folder: &str| Executable {
            name: name.to_owned(),
            path: path.into(),
            folder: folder.into(),
        };
        assert_eq!(
            listed(MESSAGES),
            [
                executable(
                    "pipefitter-tests faults (test)",
                    "/w/target/debug/deps/faults-1",
                    "/w/tests"
                ),
                executable(
                    "xtask xtask (bin)",
                    "/w/target/debug/deps/xtask-2",
                    "/w/xtask"
                ),
            ]
        );
    }

    #[test]
    fn all_are_run_and_those_that_fail_are_named() {
        let folder = std::env::temp_dir().join(format!("executables-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let script = |name: &str, code: u8| {
            let path = folder.join(name);
            // Each leaves a file in the folder that it is run in.
            std::fs::write(&path, format!("#!/bin/sh\ntouch {name}.ran\nexit {code}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            Executable {
                name: format!("self-test {name}"),
                path,
                folder: folder.clone(),
            }
        };
        let executables = [script("bad", 3), script("good", 0), script("worse", 4)];
        let mut said = Vec::new();
        let kept = folder.join("output");
        let error = run(&executables, &kept, &mut said).unwrap_err().to_string();
        for one in ["bad", "good", "worse"] {
            assert!(folder.join(format!("{one}.ran")).exists(), "{one}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(
            error.starts_with("2 of 3 test executables failed: self-test "),
            "{error}"
        );
        assert!(error.contains("self-test bad") && error.contains("self-test worse"));
    }
}
