//! Lines of the protocol, by hand.

use std::io::{self, Write};

/// What an innocent command ends with.
pub(crate) const SUCCESS: &str = "\"outcome\":{\"succeeded\":{}}";

/// One job's lines.
pub(crate) struct Lines {
    begin: String,
}

impl Lines {
    pub(crate) fn new(job_id: &str) -> Lines {
        Lines {
            // Ids are UUIDs: nothing in them needs an escape.
            begin: format!("{{\"pipefitter\":1,\"job_id\":\"{job_id}\","),
        }
    }

    /// A line up to its content.
    pub(crate) fn begin(&self) -> &str {
        &self.begin
    }

    /// A whole line.
    pub(crate) fn say(&self, content: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{}{content}}}", self.begin)?;
        stdout.flush()
    }
}
