//! Thousands of jobs, a tenth of them hostile by a seed: one end for each, its own, and a worker that is afterwards what
//! it was before.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::catch_unwind;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::Instant;

use super::GROUPS;
use super::case::{Case, Seen};
use super::field::{Isolation, no_folder_is_left};
use super::surroundings::Surroundings;
use crate::executions::ActionResult;
use crate::pipelines::{Action, Pipeline};
use crate::plugins::Plugin;
use crate::rig::{Rig, RigOptions, small_source};
use crate::vitals::Vitals;
use crate::worker::Worker;

/// Jobs at a time.
const SLOTS: usize = 32;
/// Actions of one pipeline, side by side; CodePipeline takes 50 in a stage. With three lanes of these there is always more
/// to do than there are slots, and a short round has several in each lane.
const ACTIONS: usize = 16;
/// One hostile job among so many.
const HOSTILE: u32 = 10;
/// How long one pipeline may take on a machine that has other things to do, seconds.
const PATIENCE: u64 = 900;
/// Between two looks at what the worker holds.
const LOOK: Duration = Duration::from_millis(200);
/// Memory that a worker may keep: what allocators hold back of many jobs at a time, and compiled code.
const SLACK: u64 = 96 << 20;
/// Memory by which it may grow after the first quarter: of 5,000 jobs each may leave four kibibytes, and no more.
const GROWTH: u64 = 16 << 20;

/// One round.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Jobs, at least; whole pipelines of them.
    pub jobs: usize,
    /// By which everything is chosen but the machine's own pace.
    pub seed: u64,
    /// Where guests run.
    pub isolation: Isolation,
    /// Which of [`GROUPS`].
    pub group: usize,
}

/// What it came to.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Jobs that ended, each with one result.
    pub jobs: usize,
    /// Hostile ones among them.
    pub hostile: usize,
    /// From the first to the last.
    pub took: Duration,
    /// What the worker held when it had run a few.
    pub before: Vitals,
    /// And when it had run a quarter of them, and had nothing to do.
    pub quarter: Vitals,
    /// The most of each that was seen in between.
    pub most: Vitals,
    /// What it holds at the end.
    pub after: Vitals,
}

/// What a job has to come to.
enum Wanted {
    Hostile(&'static Case),
    Success,
    Failure(&'static str),
}

impl Wanted {
    fn judge(&self, result: &ActionResult) -> Result<(), String> {
        match (self, &result.error) {
            (Wanted::Hostile(case), _) => case.judge(result),
            (Wanted::Success, None) if result.status == "Succeeded" => Ok(()),
            (Wanted::Failure(says), Some((_, message))) if message.contains(says) => Ok(()),
            _ => Err(format!("an honest job came to {result:#?}")),
        }
    }
}

/// One round.
///
/// # Panics
/// Where a job comes to another end than its own, or something does not come back.
pub async fn soak(plan: Plan) -> Summary {
    let cases: Vec<&'static Case> = GROUPS[plan.group]
        .iter()
        .copied()
        .flatten()
        // It only ends with its worker.
        .filter(|case| case.guest != "ignore_stop_requests")
        .collect();
    let honest = Plugin::probe("Honest").named("honest");
    let mut plugins: Vec<Plugin> = cases.iter().map(|case| case.plugin()).collect();
    plugins.push(honest.clone());
    let around = Surroundings::start().await;
    let isolated = plan.isolation.tables(&cases, &honest);
    let mut rig = Rig::start(RigOptions {
        plugins,
        ..RigOptions::default()
    })
    .await;
    rig.setup.slots = SLOTS;
    let shelf = Surroundings::shelf(rig.folder());
    rig.setup.tables = isolated + &around.tables(&cases, &shelf);
    // Fewer words and fewer questions: the machine is for the jobs.
    rig.setup.poll_interval_max = "1s".to_owned();
    rig.setup.endpoint.clone_from(&rig.service.endpoint);
    let quiet = ("PIPEFITTER_LOG".to_owned(), "info".to_owned());
    rig.setup.environment = plan.isolation.environment();
    rig.setup.environment.push(quiet);
    rig.setup.environment.extend(Surroundings::environment());
    let worker = rig.worker().await;

    let id = worker.process.id();
    let lane = Lane {
        rig: &rig,
        honest: &honest,
        cases: &cases,
        around: &around,
    };
    let mut tally = lane.run("first", plan.seed, 1).await;
    let before = Vitals::of(id);
    let mut most = before.clone();
    let began = Instant::now();
    // The first was one of them.
    let pipelines = plan.jobs.div_ceil(ACTIONS).saturating_sub(1);
    let mut held = Vec::new();
    for (part, share) in parts(pipelines).into_iter().enumerate() {
        let seed = |at: u64| plan.seed.wrapping_add(3 * part as u64 + at);
        let names = [1, 2, 3].map(|at| format!("lane-{part}-{at}"));
        let lanes = async {
            tokio::join!(
                lane.run(&names[0], seed(1), share),
                lane.run(&names[1], seed(2), share),
                lane.run(&names[2], seed(3), share),
            )
        };
        let done = watched(lanes, || most.rise_to(&Vitals::of(id))).await;
        let ran = tally.jobs;
        for done in <[Tally; 3]>::from(done) {
            tally.add(done);
        }
        assert!(
            tally.jobs > ran,
            "no job ran between two looks at what is held"
        );
        around.nobody_holds_on(id).await;
        held.push(before.returned(id, SLACK, &names[2]).await);
    }
    let took = began.elapsed();
    let [quarter, after] = <[Vitals; 2]>::try_from(held).unwrap();
    assert!(
        tally.wrong.is_empty(),
        "seed {}: {} jobs came to other ends than theirs:\n{}",
        plan.seed,
        tally.wrong.len(),
        tally.shown()
    );
    around.nobody_strayed();
    Surroundings::shelf_is_untouched(rig.folder());
    no_folder_is_left(&rig).await;
    assert!(
        after.resident <= quarter.resident + GROWTH,
        "it grows: {quarter:?} after a quarter of the jobs, {after:?} after all"
    );
    one_result_each(worker, tally.jobs).await;
    Summary {
        jobs: tally.jobs,
        hostile: tally.hostile,
        took,
        before,
        quarter,
        most,
        after,
    }
}

/// Pipelines that each of three lanes runs for the first quarter, and for the rest. Never none: what is held after the one
/// and after the other is compared.
fn parts(pipelines: usize) -> [usize; 2] {
    let lane = pipelines.div_ceil(3).max(2);
    let quarter = pipelines.div_ceil(4).div_ceil(3).clamp(1, lane - 1);
    [quarter, lane - quarter]
}

/// Poll to the end, with a look every now and then.
async fn watched<F: Future>(work: F, mut look: impl FnMut()) -> F::Output {
    let mut work = std::pin::pin!(work);
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = ticks.tick() => look(),
        }
    }
}

/// Pipelines one after the other. With several of these there is always more to do than there are slots.
struct Lane<'a> {
    rig: &'a Rig,
    honest: &'a Plugin,
    cases: &'a [&'static Case],
    around: &'a Surroundings,
}

impl Lane<'_> {
    async fn run(&self, name: &str, seed: u64, pipelines: usize) -> Tally {
        let mut random = StdRng::seed_from_u64(seed);
        let mut tally = Tally::default();
        for at in 0..pipelines {
            self.pipeline(&mut random, &format!("{name}-{at}"), &mut tally)
                .await;
        }
        tally
    }

    async fn pipeline(&self, random: &mut StdRng, name: &str, tally: &mut Tally) {
        let mut wanted = BTreeMap::new();
        let actions: Vec<Action> = (0..ACTIONS)
            .map(|at| {
                let name = format!("A{at}");
                let (action, end) = self.action(random, &name);
                wanted.insert(name, end);
                action
            })
            .collect();
        let pipeline = Pipeline::new(name).stage(actions);
        let service = &self.rig.service;
        service.create(&pipeline, small_source()).await;
        let execution = service.begin(name).await;
        service.ended_within(&execution, PATIENCE).await;
        let results = service.actions(name, &execution).await;
        for (action, wanted) in &wanted {
            let judged = match results.get(action) {
                Some(result) => self.judge(wanted, result).await,
                None => Err("it has no result".to_owned()),
            };
            tally.jobs += 1;
            tally.hostile += usize::from(matches!(wanted, Wanted::Hostile(_)));
            if let Err(wrong) = judged {
                tally.wrong.push(format!("{name}/{action}: {wrong}"));
            }
        }
    }

    /// Of a hostile job also all that the suite looks at: its log, and what it has made.
    async fn judge(&self, wanted: &Wanted, result: &ActionResult) -> Result<(), String> {
        wanted.judge(result)?;
        let Wanted::Hostile(case) = wanted else {
            return Ok(());
        };
        let seen = Seen::of(result, self.rig).await;
        catch_unwind(|| case.check(&seen)).map_err(|_| {
            format!(
                "{}: more is to be seen of it than its end, as printed above",
                case.guest
            )
        })
    }

    fn action(&self, random: &mut StdRng, name: &str) -> (Action, Wanted) {
        if random.random_range(0..HOSTILE) > 0 {
            return an_honest_one(random, &Action::new(name, self.honest), name);
        }
        let case = self.cases[random.random_range(0..self.cases.len())];
        let action = case.action(&case.plugin(), name, self.around);
        (action, Wanted::Hostile(case))
    }
}

fn an_honest_one(random: &mut StdRng, action: &Action, name: &str) -> (Action, Wanted) {
    let action = action.clone();
    match random.random_range(0..8) {
        0 | 1 => {
            let out = format!("{name}Out");
            (action.input("Source").output(&out), Wanted::Success)
        }
        2 => {
            let pause = random.random_range(0..300).to_string();
            (action.doing("sleep").with("ms", &pause), Wanted::Success)
        }
        3 => (action.doing("mixed-log"), Wanted::Success),
        4 => (action.doing("random"), Wanted::Success),
        5 => {
            let action = action.doing("fail").with("message", "as it was told");
            (action, Wanted::Failure("as it was told"))
        }
        6 => (action.doing("progress"), Wanted::Success),
        _ => (action.doing("stdout"), Wanted::Success),
    }
}

#[derive(Default)]
struct Tally {
    jobs: usize,
    hostile: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn add(&mut self, done: Tally) {
        self.jobs += done.jobs;
        self.hostile += done.hostile;
        self.wrong.extend(done.wrong);
    }

    /// Enough of them to see what it is.
    fn shown(&self) -> String {
        let mut text = String::new();
        for wrong in self.wrong.iter().take(10) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{wrong}");
        }
        text
    }
}

/// Every job that was taken was reported once, and there were so many.
async fn one_result_each(worker: Worker, jobs: usize) {
    let log = worker.stop_cleanly().await;
    let mut taken: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for line in log.lines() {
        let Ok(line) = serde_json::from_str::<serde_json::Value>(line) else {
            continue;
        };
        let fields = &line["fields"];
        let job = fields["job"].as_str().unwrap_or_default().to_owned();
        match fields["message"].as_str() {
            Some("job taken") => taken.entry(job).or_default().0 += 1,
            Some("job reported") => taken.entry(job).or_default().1 += 1,
            _ => {}
        }
    }
    let wrong: Vec<_> = taken
        .iter()
        .filter(|(_, times)| **times != (1, 1))
        .collect();
    assert!(wrong.is_empty(), "taken and reported: {wrong:?}");
    assert_eq!(taken.len(), jobs, "jobs were taken");
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn jobs_run_before_and_after_the_first_quarter() {
        for pipelines in 0..2_000 {
            let [quarter, rest] = parts(pipelines);
            assert!(quarter > 0 && rest > 0, "of {pipelines}");
            assert!(3 * (quarter + rest) >= pipelines, "of {pipelines}");
        }
        assert_eq!(parts(1_200), [100, 300]);
    }
}
