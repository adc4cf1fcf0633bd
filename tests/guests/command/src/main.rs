//! The twin as a plain WASI command: what tests/guests/rust does, word for word, by lines of JSON.

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::{Value, json};

/// What ends a job early: a failure of the contract's.
struct Failed {
    kind: &'static str,
    message: String,
}

impl Failed {
    fn job(error: impl std::fmt::Display) -> Failed {
        Failed {
            kind: "job_failed",
            message: error.to_string(),
        }
    }
}

fn main() -> io::Result<()> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let document: Value = serde_json::from_str(&line)?;
    let job = &document["job"];
    match run(job) {
        Ok(outcome) => say(job, "outcome", &outcome),
        Err(Failed { kind, message }) => {
            say(job, "failure", &json!({ "kind": kind, "message": message }))
        }
    }
}

fn run(job: &Value) -> Result<Value, Failed> {
    let action = job["pipeline"]["action"].as_str().unwrap_or_default();
    println!("twin runs {action}");
    let mode = job["configuration"]["mode"].as_str().unwrap_or("ok");
    if mode == "fail" {
        return Err(Failed {
            kind: "configuration_error",
            message: "`mode` says fail: set it to ok".into(),
        });
    }
    let token = job["continuation_token"].as_str();
    if mode == "continue" && token.is_none() {
        return Ok(json!({ "in_progress": {
            "token": "2",
            "details": { "summary": "one of two", "percent_complete": 100 },
        }}));
    }
    let text = std::fs::read_to_string(folder(&job["inputs"])?.join("message.txt"))
        .map_err(Failed::job)?;
    say(
        job,
        "progress",
        &json!({ "percent": 50, "summary": "read" }),
    )
    .map_err(Failed::job)?;
    std::fs::write(
        folder(&job["outputs"])?.join("shout.txt"),
        text.to_uppercase(),
    )
    .map_err(Failed::job)?;
    Ok(json!({ "succeeded": {
        "variables": {
            "characters": text.chars().count().to_string(),
            "token": token.unwrap_or("none"),
        },
        "details": { "summary": "shouted", "percent_complete": 100 },
    }}))
}

/// The directory of the first artifact.
fn folder(artifacts: &Value) -> Result<PathBuf, Failed> {
    artifacts[0]["path"]
        .as_str()
        .map(PathBuf::from)
        .ok_or_else(|| Failed::job("the job has no such artifact"))
}

/// A line of the protocol. `pipefitter` comes first, which `json!` would not keep.
fn say(job: &Value, kind: &str, content: &Value) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(
        stdout,
        "{{\"pipefitter\":1,\"job_id\":{},\"{kind}\":{content}}}",
        job["id"]
    )?;
    stdout.flush()
}
