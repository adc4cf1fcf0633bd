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
    // A number: the same text in every language, where a string would be quoted JSON here.
    let token: Option<u32> = job.token()?;
    if mode == "continue" && token.is_none() {
        return Ok(Outcome::in_progress(2).summary("one of two").percent(100));
    }
    let text = job.first_input()?.read_to_string("message.txt")?;
    control::progress(50, "read");
    job.first_output()?
        .write("shout.txt", text.to_uppercase())?;
    Ok(Outcome::succeeded()
        .variable("characters", text.chars().count())
        .variable(
            "token",
            token.map_or_else(|| "none".to_owned(), |token| token.to_string()),
        )
        .summary("shouted")
        .percent(100))
}

pipefitter_sdk::plugin!(run);
