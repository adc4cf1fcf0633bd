//! A job's directories: `<work dir>/<name>/{in,out}/<position>`, `scratch` and `job`, for a command's own file. No name in a path is
//! anybody's but ours.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use pipefitter_artifacts::remove_tree;
use tokio::task::spawn_blocking;

use crate::names;

/// Where a job's artifacts and temporary files are.
#[derive(Clone, Debug)]
pub(crate) struct JobDirs {
    pub(crate) root: PathBuf,
    pub(crate) inputs: Vec<PathBuf>,
    pub(crate) outputs: Vec<PathBuf>,
    pub(crate) scratch: PathBuf,
    pub(crate) command: PathBuf,
}

impl JobDirs {
    pub(crate) fn at(root: PathBuf, inputs: usize, outputs: usize) -> JobDirs {
        let numbered = |name: &str, count: usize| -> Vec<PathBuf> {
            (0..count)
                .map(|at| root.join(name).join(at.to_string()))
                .collect()
        };
        JobDirs {
            inputs: numbered("in", inputs),
            outputs: numbered("out", outputs),
            scratch: root.join("scratch"),
            command: root.join("job"),
            root,
        }
    }

    /// Make them, in place of what a run before a crash left.
    pub(crate) async fn make(&self) -> io::Result<()> {
        let dirs = self.clone();
        blocking(move || {
            remove_tree(&dirs.root)?;
            let mut builder = std::fs::DirBuilder::new();
            builder.mode(0o700).recursive(true);
            builder.create(&dirs.scratch)?;
            builder.create(&dirs.command)?;
            dirs.inputs
                .iter()
                .chain(&dirs.outputs)
                .try_for_each(|dir| builder.create(dir))
        })
        .await
    }
}

/// Delete a job's directories, however a guest left them.
pub(crate) async fn remove(root: PathBuf) {
    let shown = root.display().to_string();
    if let Err(error) = blocking(move || remove_tree(&root)).await {
        tracing::warn!(dir = shown, %error, "a job's directory was not deleted");
    }
}

/// Make a directory of ours, 0700.
fn make_private(dir: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(dir)
}

/// Make `work_dir` and `log_dir`, and delete what earlier runs left in the first.
pub(crate) async fn sweep(work_dir: PathBuf, log_dir: PathBuf) -> Result<(), (PathBuf, io::Error)> {
    let at = work_dir.clone();
    spawn_blocking(move || {
        make_private(&log_dir).map_err(|error| (log_dir, error))?;
        let swept = || -> io::Result<()> {
            make_private(&work_dir)?;
            for entry in std::fs::read_dir(&work_dir)? {
                let entry = entry?;
                if entry.file_name().to_str().is_some_and(names::is_job_name) {
                    remove_tree(&entry.path())?;
                }
            }
            Ok(())
        };
        swept().map_err(|error| (work_dir, error))
    })
    .await
    .unwrap_or_else(|error| Err((at, io::Error::other(error))))
}

async fn blocking(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
}
