//! The long hostile soak: so many jobs, a tenth of them hostile, under both kinds of isolation. `cargo xtask soak` runs it.

use std::process::ExitCode;

use pipefitter_tests::hostile::soak::{Plan, soak};
use pipefitter_tests::hostile::{HALVES, Isolation};

const USAGE: &str = "usage: hostile-soak --jobs N [--seed N]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((jobs, seed)) = read(&arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let seed = seed.unwrap_or_else(rand::random);
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
    println!("--jobs {jobs} --seed {seed}");
    runtime.block_on(async {
        let (mut done, mut hostile) = (0, 0);
        for isolation in [Isolation::Process, Isolation::Shared] {
            for half in 0..HALVES.len() {
                let plan = Plan {
                    jobs: jobs.div_ceil(2 * HALVES.len()),
                    seed,
                    isolation,
                    half,
                };
                let summary = soak(plan).await;
                println!("{isolation:?}, half {half}: {summary:#?}");
                done += summary.jobs;
                hostile += summary.hostile;
            }
        }
        println!(
            "seed {seed}: {done} jobs, {hostile} of them hostile; each has one result, its own"
        );
    });
    ExitCode::SUCCESS
}

fn read(arguments: &[String]) -> Option<(usize, Option<u64>)> {
    let mut jobs = None;
    let mut seed = None;
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { return None };
        match name.as_str() {
            "--jobs" => jobs = Some(value.parse().ok()?),
            "--seed" => seed = Some(value.parse().ok()?),
            _ => return None,
        }
    }
    Some((jobs?, seed))
}
