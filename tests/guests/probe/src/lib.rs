//! A plugin that does what its configuration says, good or bad, for tests of the host.
//!
//! The key `do` chooses; [`act`] lists what there is. Other keys are its parameters. Built with
//! `cargo build -p pipefitter-test-probe --profile guest --target wasm32-wasip2`.

// Its exports have the names that components give them, which no native linker takes.
#![cfg(target_family = "wasm")]

mod answers;
mod disk;
mod files;
mod hostile;
mod work;

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
        path: ["../../../wit", "wit"],
        inline: "
            package pipefitter:test-probe;
            world probe {
                include pipefitter:action/action@0.1.0;
                import wasi:random/random@0.2.0;
            }
        ",
        generate_all,
    });

    use super::Probe;
    export!(Probe);
}

use bindings::exports::pipefitter::action::handler::{Failure, Guest, Job, Outcome};
use bindings::pipefitter::action::types::{ExecutionDetails, FailureType, Success};

type Answer = Result<Outcome, Failure>;

struct Probe;

impl Guest for Probe {
    fn run(job: Job) -> Answer {
        act(&job)
    }
}

fn act(job: &Job) -> Answer {
    match config(job, "do").unwrap_or("ok") {
        // Reads every input, fills every output, returns the variables of `var.NAME`.
        "ok" => files::ok(job),
        // Variables for every member of the job.
        "describe" => answers::describe(job),
        // Fails with `kind` and `message`.
        "fail" => answers::fail(job),
        // `hops` continuations, then as "ok".
        "continue" => answers::hop(job),
        name if name.starts_with("bad-answer-") => answers::bad(name),

        // Sleeps in steps of `step-ms` (20) until a stop is asked for, or `ms` are over.
        "sleep" => work::sleep(job),
        // One sleep of an hour that asks nothing.
        "deaf" => work::deaf(),
        // Says in the granted directory `/granted` that it runs, and waits for the file `go` there.
        "wait-file" => work::wait_file(job),
        // Reports progress in `steps` (4).
        "progress" => work::progress(job),
        // Reports progress and goes on in another job; that one says nothing, and is as "wait-file".
        "progress-hop" => work::progress_hop(job),
        // Writes `text`, with `\n` for line ends, as it is.
        "stdout" => work::print(job, false),
        "stderr" => work::print(job, true),
        // Standard output, `log.write` and standard error by turns.
        "mixed-log" => work::mixed_log(),
        // Prints the value of the key that `key` names.
        "secret-log" => work::secret_log(job),
        // `bytes` of random data in one call, in hex as a variable; at most 32 are shown.
        "random" => work::random(job),
        // The time, random bytes and the order of a hash map, in a file of the first output.
        "chance" => work::chance(job),
        "read-env" => work::read_env(),

        // Tries to change an input; succeeds if it cannot.
        "write-input" => files::write_input(job),
        // Tries every socket; succeeds if it gets none.
        "net" => hostile::net(),
        // Reads the path of `path`; the failure says why not.
        "read" => files::read(job),
        // Writes `text` to the path of `path`.
        "write" => files::write(job),
        // Takes room `at` (/scratch) by the way of `how`, in steps of `step`, until it is refused.
        "fill" => disk::fill(job),
        // How fast files are.
        "file-speed" => disk::speed(job),

        "trap" => panic!("the probe was told to panic"),
        "spin" => hostile::spin(),
        "flood" => hostile::flood(job),
        "memory" => hostile::memory(),
        "stack" => hostile::stack(),
        "handles" => hostile::handles(),
        "hostcall" => hostile::hostcall(),
        "exit" => std::process::exit(number(job, "status").unwrap_or(3) as i32),
        other => failed(
            FailureType::ConfigurationError,
            &format!("the probe cannot do {other:?}"),
        ),
    }
}

fn config<'a>(job: &'a Job, key: &str) -> Option<&'a str> {
    let pair = job.configuration.iter().find(|(name, _)| name == key)?;
    Some(&pair.1)
}

fn number(job: &Job, key: &str) -> Option<u64> {
    config(job, key)?.parse().ok()
}

fn details() -> ExecutionDetails {
    ExecutionDetails {
        summary: None,
        external_execution_id: None,
        percent_complete: None,
    }
}

fn succeeded(variables: Vec<(String, String)>) -> Answer {
    Ok(Outcome::Succeeded(Success {
        variables,
        details: details(),
        current_revision: None,
    }))
}

fn failed(kind: FailureType, message: &str) -> Answer {
    Err(Failure {
        kind,
        message: message.to_owned(),
        external_execution_id: None,
    })
}
