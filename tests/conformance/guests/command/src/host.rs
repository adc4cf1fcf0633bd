//! The protocol: one job in, lines out, and a line in for each question.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::{Value, json};

/// What the line of kind `outcome` holds.
pub(crate) type Answer = Value;

/// The host, as the job's document tells of it.
pub(crate) struct Host {
    document: Value,
}

/// What the line of kind `failure` holds.
pub(crate) struct Failed {
    kind: &'static str,
    message: String,
    pub(crate) external_id: Option<&'static str>,
}

impl Failed {
    pub(crate) fn new(kind: &'static str, message: impl Display) -> Failed {
        Failed {
            kind,
            message: message.to_string(),
            external_id: None,
        }
    }

    /// The work itself failed.
    pub(crate) fn job(message: impl Display) -> Failed {
        Failed::new("job_failed", message)
    }

    pub(crate) fn record(&self) -> Value {
        json!({
            "kind": self.kind,
            "message": self.message,
            "external_execution_id": self.external_id,
        })
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Failed {
        Failed::job(error)
    }
}

impl Host {
    /// Read the job.
    pub(crate) fn begin() -> io::Result<Host> {
        Ok(Host { document: read()? })
    }

    pub(crate) fn job(&self) -> &Value {
        &self.document["job"]
    }

    pub(crate) fn configured(&self, key: &str) -> Option<&str> {
        self.job()["configuration"][key].as_str()
    }

    /// The directory of the first artifact of `inputs` or `outputs`.
    pub(crate) fn folder(&self, artifacts: &str) -> Result<PathBuf, Failed> {
        let path = self.job()[artifacts][0]["path"].as_str();
        path.map(PathBuf::from)
            .ok_or_else(|| Failed::job(format!("the job has no {artifacts}")))
    }

    /// Print a line of the protocol. `pipefitter` comes first, which a map would not keep.
    pub(crate) fn say(&self, kind: &str, content: &Value) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        writeln!(
            stdout,
            "{{\"pipefitter\":1,\"job_id\":{},\"{kind}\":{content}}}",
            self.job()["id"]
        )?;
        stdout.flush()
    }

    /// Print a question and read its answer.
    pub(crate) fn ask(&self, kind: &str, content: &Value) -> io::Result<Value> {
        self.say(kind, content)?;
        let mut answer = read()?;
        Ok(answer[kind].take())
    }

    pub(crate) fn log(&self, level: &str, message: &str) -> io::Result<()> {
        self.say("log", &json!({ "level": level, "message": message }))
    }
}

fn read() -> io::Result<Value> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

/// Success with these variables.
pub(crate) fn succeeded(variables: Value) -> Answer {
    json!({ "succeeded": { "variables": variables, "details": {} } })
}
