//! The twin in Rust: what tests/guests/python and tests/guests/javascript do, word for word.

use pipefitter_sdk::{Failure, Job, Outcome, control, log};

fn run(job: Job) -> Result<Outcome, Failure> {
    log::info!("twin runs {}", job.pipeline.action);
    let mode = job.config_value("mode").unwrap_or("ok");
    if mode == "fail" {
        return Err(Failure::configuration_error(
            "`mode` says fail: set it to ok",
        ));
    }
    let token: Option<String> = job.token()?;
    if mode == "continue" && token.is_none() {
        return Ok(Outcome::in_progress("second")
            .summary("one of two")
            .percent(100));
    }
    let text = job.first_input()?.read_to_string("message.txt")?;
    control::progress(50, "read");
    job.first_output()?
        .write("shout.txt", text.to_uppercase())?;
    Ok(Outcome::succeeded()
        .variable("characters", text.chars().count())
        .variable("token", token.as_deref().unwrap_or("none"))
        .summary("shouted")
        .percent(100))
}

pipefitter_sdk::plugin!(run);
