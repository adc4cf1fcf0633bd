//! The plugins directory over time.
//!
//! Each look lists the directory and moves every file on:
//!
//! ```text
//!            changed                 still the same a while later
//! (new) ---------------> Settling ---------------------------------> Good  served, if nobody else
//!   ^                    ^   |  ^                                      |    wants its action type
//!   |   changed          |   |  |  read, but no whole .wasm yet       |
//!   +--------------------+   |  +-- (for UNFINISHED at most)           |
//!   |                        +------------------------------------> Bad    older version served
//!   +------------------------------- changed --------------------------+
//! ```
//!
//! A Good one whose code is gone is loaded again. Bad is tried again, with a growing pause, where the machine is what
//! failed, and where the same file was Good before: somebody would have to touch it otherwise.
//!
//! A file is read only when two looks [`SETTLE`] apart found it the same, so that a copy under way is not
//! taken for the plugin. Time is counted by whoever looks ([`PluginsDir::scan`], the watcher), not by a clock in
//! here: tests move it as they like.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::catalogue::Catalogue;
use crate::claims::{self, ByPath};
use crate::contract::{Plugin, Prepare, Problem};
use crate::error::PluginsError;
use crate::listing::{Candidate, Listing, list};
use crate::load::load;
use crate::read::NotLoaded;
use crate::supply::{Custody, SupplyPolicy, advise, check_directory};

/// How long a file must stay the same before it is read: longer than a copy pauses between two writes.
pub(crate) const SETTLE: Duration = Duration::from_millis(250);

/// A file that was last changed longer ago than this when the worker starts is not being copied. And: a
/// file that is no whole .wasm is told of when it has stayed the same for this long.
const UNFINISHED: Duration = Duration::from_secs(2);

/// A file that has not stayed the same for this long is told of.
const RESTLESS: Duration = Duration::from_secs(10);

/// Before a plugin is tried again that may be loaded later: doubled with each try, up to the second. Each try may
/// compile, which is why the pause grows.
const AGAIN: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(15 * 60));

/// A directory of plugins, and what was seen of it so far.
pub struct PluginsDir {
    root: PathBuf,
    prepare: Arc<dyn Prepare>,
    policy: SupplyPolicy,
    seen: BTreeMap<PathBuf, Seen>,
    folders: Vec<PathBuf>,
    catalogue: Arc<Catalogue>,
    /// Every plugin that was loaded, as long as somebody has it: the catalogue, or a job.
    loaded: Vec<Weak<Plugin>>,
    /// Since it was opened, as counted by whoever looks.
    now: Duration,
    looked: bool,
}

struct Seen {
    candidate: Candidate,
    /// When it was first found like this.
    since: Duration,
    /// When it was last known to be at rest.
    restless_since: Duration,
    /// These very bytes were served.
    was_good: bool,
    state: State,
}

impl Seen {
    /// What is said of it stays what was said first, so that it is told once.
    fn failed(&mut self, problems: Vec<Problem>, tries_again: bool, now: Duration) {
        self.state = match std::mem::replace(&mut self.state, State::Settling) {
            _ if !tries_again => State::Bad(problems, None),
            State::Bad(first, Some(again)) => {
                for problem in &problems {
                    tracing::debug!("tried again in vain: {}", problem.message);
                }
                State::Bad(first, Some(again.next(now)))
            }
            _ => State::Bad(problems, Some(Again::first(now))),
        };
    }
}

enum State {
    Settling,
    Good(Arc<Plugin>),
    Bad(Vec<Problem>, Option<Again>),
}

/// When a bad one is tried again.
#[derive(Clone, Copy)]
struct Again {
    at: Duration,
    pause: Duration,
}

impl Again {
    fn first(now: Duration) -> Again {
        Again {
            at: now + AGAIN.0,
            pause: AGAIN.0,
        }
    }

    fn next(self, now: Duration) -> Again {
        let pause = (self.pause * 2).min(AGAIN.1);
        Again {
            at: now + pause,
            pause,
        }
    }
}

impl std::fmt::Debug for PluginsDir {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PluginsDir")
            .field("root", &self.root)
            .field("catalogue", &self.catalogue)
            .finish_non_exhaustive()
    }
}

impl PluginsDir {
    /// Open a directory; nothing is loaded yet. Blocking.
    ///
    /// # Errors
    ///
    /// [`PluginsError::Directory`] if it is no directory that can be read.
    pub fn open(
        dir: impl Into<PathBuf>,
        prepare: Arc<dyn Prepare>,
    ) -> Result<PluginsDir, PluginsError> {
        let root = dir.into();
        std::fs::read_dir(&root).map_err(|source| PluginsError::Directory {
            path: root.clone(),
            source,
        })?;
        Ok(PluginsDir {
            root,
            prepare,
            policy: SupplyPolicy::default(),
            seen: BTreeMap::new(),
            folders: Vec::new(),
            catalogue: Arc::default(),
            loaded: Vec::new(),
            now: Duration::ZERO,
            looked: false,
        })
    }

    /// With another policy than the default.
    #[must_use]
    pub fn with_policy(mut self, policy: SupplyPolicy) -> PluginsDir {
        if policy.custody == Custody::Advised {
            advise(check_directory(&self.root, Custody::Enforced));
        }
        self.policy = policy;
        self
    }

    /// What is served as of the last look.
    #[must_use]
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue)
    }

    /// Look until no file is changing, for 10 seconds at most. Blocking, and compiles.
    pub fn scan(&mut self) -> Arc<Catalogue> {
        let end = self.now + RESTLESS;
        while self.look() && self.now <= end {
            std::thread::sleep(SETTLE);
            self.pass(SETTLE);
        }
        self.catalogue()
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// The directories that a look reads.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(&self.root)
            .chain(&self.folders)
            .map(PathBuf::as_path)
    }

    /// Look once; true if a file is settling and another look is due after [`SETTLE`].
    pub(crate) fn look(&mut self) -> bool {
        let listing = match list(&self.root, self.policy.custody) {
            Ok(listing) => listing,
            Err(mut problem) => {
                problem.older_served = self.catalogue.plugins().next().is_some();
                self.publish(by_path(&self.catalogue), vec![problem]);
                return false;
            }
        };
        let Listing {
            candidates,
            problems,
            folders,
            unreadable,
            suspect,
        } = listing;
        self.folders = folders;
        self.seen.retain(|path, _| {
            candidates.contains_key(path)
                || unreadable.iter().any(|folder| path.starts_with(folder))
        });
        let loaded = self.loaded.len();
        for (path, candidate) in candidates {
            if !suspect.iter().any(|folder| path.starts_with(folder)) {
                self.see(candidate);
            }
        }
        let is_new = self.loaded.len() > loaded;
        self.looked = true;
        self.serve(problems);
        if is_new {
            self.tell_what_is_in_use();
        }
        self.seen
            .values()
            .any(|seen| matches!(seen.state, State::Settling))
    }

    fn see(&mut self, candidate: Candidate) {
        let now = self.now;
        let at_start = !self.looked;
        let seen = self
            .seen
            .entry(candidate.path().to_owned())
            .or_insert_with(|| Seen {
                candidate: candidate.clone(),
                since: now,
                restless_since: now,
                was_good: false,
                state: State::Settling,
            });
        if seen.candidate != candidate {
            if !matches!(seen.state, State::Settling) {
                seen.restless_since = now;
            }
            seen.candidate = candidate;
            seen.since = now;
            seen.was_good = false;
            seen.state = State::Settling;
        }
        let is_due = match &seen.state {
            State::Settling => true,
            // A job has found it changed, or somebody has emptied the cache: what was served is compiled again.
            State::Good(plugin) => !self.prepare.has(&plugin.prepared),
            State::Bad(_, again) => again.is_some_and(|again| again.at <= now),
        };
        if !is_due {
            return;
        }
        let rested = now - seen.since;
        let was_here_before = at_start && seen.candidate.is_older_than(UNFINISHED);
        if rested < SETTLE && !was_here_before {
            return;
        }
        match load(&seen.candidate, &self.policy, &*self.prepare) {
            Ok(plugin) => {
                let plugin = Arc::new(plugin);
                self.loaded.push(Arc::downgrade(&plugin));
                seen.was_good = true;
                seen.state = State::Good(plugin);
            }
            Err(NotLoaded::Changing) => seen.since = now,
            Err(NotLoaded::Unfinished(problem)) => {
                if was_here_before || rested >= UNFINISHED {
                    seen.failed(vec![problem], seen.was_good, now);
                }
            }
            Err(NotLoaded::Bad(problems)) => seen.failed(problems, seen.was_good, now),
            Err(NotLoaded::Passing(problem)) => seen.failed(vec![problem], true, now),
        }
    }

    /// Running jobs keep plugins that are served no more.
    fn tell_what_is_in_use(&mut self) {
        self.loaded.retain(|plugin| plugin.strong_count() > 0);
        let ids: HashSet<String> = self
            .loaded
            .iter()
            .filter_map(Weak::upgrade)
            .map(|plugin| plugin.prepared.code_id.clone())
            .collect();
        self.prepare.in_use(&ids);
    }

    /// Decide what is served now.
    fn serve(&mut self, mut problems: Vec<Problem>) {
        let served = by_path(&self.catalogue);
        let mut wanted = ByPath::new();
        for (path, seen) in &self.seen {
            let plugin = match &seen.state {
                State::Good(plugin) => Some(plugin),
                State::Settling | State::Bad(..) => served.get(path),
            };
            if let Some(plugin) = plugin {
                wanted.insert(path.clone(), Arc::clone(plugin));
            }
        }
        let (serving, conflicts) = claims::settle(wanted, &served);
        for (path, seen) in &self.seen {
            let mut found = match &seen.state {
                State::Good(_) => continue,
                State::Bad(problems, _) => problems.clone(),
                State::Settling if self.now - seen.restless_since >= RESTLESS => {
                    vec![restless(path)]
                }
                State::Settling => continue,
            };
            for problem in &mut found {
                problem.older_served = serving.contains_key(path);
            }
            problems.append(&mut found);
        }
        problems.extend(conflicts);
        problems.sort_by(|a, b| a.files.cmp(&b.files));
        self.publish(serving, problems);
    }

    fn publish(&mut self, serving: ByPath, problems: Vec<Problem>) {
        let next = Catalogue {
            plugins: serving
                .into_values()
                .map(|plugin| (plugin.manifest.key().clone(), plugin))
                .collect(),
            problems,
        };
        if next.is_same_as(&self.catalogue) {
            return;
        }
        tell(&self.catalogue, &next);
        self.catalogue = Arc::new(next);
    }
}

fn restless(path: &Path) -> Problem {
    Problem::of(
        path,
        "it keeps changing, so it is not loaded".to_owned(),
        "copy it under another name and `mv` it into place",
    )
}

fn by_path(catalogue: &Catalogue) -> ByPath {
    catalogue
        .plugins()
        .map(|plugin| (plugin.path.clone(), Arc::clone(plugin)))
        .collect()
}

/// Each change is logged once, when it is first seen.
fn tell(before: &Catalogue, after: &Catalogue) {
    for (key, plugin) in &after.plugins {
        let older = before.get(key);
        if older.is_some_and(|older| older.digest == plugin.digest && older.path == plugin.path) {
            continue;
        }
        let (action_type, name, digest) = (key.to_string(), &plugin.name, plugin.digest.as_str());
        let compiled = plugin.prepared.compiled;
        if older.is_some() {
            tracing::info!(
                action_type,
                plugin = name,
                digest,
                compiled,
                "new version of plugin is served"
            );
        } else {
            tracing::info!(
                action_type,
                plugin = name,
                digest,
                compiled,
                "plugin is served"
            );
        }
    }
    for (key, plugin) in &before.plugins {
        if !after.plugins.contains_key(key) {
            let (action_type, name) = (key.to_string(), &plugin.name);
            tracing::info!(action_type, plugin = name, "plugin is no longer served");
        }
    }
    for problem in after
        .problems
        .iter()
        .filter(|problem| !before.problems.contains(problem))
    {
        let Problem {
            message,
            remedy,
            older_served,
            ..
        } = problem;
        tracing::error!(remedy, older_served, "{message}");
    }
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
