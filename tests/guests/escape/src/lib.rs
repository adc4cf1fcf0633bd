//! A plugin that has broken out of wasm: by an import that only the suites' children have, it makes any system call
//! in the process that runs it. `call` in its configuration is the number, `arguments` the arguments, and what is in
//! `buffers` stands in for those that are pointers: text for a path, `#40` for forty zero bytes, `!00ff`
//! for bytes in hex.

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
        inline: "
            package pipefitter:test@0.1.0;
            interface host {
                panic: func(message: string);
                syscall: func(number: u64, arguments: list<u64>, buffers: list<tuple<u8, list<u8>>>)
                    -> tuple<s64, list<tuple<u8, list<u8>>>>;
            }
            world escape {
                include pipefitter:action/action@0.1.0;
                import host;
            }
        ",
        generate_all,
    });

    use super::Escape;
    export!(Escape);
}

use bindings::exports::pipefitter::action::handler::{Failure, Guest, Job, Outcome};
use bindings::pipefitter::action::types::{ExecutionDetails, FailureType, Success};
use bindings::pipefitter::test::host;

struct Escape;

impl Guest for Escape {
    fn run(job: Job) -> Result<Outcome, Failure> {
        let value = |key: &str| {
            let found = job.configuration.iter().find(|(name, _)| name == key);
            found.map(|(_, value)| value.as_str())
        };
        if let Some(message) = value("panic") {
            host::panic(message);
        }
        let call = value("call").and_then(|number| number.parse().ok());
        let Some(number) = call else {
            return Err(failure("say which `call`"));
        };
        let arguments: Vec<u64> = value("arguments")
            .unwrap_or_default()
            .split_whitespace()
            .map(|word| word.parse::<i64>().map_or(0, |number| number as u64))
            .collect();
        let buffers: Vec<(u8, Vec<u8>)> = value("buffers")
            .unwrap_or_default()
            .split('|')
            .filter_map(|entry| {
                let (at, content) = entry.split_once('=')?;
                let bytes = if let Some(length) = content.strip_prefix('#') {
                    vec![0; length.parse().ok()?]
                } else if let Some(hex) = content.strip_prefix('!') {
                    let digits = hex.as_bytes().chunks(2);
                    let pairs = digits.map(|pair| std::str::from_utf8(pair).ok());
                    let bytes = pairs.map(|pair| u8::from_str_radix(pair?, 16).ok());
                    bytes.collect::<Option<_>>()?
                } else {
                    [content.as_bytes(), b"\0"].concat()
                };
                Some((at.parse().ok()?, bytes))
            })
            .collect();
        println!("calling");
        let (answer, back) = host::syscall(number, &arguments, &buffers);
        let read = back
            .first()
            .map(|(_, bytes)| bytes.clone())
            .unwrap_or_default();
        Ok(Outcome::Succeeded(Success {
            variables: vec![
                ("answer".to_owned(), answer.to_string()),
                (
                    "read".to_owned(),
                    String::from_utf8_lossy(&read)
                        .trim_end_matches('\0')
                        .to_owned(),
                ),
            ],
            details: ExecutionDetails {
                summary: None,
                external_execution_id: None,
                percent_complete: None,
            },
            current_revision: None,
        }))
    }
}

fn failure(message: &str) -> Failure {
    Failure {
        kind: FailureType::ConfigurationError,
        message: message.to_owned(),
        external_execution_id: None,
    }
}
