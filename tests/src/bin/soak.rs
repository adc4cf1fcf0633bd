//! The long random suite: rounds of kills and faults until the time is over. `cargo xtask soak` runs it.

use std::process::ExitCode;
use std::time::Duration;

use pipefitter_tests::soak::round;
use tokio::time::Instant;

const USAGE: &str = "usage: soak --minutes M [--seed N]";
const KILLS: usize = 12;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((minutes, seed)) = read(&arguments) else {
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
    runtime.block_on(async {
        let until = Instant::now() + Duration::from_secs(minutes * 60);
        let (mut rounds, mut jobs, mut kills, mut faults) = (0_u64, 0, 0, 0);
        while rounds == 0 || Instant::now() < until {
            let seed = seed.wrapping_add(rounds);
            println!("round {rounds}: --seed {seed}");
            let summary = round(seed, KILLS).await;
            rounds += 1;
            jobs += summary.jobs;
            kills += summary.kills;
            faults += summary.faults;
            println!("    {summary:?}");
        }
        println!(
            "{rounds} rounds from seed {seed}: {jobs} jobs, {kills} kills, {faults} faults; each job has one \
             result"
        );
    });
    ExitCode::SUCCESS
}

fn read(arguments: &[String]) -> Option<(u64, Option<u64>)> {
    let mut minutes = None;
    let mut seed = None;
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { return None };
        match name.as_str() {
            "--minutes" => minutes = Some(value.parse().ok()?),
            "--seed" => seed = Some(value.parse().ok()?),
            _ => return None,
        }
    }
    Some((minutes?, seed))
}
