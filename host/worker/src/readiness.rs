//! Whether a worker takes work, and what it does not take: one line for a supervisor and for whoever asks it.
//!
//! ```text
//!     ready ------(the journal fails, or no poll is answered)----> not ready ---(it works again)---> ready
//!       \------------------------(told to drain)--------------------> draining
//! ```
//!
//! A part that does not work (one poller, one client of a partner, one queue of events) leaves the worker as
//! ready as it is without that part: a fleet must not restart a worker that serves nine sources since the tenth is
//! denied. So the parts are named, and do not count.

use std::fmt;

use pipefitter_codepipeline::clean_text;

use crate::status::WorkerStatus;

/// Parts of a kind that are named; of more, only how many. Supervisors show the line whole.
const NAMED: usize = 3;

/// Of one part's text, characters: what a service answers can be long.
const PART: usize = 200;

/// See [`WorkerStatus::readiness`]. Its text is one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Readiness {
    /// Work is taken, from one poller at least.
    pub ready: bool,
    /// In words, without line breaks and control characters.
    pub text: String,
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl WorkerStatus {
    /// Whether this worker takes work, how much it has, and what it does not take: pollers that are not
    /// answered, clients of partners without a token, queues of events that do not work.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let mut polling = self.pollers.iter().filter(|poller| poller.polls).peekable();
        let polled = polling.peek().is_none() || polling.any(|poller| poller.healthy);
        let state = if self.draining {
            "draining"
        } else if !self.journal_ok {
            "not ready: the journal cannot be written, so nothing is polled"
        } else if !polled {
            "not ready: no poll is answered"
        } else {
            "ready"
        };
        let mut parts = vec![
            state.to_owned(),
            format!("jobs: {} of {} slots", self.jobs.len(), self.slots),
        ];
        if self.outbox > 0 {
            parts.push(format!("results that wait: {}", self.outbox));
        }
        if self.parked > 0 {
            parts.push(format!("results that were refused: {}", self.parked));
        }
        let silent = self.pollers.iter().filter_map(|poller| {
            let problem = poller.problem.as_ref()?;
            let query = match &poller.query {
                Some((property, value)) => format!(" ({property} = {value})"),
                None => String::new(),
            };
            Some(format!(
                "no jobs of {}{query} from {}: {problem}",
                poller.action_type, poller.source
            ))
        });
        named(&mut parts, silent, "action types without jobs");
        let unserved = self.unserved_clients.iter().map(|client| {
            format!(
                "no jobs of client {} from {}, since {}",
                client.client, client.source, client.reason
            )
        });
        named(&mut parts, unserved, "clients without jobs");
        let deaf = self.queues.iter().filter_map(|queue| {
            let problem = queue.problem.as_ref()?;
            Some(format!("no events from {}: {problem}", queue.source))
        });
        named(&mut parts, deaf, "sources without events");
        Readiness {
            ready: state == "ready",
            text: parts.join("; "),
        }
    }
}

/// The first parts of a kind, and how many more there are.
fn named(parts: &mut Vec<String>, kind: impl Iterator<Item = String>, what: &str) {
    let mut more = 0_usize;
    for (at, part) in kind.enumerate() {
        if at < NAMED {
            parts.push(one_line(&part));
        } else {
            more += 1;
        }
    }
    if more > 0 {
        parts.push(format!("{what} besides: {more}"));
    }
}

fn one_line(text: &str) -> String {
    let clean = clean_text(text);
    let line = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(PART) {
        None => line,
        Some((end, _)) => format!("{}...", &line[..end]),
    }
}

#[cfg(test)]
mod tests {
    use crate::status::{PollerStatus, QueueStatus, UnservedClientStatus};

    use super::*;

    fn worker() -> WorkerStatus {
        WorkerStatus {
            slots: 8,
            journal_ok: true,
            pollers: vec![poller("Build/Site/1", None)],
            ..WorkerStatus::default()
        }
    }

    fn poller(action_type: &str, problem: Option<&str>) -> PollerStatus {
        PollerStatus {
            source: "main".to_owned(),
            action_type: action_type.to_owned(),
            query: None,
            healthy: problem.is_none(),
            polls: true,
            problem: problem.map(str::to_owned),
        }
    }

    fn client(name: &str) -> UnservedClientStatus {
        UnservedClientStatus {
            source: "partner".to_owned(),
            client: name.to_owned(),
            reason: "it has no client token".to_owned(),
            offers: 3,
        }
    }

    #[test]
    fn a_worker_that_works_says_so_in_few_words() {
        let readiness = worker().readiness();
        assert!(readiness.ready);
        insta::assert_snapshot!(readiness, @"ready; jobs: 0 of 8 slots");
    }

    #[test]
    fn parts_that_do_not_work_are_named_and_do_not_count() {
        let mut status = worker();
        status.pollers.push(PollerStatus {
            query: Some(("Team".to_owned(), "a".to_owned())),
            ..poller(
                "Test/Lint/2",
                Some("AccessDeniedException:\nnot\u{1b}[31m allowed"),
            )
        });
        status.unserved_clients = ["acme", "beta\nREADY=1", "gamma", "delta", "epsilon"]
            .map(client)
            .into();
        status.queues.push(QueueStatus {
            source: "main".to_owned(),
            works: false,
            problem: Some("x".repeat(400)),
        });
        status.outbox = 2;
        status.parked = 1;
        let readiness = status.readiness();
        assert!(readiness.ready);
        assert!(
            !readiness.text.contains('\n'),
            "a line of its own would be a message of its own"
        );
        insta::assert_snapshot!(readiness.text.replace("; ", "\n"), @r"
        ready
        jobs: 0 of 8 slots
        results that wait: 2
        results that were refused: 1
        no jobs of Test/Lint/2 (Team = a) from main: AccessDeniedException: not allowed
        no jobs of client acme from partner, since it has no client token
        no jobs of client beta READY=1 from partner, since it has no client token
        no jobs of client gamma from partner, since it has no client token
        clients without jobs besides: 2
        no events from main: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...
        ");
    }

    #[test]
    fn a_type_that_nothing_is_polled_for_is_named_and_does_not_count() {
        let silent = PollerStatus {
            polls: false,
            ..poller("Test/Lint/2", Some("there are no values"))
        };
        let mut status = worker();
        status.pollers = vec![silent];
        insta::assert_snapshot!(status.readiness(), @"ready; jobs: 0 of 8 slots; no jobs of Test/Lint/2 from main: there are no values");
        assert!(status.readiness().ready);
        status
            .pollers
            .push(poller("Build/Site/1", Some("no route to host")));
        assert!(!status.readiness().ready);
    }

    #[test]
    fn without_a_journal_or_any_answer_it_is_not_ready() {
        let mut status = worker();
        status.journal_ok = false;
        insta::assert_snapshot!(status.readiness(), @"not ready: the journal cannot be written, so nothing is polled; jobs: 0 of 8 slots");
        assert!(!status.readiness().ready);
        let mut status = worker();
        status.pollers = vec![poller("Build/Site/1", Some("no route to host"))];
        insta::assert_snapshot!(status.readiness(), @"not ready: no poll is answered; jobs: 0 of 8 slots; no jobs of Build/Site/1 from main: no route to host");
        assert!(!status.readiness().ready);
        status.draining = true;
        insta::assert_snapshot!(status.readiness(), @"draining; jobs: 0 of 8 slots; no jobs of Build/Site/1 from main: no route to host");
        assert!(!status.readiness().ready);
    }
}
