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
use crate::pipelines::Action;
use crate::plugins::Plugin;
use crate::process::DEADLINE;
use crate::proxy::Exchange;
use crate::rig::{Rig, RigOptions};
use crate::vitals::{Vitals, children_of};
use crate::worker::Worker;
use crate::{appears, terminal_results};

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

    /// `[plugins.NAME]` for each of these, and for a plugin besides.
    #[must_use]
    pub(super) fn tables(self, cases: &[&Case], other: &Plugin) -> String {
        let isolation = match self {
            Isolation::Process => "",
            Isolation::Shared => "isolation = \"shared\"\n",
        };
        let mut text = format!("[plugins.{}]\n{isolation}", other.name);
        for case in cases {
            let (name, switches) = (case.plugin_name(), case.switches());
            // Writing to a String cannot fail.
            let _ = write!(text, "[plugins.{name}]\n{isolation}{switches}");
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
        let isolated = isolation.tables(cases, &neighbour);
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
        for case in cases {
            let seen = Seen::of(&results[case.guest], &self.rig).await;
            // One that went otherwise does not hide the others; its own words are printed at once.
            if catch_unwind(|| case.check(&seen)).is_err() {
                self.wrong.push(case.guest);
            }
        }
        assert_eq!(results["Good"].status, "Succeeded", "{:?}", results["Good"]);
        self.end_neighbour(&begun).await;
        self.nothing_is_left(&name, cases).await;
        self.batches += 1;
    }

    /// Begin a guest that ends only with the worker, have a neighbour finish beside it, end the worker, and check what
    /// came of the guest and that nothing of it is left.
    ///
    /// # Panics
    /// Where it is otherwise.
    pub async fn end_with(self, case: &Case) {
        let begun = self.begin_neighbour().await;
        let action = case.action(&case.plugin(), case.guest, &self.around);
        self.rig.pipeline("deaf", [action]).await;
        let execution = self.rig.service.begin("deaf").await;
        self.rig.said("INFO  deaf").await;
        self.end_neighbour(&begun).await;
        let children = children_of(self.worker.process.id());

        let said = self.worker.stop_cleanly().await;
        assert!(!said.contains("are kept in the journal"), "{said}");
        let gone = |child: &i32| !Path::new(&format!("/proc/{child}")).exists();
        assert!(children.iter().all(gone), "{children:?}");
        no_folder_is_left(&self.rig).await;
        self.rig.service.ended(&execution).await;
        let results = self.rig.service.actions("deaf", &execution).await;
        if let Err(wrong) = case.judge(&results[case.guest]) {
            panic!("{wrong}");
        }
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

    /// What the worker held before its first hostile job.
    #[must_use]
    pub fn before(&self) -> &Vitals {
        &self.before
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

    /// One result for each job, no folder of any, no connection to what they reach, and the worker holds no more than
    /// before its first hostile job.
    async fn nothing_is_left(&self, batch: &str, cases: &[&Case]) {
        no_folder_is_left(&self.rig).await;
        // An execution may end before the answer to its last result is seen.
        let answered =
            |exchanges: &[Exchange]| terminal_results(exchanges).values().all(|&taken| taken > 0);
        self.rig
            .proxy
            .until("a result for each job", answered)
            .await;
        let results = terminal_results(&self.rig.proxy.exchanges());
        assert!(results.values().all(|&taken| taken == 1), "{results:?}");
        let worker = self.worker.process.id();
        self.around.nobody_holds_on(worker).await;
        let guests: Vec<_> = cases.iter().map(|case| case.guest).collect();
        if guests.is_empty() {
            // What it holds from here on is what it had before.
            return;
        }
        let after = format!("{batch}, {guests:?},");
        let now = self.before.returned(worker, SLACK, &after).await;
        println!("{batch} of {guests:?}: {now:?}");
        let components: BTreeSet<_> = super::served().map(|case| case.plugin().wasm).collect();
        // The neighbour's besides; the worker keeps either code or, of what it has loaded itself, first memories.
        assert!(now.code <= 2 * (components.len() + 1), "{now:?}");
    }
}

/// Wait until no job has a folder.
pub(super) async fn no_folder_is_left(rig: &Rig) {
    for folder in ["work", "staging"] {
        is_empty(&rig.setup.state_dir.join(folder)).await;
    }
}

/// Wait until a folder is empty.
async fn is_empty(folder: &Path) {
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
