//! One worker that serves every hostile guest, with a neighbour that must not notice.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::case::{Case, Seen};
use super::output::FORMS;
use super::surroundings::Surroundings;
use crate::executions::ActionResult;
use crate::pipelines::Action;
use crate::plugins::Plugin;
use crate::process::DEADLINE;
use crate::proxy::Exchange;
use crate::rig::{Rig, RigOptions};
use crate::vitals::Vitals;
use crate::worker::Worker;
use crate::{appears, archives, terminal_results};

/// Memory that a worker may keep after hostile jobs: what allocators hold back, and compiled code that is kept for
/// the next job.
const SLACK: u64 = 64 << 20;

/// Jobs at a time.
const SLOTS: usize = 12;

/// Between two looks at a folder.
const LOOK: Duration = Duration::from_millis(10);

/// Where the guests of a worker run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Each in a process of its own.
    Process,
    /// All in the worker's.
    Shared,
}

impl Isolation {
    /// What docs/OPERATIONS.md tells operators to set for guests in the worker's own process: after the first large
    /// allocation glibc takes the next ones from heaps that it never gives back.
    #[must_use]
    pub fn environment(self) -> Vec<(String, String)> {
        match self {
            Isolation::Process => Vec::new(),
            Isolation::Shared => vec![("MALLOC_MMAP_THRESHOLD_".to_owned(), "262144".to_owned())],
        }
    }

    /// `[plugins.NAME]` for each of these.
    #[must_use]
    pub fn tables(self, plugins: &[Plugin]) -> String {
        let mut text = String::new();
        if self == Isolation::Shared {
            for plugin in plugins {
                // Writing to a String cannot fail.
                let _ = write!(text, "[plugins.{}]\nisolation = \"shared\"\n", plugin.name);
            }
        }
        text
    }
}

/// A worker with hostile plugins.
pub struct Field {
    /// Service, proxy, folders.
    pub rig: Rig,
    /// The worker.
    pub worker: Worker,
    /// What the guests may reach.
    pub around: Surroundings,
    neighbour: Plugin,
    before: Vitals,
    batches: usize,
    wrong: Vec<&'static str>,
}

impl Field {
    /// Start a worker that serves these guests and a neighbour, and have it run one good job.
    pub async fn start(isolation: Isolation, cases: &[&Case]) -> Field {
        let neighbour = Plugin::probe("Neighbour")
            .named("neighbour")
            .granted()
            .limited("wall = \"5m\"\ncpu = \"20s\"\nmemory = \"64MiB\"\n");
        let mut plugins: Vec<Plugin> = cases.iter().map(|case| case.plugin()).collect();
        plugins.push(neighbour.clone());
        let around = Surroundings::start().await;
        let isolated = isolation.tables(&plugins);
        let mut rig = Rig::start(RigOptions {
            plugins,
            ..RigOptions::default()
        })
        .await;
        rig.setup.slots = SLOTS;
        let shelf = Surroundings::shelf(rig.folder());
        rig.setup.tables = isolated + &around.tables(cases, &shelf);
        rig.setup.environment = isolation.environment();
        rig.setup.environment.extend(Surroundings::environment());
        // A guest that does not stop when it is asked is part of the suite.
        rig.setup.worker = "drain-timeout = \"200ms\"\nstop-grace = \"500ms\"\n".to_owned();
        let worker = rig.worker().await;
        let mut field = Field {
            before: Vitals::of(worker.process.id()),
            rig,
            worker,
            around,
            neighbour,
            batches: 0,
            wrong: Vec::new(),
        };
        field.run(&[]).await;
        field.before = Vitals::of(field.worker.process.id());
        field
    }

    /// Run guests side by side while a neighbour waits and another works, check what came of each, and that nothing
    /// of them is left.
    pub async fn run(&mut self, cases: &[&Case]) {
        let begun = self.begin_neighbour().await;
        let good = Action::new("Good", &self.neighbour)
            .input("Source")
            .output("GoodOut");
        let hostile = cases
            .iter()
            .map(|case| case.action(&case.plugin(), case.guest, &self.around));
        let name = format!("batch-{}", self.batches);
        let actions: Vec<Action> = hostile.chain([good]).collect();
        let results = self.rig.outcomes(&name, actions).await;
        let logs = self.rig.job_logs();
        for case in cases {
            let result = results[case.guest].clone();
            let log = result.external_id.as_ref().and_then(|id| logs.get(id));
            let seen = Seen {
                output: self.output_of(&result).await,
                log: log.cloned().unwrap_or_default(),
                result,
            };
            // One that went otherwise does not hide the others; its own words are printed at once.
            if catch_unwind(|| case.check(&seen)).is_err() {
                self.wrong.push(case.guest);
            }
        }
        assert_eq!(results["Good"].status, "Succeeded", "{:?}", results["Good"]);
        self.end_neighbour(&begun).await;
        self.nothing_is_left().await;
        self.batches += 1;
    }

    /// Every guest so far came to what it had to.
    ///
    /// # Panics
    /// Names those that did not.
    pub fn all_were_right(&self) {
        assert!(
            self.wrong.is_empty(),
            "of other ends than theirs: {:?}",
            self.wrong
        );
    }

    /// Nothing was dialled that is not granted, and what the worker's log tells of secrets has a bound and tells none.
    ///
    /// # Panics
    /// Where it is not so.
    pub fn nothing_got_out(&self) {
        self.around.nobody_strayed();
        Surroundings::shelf_is_untouched(self.rig.folder());
        let refused = self.worker.process.lines_with("not told to a plugin");
        assert!(refused.len() <= 2 * 21, "{} lines", refused.len());
        let said = self.worker.process.output();
        for form in FORMS {
            assert!(!said.contains(form), "the worker tells {form:?}");
        }
    }

    /// Wait until the worker holds no more than before its first hostile job.
    pub async fn returned(&self) -> Vitals {
        let now = self.before.returned(self.worker.process.id(), SLACK).await;
        let components: BTreeSet<_> = super::served().map(|case| case.plugin().wasm).collect();
        // The neighbour's besides; the worker keeps either code or, of what it has loaded itself, first memories.
        assert!(now.code <= 2 * (components.len() + 1), "{now:?}");
        now
    }

    /// What the worker held before its first hostile job.
    #[must_use]
    pub fn before(&self) -> &Vitals {
        &self.before
    }

    /// Wait until a job has written this to its log.
    pub async fn said(&self, text: &str) {
        let until = Instant::now() + DEADLINE;
        while !self.rig.job_logs().values().any(|log| log.contains(text)) {
            assert!(Instant::now() < until, "no log says {text:?}");
            sleep(LOOK).await;
        }
    }

    async fn output_of(&self, result: &ActionResult) -> Vec<(String, Vec<u8>)> {
        match result.outputs.values().next() {
            Some(place) if result.status == "Succeeded" => {
                archives::unzip(&self.rig.service.object(place).await)
            }
            _ => Vec::new(),
        }
    }

    async fn begin_neighbour(&self) -> String {
        let name = "neighbour";
        if self.batches == 0 {
            let waits = Action::new("Waits", &self.neighbour).doing("wait-file");
            self.rig.pipeline(name, [waits]).await;
        }
        let execution = self.rig.service.begin(name).await;
        appears(&self.rig.setup.granted, "started-", self.batches + 1).await;
        execution
    }

    async fn end_neighbour(&self, execution: &str) {
        self.rig.go();
        assert_eq!(self.rig.service.ended(execution).await, "succeeded");
        fs::remove_file(self.rig.setup.granted.join("go")).expect("it was there");
    }

    /// One result for each job, and no folder of any.
    async fn nothing_is_left(&self) {
        is_empty(&self.rig.setup.state_dir.join("work")).await;
        is_empty(&self.rig.setup.state_dir.join("staging")).await;
        // An execution may end before the answer to its last result is seen.
        let answered =
            |exchanges: &[Exchange]| terminal_results(exchanges).values().all(|&taken| taken > 0);
        self.rig
            .proxy
            .until("a result for each job", answered)
            .await;
        let results = terminal_results(&self.rig.proxy.exchanges());
        assert!(results.values().all(|&taken| taken == 1), "{results:?}");
        let now = Vitals::of(self.worker.process.id());
        assert_eq!(now.children, self.before.children, "{now:?}");
    }
}

/// Wait until a folder is empty.
pub(super) async fn is_empty(folder: &Path) {
    let names = || -> Vec<_> {
        let entries =
            fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        entries
            .filter_map(|entry| Some(entry.ok()?.file_name()))
            .collect()
    };
    let until = Instant::now() + DEADLINE;
    while !names().is_empty() {
        let left = names();
        assert!(
            Instant::now() < until,
            "{} still has {left:?}",
            folder.display()
        );
        sleep(LOOK).await;
    }
}
