//! A plugin with an asynchronous entry. It is the twin of tests/guests/rust, and does what the key `do` says in its place:
//!
//! | `do` | |
//! |---|---|
//! | `leave` | answers while a task of its goes on that logs without end |
//! | `wait` | waits for nothing |
//! | `yield` | gives way for ever |
//! | `spin` | computes for ever |
//! | `until-stop` | gives way until there is a stop request, and hands over |
//! | `grow` | takes memory until there is none |
//! | `trap` | panics |

// Its exports have the names that components give them, which no native linker takes.
#![cfg(target_family = "wasm")]

/// Generated from the contract.
#[expect(
    unsafe_code,
    reason = "the component model's ABI is raw pointers; the code is generated"
)]
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated from wit/"
)]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit",
        world: "action-async",
    });

    use super::Twin;
    export!(Twin);
}

use std::path::Path;

use bindings::exports::pipefitter::action::async_handler::{Failure, Guest, Job, Outcome};
use bindings::pipefitter::action::types::{Continuation, ExecutionDetails, FailureType, Success};
use bindings::pipefitter::action::{control, log};
use wit_bindgen::{spawn_local, yield_async};

struct Twin;

impl Guest for Twin {
    async fn run(job: Job) -> Result<Outcome, Failure> {
        match value(&job, "do") {
            None => twin(&job).await,
            Some("leave") => {
                spawn_local(async {
                    loop {
                        info("left behind");
                        yield_async().await;
                    }
                });
                Ok(success("left", Vec::new()))
            }
            Some("wait") => std::future::pending().await,
            Some("yield") => {
                info("giving way");
                loop {
                    yield_async().await;
                }
            }
            Some("spin") => {
                info("spinning");
                loop {
                    std::hint::black_box(0);
                }
            }
            Some("until-stop") => {
                info("waiting");
                loop {
                    if let Some(reason) = control::stop_requested() {
                        return Ok(Outcome::InProgress(Continuation {
                            token: format!("{reason:?}"),
                            details: details(""),
                        }));
                    }
                    yield_async().await;
                }
            }
            Some("grow") => {
                let mut taken = Vec::new();
                loop {
                    taken.push(vec![1_u8; 1 << 20]);
                    yield_async().await;
                    std::hint::black_box(&taken);
                }
            }
            Some(_) => panic!("told to"),
        }
    }
}

async fn twin(job: &Job) -> Result<Outcome, Failure> {
    info(&format!("twin runs {}", job.pipeline.action));
    let mode = value(job, "mode").unwrap_or("ok");
    if mode == "fail" {
        return Err(failure(
            FailureType::ConfigurationError,
            "`mode` says fail: set it to ok",
        ));
    }
    let token = job.continuation_token.as_deref();
    if mode == "continue" && token.is_none() {
        return Ok(Outcome::InProgress(Continuation {
            token: "2".to_owned(),
            details: details("one of two"),
        }));
    }
    let failed = |error: std::io::Error| failure(FailureType::JobFailed, &error.to_string());
    let text = std::fs::read_to_string(Path::new(&job.inputs[0].path).join("message.txt"))
        .map_err(failed)?;
    control::progress(Some(50), "read");
    yield_async().await;
    std::fs::write(
        Path::new(&job.outputs[0].path).join("shout.txt"),
        text.to_uppercase(),
    )
    .map_err(failed)?;
    let variables = vec![
        ("characters".to_owned(), text.chars().count().to_string()),
        ("token".to_owned(), token.unwrap_or("none").to_owned()),
    ];
    Ok(success("shouted", variables))
}

fn value<'a>(job: &'a Job, key: &str) -> Option<&'a str> {
    let mut pairs = job.configuration.iter();
    let found = pairs.find(|(name, _)| name == key);
    found.map(|(_, value)| value.as_str())
}

fn info(text: &str) {
    log::write(log::Level::Info, text, &[]);
}

fn failure(kind: FailureType, message: &str) -> Failure {
    Failure {
        kind,
        message: message.to_owned(),
        external_execution_id: None,
    }
}

fn details(summary: &str) -> ExecutionDetails {
    ExecutionDetails {
        summary: Some(summary.to_owned()),
        external_execution_id: None,
        percent_complete: Some(100),
    }
}

fn success(summary: &str, variables: Vec<(String, String)>) -> Outcome {
    Outcome::Succeeded(Success {
        variables,
        details: details(summary),
        current_revision: None,
    })
}
