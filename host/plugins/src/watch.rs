//! Looking again when the directory changes.
//!
//! The operating system tells of changes, but not on every file system (a network mount changed from
//! elsewhere is silent) and not without limit; so it only makes looks come sooner, and a slow rescan makes
//! sure that they come.

use std::collections::HashMap;
use std::future::Future;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::catalogue::Catalogue;
use crate::directory::{PluginsDir, SETTLE};

/// Events come in bursts; one look answers all of them.
const DEBOUNCE: Duration = Duration::from_millis(50);

/// Between looks that nothing asked for: how late a change on a silent file system is seen.
const RESCAN: Duration = Duration::from_secs(10);

impl PluginsDir {
    /// Keep looking until `cancel`: the receiver has the latest catalogue, beginning with the one of the last
    /// [`scan`](PluginsDir::scan); the future does the work and must be run.
    pub fn watch(
        self,
        cancel: CancellationToken,
    ) -> (
        watch::Receiver<Arc<Catalogue>>,
        impl Future<Output = ()> + Send + 'static,
    ) {
        let (sender, receiver) = watch::channel(self.catalogue());
        (receiver, run(self, sender, cancel))
    }
}

async fn run(
    mut dir: PluginsDir,
    sender: watch::Sender<Arc<Catalogue>>,
    cancel: CancellationToken,
) {
    let changed = Arc::new(Notify::new());
    let mut events = Events::new(Arc::clone(&changed));
    loop {
        let begun = Instant::now();
        let looked = tokio::task::spawn_blocking(move || {
            // Watch first: what changes during the look asks for another.
            events.follow(&dir);
            let settling = dir.look();
            events.follow(&dir);
            (dir, events, settling)
        });
        let settling = tokio::select! {
            looked = looked => match looked {
                Ok((dir_back, events_back, settling)) => {
                    dir = dir_back;
                    events = events_back;
                    settling
                }
                Err(error) => {
                    tracing::error!(%error, "the plugins directory is no longer watched: restart the worker");
                    return;
                }
            },
            () = cancel.cancelled() => return,
        };
        let latest = dir.catalogue();
        sender.send_if_modified(|current| {
            let new = !Arc::ptr_eq(current, &latest);
            if new {
                *current = latest;
            }
            new
        });
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(if settling { SETTLE } else { RESCAN }) => {}
            () = debounced(&changed) => {}
        }
        dir.pass(begun.elapsed());
    }
}

async fn debounced(changed: &Notify) {
    changed.notified().await;
    tokio::time::sleep(DEBOUNCE).await;
}

/// The operating system's events for the directories that are looked at.
struct Events {
    watcher: Option<RecommendedWatcher>,
    /// By path, with what the path led to: a directory that was replaced is another.
    followed: HashMap<PathBuf, (u64, u64)>,
    told: bool,
}

impl Events {
    fn new(changed: Arc<Notify>) -> Events {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| is_reading(event.kind)) {
                return;
            }
            changed.notify_one();
        });
        let mut events = Events {
            watcher: None,
            followed: HashMap::new(),
            told: false,
        };
        match watcher {
            Ok(watcher) => events.watcher = Some(watcher),
            Err(error) => events.tell(&error),
        }
        events
    }

    fn follow(&mut self, dir: &PluginsDir) {
        let Some(mut watcher) = self.watcher.take() else {
            return;
        };
        let mut now = HashMap::new();
        for folder in dir.folders() {
            let Ok(metadata) = std::fs::metadata(folder) else {
                continue;
            };
            let identity = (metadata.dev(), metadata.ino());
            if self.followed.get(folder) != Some(&identity) {
                // Fails where it is not watched, which is what is wanted.
                let _ = watcher.unwatch(folder);
                if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                    self.tell(&error);
                    continue;
                }
            }
            now.insert(folder.to_owned(), identity);
        }
        for gone in self.followed.keys().filter(|path| !now.contains_key(*path)) {
            // Fails where the directory is gone, which is why it is done.
            let _ = watcher.unwatch(gone);
        }
        self.followed = now;
        self.watcher = Some(watcher);
    }

    fn tell(&mut self, error: &notify::Error) {
        if !std::mem::replace(&mut self.told, true) {
            tracing::warn!(%error, "changes in the plugins directory are seen late: within {RESCAN:?}");
        }
    }
}

/// Our own looks read the files; were they told of, each look would cause the next.
fn is_reading(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        EventKind::Access(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, ModifyKind, RemoveKind};

    use super::*;
    use crate::contract::{Look, PluginDigest, Prepare, PrepareError, Prepared};
    use crate::manifest::Manifest;

    struct Refuse;

    impl Look for Refuse {
        fn look(&self, _digest: &PluginDigest, _wasm: &[u8]) -> Result<Vec<u8>, PrepareError> {
            Err(PrepareError::lasting("never looked at".to_owned()))
        }
    }

    impl Prepare for Refuse {
        fn prepare(
            &self,
            _name: &str,
            _digest: &PluginDigest,
            _wasm: &[u8],
            _seen: &[u8],
            _manifest: &Manifest,
        ) -> Result<Prepared, PrepareError> {
            Err(PrepareError::lasting("never compiled".to_owned()))
        }
    }

    #[tokio::test]
    async fn the_operating_system_tells_of_a_change() {
        let temp = tempfile::tempdir().unwrap();
        let dir = PluginsDir::open(temp.path(), Arc::new(Refuse)).unwrap();
        let changed = Arc::new(Notify::new());
        let mut events = Events::new(Arc::clone(&changed));
        events.follow(&dir);
        std::fs::write(temp.path().join("a.wasm"), "x").unwrap();
        tokio::time::timeout(Duration::from_secs(60), changed.notified())
            .await
            .unwrap();
    }

    #[test]
    fn reading_is_no_change() {
        assert!(is_reading(EventKind::Access(AccessKind::Open(
            AccessMode::Any
        ))));
        assert!(is_reading(EventKind::Access(AccessKind::Close(
            AccessMode::Read
        ))));
        for kind in [
            EventKind::Access(AccessKind::Close(AccessMode::Write)),
            EventKind::Create(CreateKind::File),
            EventKind::Modify(ModifyKind::Any),
            EventKind::Remove(RemoveKind::File),
            EventKind::Other,
        ] {
            assert!(!is_reading(kind), "{kind:?}");
        }
    }
}
