//! Builds of a plugin while it is served: one after the other, when its sources have changed.
//!
//! ```text
//! sources change -> quiet -> digest is another -> build -> good: the served file is replaced, which reloads it
//!                                                       -> failed: what is served stays
//! ```

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::serve::OwnPlugin;

/// What a build does.
pub(super) enum BuildNews {
    Began,
    /// A line of the tools'.
    Line(String),
    /// It is served from now on.
    Good,
    /// What is served is the same.
    Same,
    /// With the reason, where the tools' lines do not tell it.
    Failed(Option<String>),
}

/// Watches and builds until it is dropped.
pub(super) struct Rebuilds {
    news: mpsc::UnboundedReceiver<BuildNews>,
    _work: JoinSet<()>,
}

impl Rebuilds {
    /// Of a plugin whose last build is served.
    pub(super) fn of(own: OwnPlugin) -> Result<Self> {
        let changes = own.sources.watch()?;
        let (sender, news) = mpsc::unbounded_channel();
        let mut work = JoinSet::new();
        work.spawn(async move {
            // Nobody listens any more: then nothing is built any more.
            let _ = watch(own, changes, &sender).await;
        });
        Ok(Self { news, _work: work })
    }

    /// May be dropped and called again.
    pub(super) async fn next(&mut self) -> BuildNews {
        match self.news.recv().await {
            Some(news) => news,
            None => std::future::pending().await,
        }
    }
}

type News = mpsc::UnboundedSender<BuildNews>;

async fn watch(
    own: OwnPlugin,
    mut changes: super::sources::SourceChanges,
    news: &News,
) -> Result<(), mpsc::error::SendError<BuildNews>> {
    let mut built_from = own.built_from;
    loop {
        // What changes during a build, the first one included, is built next.
        while let Ok(now) = own.sources.digest()
            && now != built_from
        {
            built_from = now;
            news.send(BuildNews::Began)?;
            let ended = match build(&own, news).await {
                Ok(ended) => ended,
                Err(error) => BuildNews::Failed(Some(format!("{error:#}"))),
            };
            news.send(ended)?;
        }
        changes.next().await;
    }
}

async fn build(own: &OwnPlugin, news: &News) -> Result<BuildNews> {
    let mut running = Running::start(&own.dir)?;
    let (stdout, stderr) = (running.0.stdout.take(), running.0.stderr.take());
    let (of_stdout, of_stderr) = tokio::join!(tell(stdout, news), tell(stderr, news));
    of_stdout
        .and(of_stderr)
        .context("the build's messages could not be read")?;
    let status = running
        .0
        .wait()
        .await
        .context("the build cannot be waited for")?;
    if !status.success() {
        return Ok(BuildNews::Failed(None));
    }
    let (built, served) = (own.built.clone(), own.served.clone());
    let replaced = tokio::task::spawn_blocking(move || replace(&built, &served));
    match replaced.await.context("the build was interrupted")?? {
        true => Ok(BuildNews::Good),
        false => Ok(BuildNews::Same),
    }
}

/// Whether it is another one.
fn replace(built: &Path, served: &Path) -> Result<bool> {
    let new =
        std::fs::read(built).with_context(|| format!("could not read {}", built.display()))?;
    if std::fs::read(served).is_ok_and(|old| old == new) {
        return Ok(false);
    }
    crate::commands::plugin::write_whole(served, &new)?;
    Ok(true)
}

async fn tell(stream: Option<impl AsyncRead + Unpin>, news: &News) -> std::io::Result<()> {
    let Some(stream) = stream else {
        return Ok(());
    };
    let mut lines = BufReader::new(stream).split(b'\n');
    while let Some(line) = lines.next_segment().await? {
        let line = String::from_utf8_lossy(&line).into_owned();
        if news.send(BuildNews::Line(line)).is_err() {
            break;
        }
    }
    Ok(())
}

/// A build with all the tools that it starts: they end with it.
struct Running(Child);

impl Running {
    fn start(dir: &Path) -> Result<Self> {
        let child = Command::new("/proc/self/exe")
            .args(["plugin", "build"])
            .arg(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context("could not start the build")?;
        Ok(Self(child))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // None once it has been waited for: its id may be another's then.
        let id = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(Pid::from_raw) {
            // It may have ended just now.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
