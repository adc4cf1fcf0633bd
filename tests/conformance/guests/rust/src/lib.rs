//! The guest of the conformance suite in Rust: tests/conformance/README.md says what it does.

mod answers;
mod files;
mod reach;
mod surroundings;

use pipefitter_sdk::{Failure, Job, Outcome};

fn run(job: Job) -> Result<Outcome, Failure> {
    let case = job.config_value("case").unwrap_or_default().to_owned();
    let done = match case.as_str() {
        "config" => answers::config(&job)?,
        "inputs" => files::inputs(&job)?,
        "large" => files::large(&job)?,
        "tree" => files::tree(&job)?,
        "variables" => answers::variables(&job)?,
        "fail" => return Err(answers::fail(&job)),
        "continue" => return answers::chain(&job),
        "details" => answers::details(&job),
        "throw" => Err(std::io::Error::other("uncaught as asked"))?,
        "trap" => panic!("trapped as asked"),
        "progress" => return Ok(answers::progress()),
        "stop" => return Ok(surroundings::stop()),
        "deadline" => surroundings::deadline(),
        "log" => surroundings::log(),
        "clock" => surroundings::clock(),
        "random" => surroundings::random(),
        "denied-file" => files::denied(&job)?,
        "network" => reach::network(&job)?,
        "secret" => reach::secret()?,
        _ => {
            return Err(Failure::configuration_error(format!(
                "unknown case `{case}`"
            )));
        }
    };
    Ok(done.summary(format!("{case} done")))
}

pipefitter_sdk::plugin!(run);
