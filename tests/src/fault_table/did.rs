//! What a worker did about a fault, read from its requests and its log.

use std::fmt;

use super::Upset;
use crate::process::Process;
use crate::proxy::Exchange;

/// What became of a job for the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was never the worker's.
    LeftAlone,
    /// Its result was taken, as far as the worker knows.
    Reported,
    /// Its result was refused since the job had ended, or was known to have ended.
    Dropped,
    /// It ended while it was worked on, and was interrupted.
    Cancelled,
}

impl Fate {
    /// As the worker's log tells it, waited for where the job was taken.
    pub(super) async fn told(worker: &Process, job: &str) -> Fate {
        let is_taken = |line: &String| line.contains("\"job taken\"");
        if !worker.lines_with(job).iter().any(is_taken) {
            return Fate::LeftAlone;
        }
        let what = format!("what became of job {job}");
        let found = |line: &str| line.contains(job).then(|| Fate::read(line)).flatten();
        worker.find(0, &what, found).await
    }

    fn read(line: &str) -> Option<Fate> {
        let ends = [
            ("\"job reported\"", Fate::Reported),
            ("the service had ended the job", Fate::Dropped),
            ("the service has ended the job", Fate::Cancelled),
        ];
        let told = ends.iter().find(|(text, _)| line.contains(text))?;
        Some(told.1)
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fate::LeftAlone => "left the job alone",
            Fate::Reported => "reported the job",
            Fate::Dropped => "dropped the result",
            Fate::Cancelled => "cancelled the job",
        })
    }
}

/// The requests for an operation, polls up to the first good one.
pub(super) fn sent<'a>(seen: &'a [Exchange], operation: &str) -> Vec<&'a Exchange> {
    let mut sent = Vec::new();
    for exchange in seen.iter().filter(|e| e.operation == operation) {
        sent.push(exchange);
        if operation.starts_with("Poll") && exchange.is_ok() {
            break;
        }
    }
    sent
}

/// Status and exception of each, `none` for one that was not answered.
pub(super) fn answers(sent: &[&Exchange]) -> String {
    let told = |exchange: &&Exchange| {
        let exception = exception(exchange);
        match (exchange.status, exchange.made) {
            (None, Some((status, code))) => format!("{status} {code}"),
            (None, None) => "none".to_owned(),
            (Some(_), _) if exchange.lost => "none".to_owned(),
            (Some(status), _) => format!("{status} {exception}").trim_end().to_owned(),
        }
    };
    sent.iter().map(told).collect::<Vec<_>>().join(", ")
}

/// The name of the exception in an answer, if it is one.
fn exception(exchange: &Exchange) -> &str {
    let named = exchange.answer["__type"].as_str().unwrap_or_default();
    named.rsplit('#').next().unwrap_or_default()
}

/// In words, in the order in which it was done.
pub(super) fn did(
    upset: Upset,
    seen: &[Exchange],
    sent: &[&Exchange],
    log: &[String],
    fate: Fate,
    is_given_up: bool,
) -> String {
    let mut did = Vec::new();
    // The one that it gave up has no answer yet, or went with its connection.
    if is_given_up {
        did.push("gave it up and sent it again".to_owned());
    }
    let is_bad = |exchange: &&Exchange| !exchange.is_ok();
    let first_bad = sent.first().map(|e| e.operation.as_str());
    let bad = seen
        .iter()
        .position(|e| Some(e.operation.as_str()) == first_bad && !e.is_ok());
    let renewed = |after: &[Exchange]| {
        let is_details = |e: &Exchange| e.operation.ends_with("JobDetails") && e.is_ok();
        after.iter().any(is_details)
    };
    if upset == Upset::Expired && bad.is_some_and(|at| renewed(&seen[at..])) {
        did.push("renewed its credentials".to_owned());
    }
    match sent.windows(2).filter(|pair| is_bad(&pair[0])).count() {
        0 => {}
        1 => did.push("sent it again".to_owned()),
        times => did.push(format!("sent it again {times} times")),
    }
    if is_adopted(log) {
        did.push("took the acknowledge for its own".to_owned());
    }
    did.push(fate.to_string());
    did.join(", ")
}

/// Whether this is an acknowledge whose nonce is no longer that of the job's last offer.
pub(super) fn is_refused_for_its_nonce(exchange: &Exchange) -> bool {
    exchange.operation.starts_with("Acknowledge") && exception(exchange) == "InvalidNonceException"
}

/// Whether the worker took the job for its own by rule.
pub(super) fn is_adopted(log: &[String]) -> bool {
    log.iter().any(|line| line.contains("is taken for ours"))
}
