//! Loaded code, shared by the jobs of a plugin. A job keeps what it runs, whatever is forgotten here.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::{Mutex, OnceCell};

use crate::engine::{Granted, Loaded};
use crate::error::SandboxError;
use crate::runner::CodeRef;
use crate::sandbox::Sandbox;

/// Components kept at a time: more plugins than a worker is likely to serve. Each costs the size of its
/// code, up to some 30 MB.
const CAPACITY: usize = 64;

type Cell = Arc<OnceCell<Arc<Loaded>>>;

pub(crate) struct Loader {
    sandbox: Arc<Sandbox>,
    cells: Mutex<Recent<Cell>>,
}

impl Loader {
    pub(crate) fn new(sandbox: Arc<Sandbox>) -> Loader {
        Loader {
            sandbox,
            cells: Mutex::new(Recent::new(CAPACITY)),
        }
    }

    /// The code, read and checked once however many jobs ask for it at the same time. A failure is not
    /// remembered: the file may be made again.
    pub(crate) async fn get(
        &self,
        code: &CodeRef,
        granted: Granted,
    ) -> Result<Arc<Loaded>, SandboxError> {
        let key = format!("{} {granted:?}", code.id);
        let cell = self.cells.lock().await.get(&key);
        let load = || async {
            let sandbox = self.sandbox.clone();
            let code = code.clone();
            let loading = tokio::task::spawn_blocking(move || {
                let sealed = read(&code.path)?;
                sandbox.load(&code.id, &sealed, granted).map(Arc::new)
            });
            match loading.await {
                Ok(loaded) => loaded,
                // The job's own task reports the panic.
                Err(error) => std::panic::resume_unwind(
                    error
                        .try_into_panic()
                        .unwrap_or_else(|error| Box::new(error.to_string())),
                ),
            }
        };
        cell.get_or_try_init(load).await.cloned()
    }
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, SandboxError> {
    let failed = |source| SandboxError::CodeFile {
        path: path.to_owned(),
        source,
    };
    let mut sealed = Vec::new();
    std::fs::File::open(path)
        .and_then(|mut file| file.read_to_end(&mut sealed))
        .map_err(failed)?;
    Ok(sealed)
}

/// A map that forgets what was asked for longest ago.
pub(crate) struct Recent<V> {
    capacity: usize,
    entries: HashMap<String, (u64, V)>,
    clock: u64,
}

impl<V: Clone + Default> Recent<V> {
    pub(crate) fn new(capacity: usize) -> Recent<V> {
        Recent {
            capacity,
            entries: HashMap::new(),
            clock: 0,
        }
    }

    pub(crate) fn get(&mut self, key: &str) -> V {
        self.clock += 1;
        if let Some((used, value)) = self.entries.get_mut(key) {
            *used = self.clock;
            return value.clone();
        }
        if self.entries.len() >= self.capacity {
            let oldest = self.entries.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.entries.remove(&key);
            }
        }
        let value = V::default();
        self.entries
            .insert(key.to_owned(), (self.clock, value.clone()));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_longest_ago_is_forgotten() {
        let mut recent: Recent<Arc<()>> = Recent::new(2);
        let a = recent.get("a");
        let b = recent.get("b");
        assert!(Arc::ptr_eq(&a, &recent.get("a")));
        recent.get("c");
        assert!(Arc::ptr_eq(&a, &recent.get("a")));
        assert!(!Arc::ptr_eq(&b, &recent.get("b")));
        assert_eq!(recent.entries.len(), 2);
    }
}
