//! A plugin that reads a secret by the name that its configuration gives, and does with it what it says: keeps it,
//! logs it, or returns it.

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
            package pipefitter:test-secret;
            world reader {
                include pipefitter:action/action@0.1.0;
                include pipefitter:action/needs-secrets@0.1.0;
            }
        ",
        generate_all,
    });

    use super::Reader;
    export!(Reader);
}

use bindings::exports::pipefitter::action::handler::{Failure, Guest, Job, Outcome};
use bindings::pipefitter::action::secrets;
use bindings::pipefitter::action::types::{ExecutionDetails, FailureType, Success};

struct Reader;

impl Guest for Reader {
    fn run(job: Job) -> Result<Outcome, Failure> {
        let value = |key: &str| {
            let found = job.configuration.iter().find(|(name, _)| name == key);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let secret = match secrets::get(&value("name")) {
            Ok(secret) => secret,
            Err(error) => return Err(failure(&format!("no secret: {error:?}"))),
        };
        let reversed: String = secret.chars().rev().collect();
        let mut variables = vec![("length".to_owned(), secret.len().to_string())];
        match value("do").as_str() {
            "log" => {
                println!("the secret is {secret}");
                let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
                eprintln!("in hex {hex}");
            }
            "message" => return Err(failure(&format!("it is {secret}"))),
            "variable" => variables.push(("told".to_owned(), secret)),
            _ => variables.push(("reversed".to_owned(), reversed)),
        }
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
}

fn failure(message: &str) -> Failure {
    Failure {
        kind: FailureType::JobFailed,
        message: message.to_owned(),
        external_execution_id: None,
    }
}
