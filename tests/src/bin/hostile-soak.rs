//! The long hostile soak: so many jobs under each kind of isolation, a tenth of them hostile. `cargo xtask soak` runs it.

use std::process::ExitCode;

use pipefitter_tests::hostile::soak::{Plan, soak};
use pipefitter_tests::hostile::{GROUPS, Isolation};

const USAGE: &str =
    "usage: hostile-soak --jobs N [--seed N] [--isolation process|shared] [--group 0|1|2|3]";

const _: () = assert!(GROUPS.len() == 4, "the usage names each group");

/// What is asked for; each part that is left out is done in all ways.
#[derive(Default)]
struct Asked {
    jobs: usize,
    seed: Option<u64>,
    isolation: Option<Isolation>,
    group: Option<usize>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(asked) = read(&arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let seed = asked.seed.unwrap_or_else(rand::random);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("--jobs {} --seed {seed}", asked.jobs);
    let groups = asked.group.map_or(GROUPS.len(), |_| 1);
    let rounds: Vec<(Isolation, usize)> = [Isolation::Process, Isolation::Shared]
        .into_iter()
        .flat_map(|isolation| (0..GROUPS.len()).map(move |group| (isolation, group)))
        .filter(|(isolation, _)| asked.isolation.is_none_or(|only| only == *isolation))
        .filter(|(_, group)| asked.group.is_none_or(|only| only == *group))
        .collect();
    runtime.block_on(async {
        let (mut done, mut hostile) = (0, 0);
        for &(isolation, group) in &rounds {
            let plan = Plan {
                jobs: asked.jobs.div_ceil(groups),
                seed,
                isolation,
                group,
            };
            let summary = soak(plan).await;
            println!("{isolation:?}, group {group}: {summary:#?}");
            done += summary.jobs;
            hostile += summary.hostile;
        }
        println!(
            "seed {seed}: {done} jobs, {hostile} of them hostile; each has one result, its own"
        );
    });
    ExitCode::SUCCESS
}

fn read(arguments: &[String]) -> Option<Asked> {
    let mut asked = Asked::default();
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { return None };
        match (name.as_str(), value.as_str()) {
            ("--jobs", value) => asked.jobs = value.parse().ok()?,
            ("--seed", value) => asked.seed = Some(value.parse().ok()?),
            ("--isolation", "process") => asked.isolation = Some(Isolation::Process),
            ("--isolation", "shared") => asked.isolation = Some(Isolation::Shared),
            ("--group", value) => asked.group = Some(value.parse().ok()?),
            _ => return None,
        }
    }
    let known = asked.group.is_none_or(|group| group < GROUPS.len());
    (asked.jobs > 0 && known).then_some(asked)
}
