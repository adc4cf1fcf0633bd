//! A plugin that makes the requests that its configuration names, good or bad, for tests of the network.
//!
//! The key `do` chooses; [`act`] lists what there is. `url`, `method`, `size` (of the request's body), `headers`
//! (`name: value`, one in a line; `*9000` is a value of that length) and `timeouts` (connect, first byte, between bytes: milliseconds, or `-`) make up
//! a request. Built with `cargo build -p pipefitter-test-net --profile guest --target wasm32-wasip2`.

// Its exports have the names that components give them, which no native linker takes.
#![cfg(target_family = "wasm")]

mod client;

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
        inline: "
            package pipefitter:test-net;
            world net {
                include pipefitter:action/action@0.1.0;
            }
        ",
        generate_all,
    });

    use super::Net;
    export!(Net);
}

use bindings::exports::pipefitter::action::handler::{Failure, Guest, Job, Outcome};
use bindings::pipefitter::action::types::{ExecutionDetails, FailureType, Success};
use client::{Ask, Reply};

type Answer = Result<Outcome, Failure>;

/// What is shown of a body, and of a header.
const SHOWN: usize = 400;

struct Net;

impl Guest for Net {
    fn run(job: Job) -> Answer {
        act(&job)
    }
}

fn act(job: &Job) -> Answer {
    let ask = Ask {
        url: config(job, "url").unwrap_or_default().to_owned(),
        method: config(job, "method").unwrap_or("GET").to_owned(),
        size: number(job, "size").unwrap_or(0),
        piece: number(job, "piece").unwrap_or(4096).clamp(1, 4096),
        headers: config(job, "headers").unwrap_or_default().to_owned(),
        timeouts: config(job, "timeouts").unwrap_or_default().to_owned(),
    };
    let count = number(job, "count").unwrap_or(1);
    match config(job, "do").unwrap_or("fetch") {
        // One request: `status`, `length`, `body`, `error`, `ended`, and headers as `header-NAME`.
        "fetch" => succeeded(variables(&client::fetch(&ask))),
        // `count` requests one after the other, whatever comes of them: how many were answered, and the last error.
        "repeat" => {
            let replies: Vec<Reply> = (0..count).map(|_| client::fetch(&ask)).collect();
            summed(&replies)
        }
        // `count` requests at a time.
        "parallel" => summed(&client::together(&ask, count)),
        // Prints `first` as soon as the first byte of the answer is there, and says what it was.
        "stream" => {
            let reply = client::fetch_with(&ask, |_| println!("first"));
            succeeded(variables(&reply))
        }
        // Drops `count` requests before they are answered, and makes one more.
        "drop" => {
            client::drop_unanswered(&ask, count);
            succeeded(variables(&client::fetch(&ask)))
        }
        // Writes a body that is never sent, and waits for it to be taken.
        "unsent" => {
            println!("writing");
            client::write_unsent();
            succeeded(Vec::new())
        }
        // Makes headers of `size` bytes, and sends none of them.
        "fields" => {
            client::make_fields(ask.size);
            succeeded(Vec::new())
        }
        // Keeps `count` bodies of `size` bytes that are never sent, and goes on.
        "hoard" => {
            let kept = client::hoard(count, ask.size);
            succeeded(vec![("kept".to_owned(), kept.to_string())])
        }
        other => Err(Failure {
            kind: FailureType::ConfigurationError,
            message: format!("the plugin cannot do {other:?}"),
            external_execution_id: None,
        }),
    }
}

fn variables(reply: &Reply) -> Vec<(String, String)> {
    let mut variables = vec![
        ("status".to_owned(), reply.status.to_string()),
        ("length".to_owned(), reply.length.to_string()),
        ("body".to_owned(), shown(&reply.body)),
        ("error".to_owned(), reply.error.clone()),
        ("ended".to_owned(), reply.ended.clone()),
    ];
    let headers = reply.headers.iter().take(20);
    variables.extend(headers.map(|(name, value)| (format!("header-{name}"), shown(value))));
    variables.retain(|(_, value)| !value.is_empty());
    variables
}

fn shown(bytes: &[u8]) -> String {
    let shown = bytes.get(..SHOWN).unwrap_or(bytes);
    String::from_utf8_lossy(shown).into_owned()
}

fn summed(replies: &[Reply]) -> Answer {
    let answered = replies.iter().filter(|reply| reply.status == 200).count();
    let bytes: u64 = replies.iter().map(|reply| reply.length).sum();
    let last = replies.iter().rev().find(|reply| !reply.error.is_empty());
    let mut variables = vec![
        ("answered".to_owned(), answered.to_string()),
        ("bytes".to_owned(), bytes.to_string()),
    ];
    variables.extend(last.map(|reply| ("error".to_owned(), reply.error.clone())));
    succeeded(variables)
}

fn config<'a>(job: &'a Job, key: &str) -> Option<&'a str> {
    let pair = job.configuration.iter().find(|(name, _)| name == key)?;
    Some(&pair.1)
}

fn number(job: &Job, key: &str) -> Option<u64> {
    config(job, key)?.parse().ok()
}

fn succeeded(variables: Vec<(String, String)>) -> Answer {
    Ok(Outcome::Succeeded(Success {
        variables,
        details: ExecutionDetails {
            summary: None,
            external_execution_id: None,
            percent_complete: None,
        },
        current_revision: None,
    }))
}
