//! The guest of the conformance suite as a plain WASI command, by lines of JSON: tests/conformance/README.md says what it
//! does.

mod answers;
mod files;
mod host;
mod surroundings;

use std::io;

use host::{Answer, Failed, Host};
use serde_json::json;

fn main() -> io::Result<()> {
    let host = Host::begin()?;
    match run(&host) {
        Ok(outcome) => host.say("outcome", &outcome),
        Err(failed) => host.say("failure", &failed.record()),
    }
}

fn run(host: &Host) -> Result<Answer, Failed> {
    let case = host.configured("case").unwrap_or_default();
    let mut done = match case {
        "config" => answers::config(host)?,
        "inputs" => files::inputs(host)?,
        "large" => files::large(host)?,
        "tree" => files::tree(host)?,
        "variables" => answers::variables(host)?,
        "fail" => return Err(answers::fail(host)),
        "continue" => return Ok(answers::chain(host)),
        "details" => answers::details(host),
        "throw" => return Err(Failed::job("uncaught as asked")),
        "trap" => std::process::abort(),
        "progress" => return answers::progress(host),
        "stop" => return surroundings::stop(host),
        "deadline" => surroundings::deadline(host)?,
        "log" => surroundings::log(host)?,
        "clock" => surroundings::clock(),
        "random" => surroundings::random()?,
        "denied-file" => files::denied(host)?,
        "secret" => surroundings::secret(host)?,
        _ => {
            return Err(Failed::new(
                "configuration_error",
                format!("unknown case `{case}`"),
            ));
        }
    };
    done["succeeded"]["details"]["summary"] = json!(format!("{case} done"));
    Ok(done)
}
