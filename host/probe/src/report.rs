//! What a run found out, for people (Markdown) and for programs (JSON, format 1).
//!
//! No account, bucket, role, id or credential is in it: it can be shown to others as it is.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use crate::estate::Left;
use crate::findings::Finding;
use crate::question::{NotAsked, Question};

/// The JSON's `format`; another number says that a reader must look again.
const FORMAT: u32 = 1;

/// A run's report.
#[derive(Clone, Debug)]
pub struct Report {
    /// The run's eight characters.
    pub run: String,
    /// The Region.
    pub region: String,
    /// Where it was asked, if not at AWS.
    pub endpoint: Option<String>,
    /// When it began, RFC 3339.
    pub began: String,
    /// How long it took, in words.
    pub took: String,
    /// What became of each question.
    pub findings: BTreeMap<Question, Finding>,
    /// What could not be removed.
    pub left: Vec<Left>,
}

/// A switch of the embedded service, and what it is to be set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Switch {
    /// Its name in docs/AWS-ASSUMPTIONS.md.
    pub name: &'static str,
    /// The answer.
    pub value: String,
    /// Both, as `pipefitter dev` takes them.
    pub argument: String,
}

impl Switch {
    fn new(question: Question, value: &str) -> Self {
        let name = question.switch();
        let argument = match question.is_time() {
            true => format!("--{name} {value}"),
            false => format!("--assume {name}={value}"),
        };
        Self {
            name,
            value: value.to_owned(),
            argument,
        }
    }
}

impl Report {
    /// Whether each question has its answer and nothing was left behind.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.findings.values().all(Result::is_ok) && self.left.is_empty()
    }

    /// What `pipefitter dev` is to be started with so that it behaves as was seen. Where two questions are
    /// about one switch, the first one's answer counts.
    #[must_use]
    pub fn switches(&self) -> Vec<Switch> {
        let mut switches: Vec<Switch> = Vec::new();
        for (question, finding) in &self.findings {
            let value = finding
                .as_ref()
                .ok()
                .and_then(|answer| answer.value.as_deref());
            let is_new = switches
                .iter()
                .all(|switch| switch.name != question.switch());
            if let Some(value) = value.filter(|_| is_new) {
                switches.push(Switch::new(*question, value));
            }
        }
        switches
    }

    /// The switches as one command line, without `pipefitter dev`.
    #[must_use]
    pub fn arguments(&self) -> String {
        let arguments: Vec<String> = self.switches().into_iter().map(|s| s.argument).collect();
        arguments.join(" ")
    }

    /// For people.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text =
            String::from("# What AWS CodePipeline does where its documentation is silent\n\n");
        let place = match &self.endpoint {
            Some(url) => format!("at {url} (Region {})", self.region),
            None => format!("in {}", self.region),
        };
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(
            text,
            "`pipefitter probe-aws` {}, run {} {place}, begun {}, took {}.\n",
            env!("CARGO_PKG_VERSION"),
            self.run,
            self.began,
            self.took
        );
        text.push_str("| question | answer | seen | switch |\n|---|---|---|---|\n");
        for (question, finding) in &self.findings {
            if let Ok(answer) = finding {
                let switch = match &answer.value {
                    Some(value) => format!("`{}`", Switch::new(*question, value).argument),
                    None => format!("no answer of `{}`", question.switch()),
                };
                let _ = writeln!(
                    text,
                    "| {} | {} | {} | {switch} |",
                    question.text(),
                    cell(&answer.text),
                    cell(&answer.evidence)
                );
            }
        }
        let open: Vec<_> = self.findings.iter().filter(|(_, f)| f.is_err()).collect();
        if !open.is_empty() {
            text.push_str("\n## Not answered\n\n");
        }
        for (question, finding) in open {
            if let Err(why) = finding {
                let _ = writeln!(text, "- {} {}.", question.text(), cell(why));
            }
        }
        text.push_str("\n## Not asked\n\n");
        for NotAsked {
            switch,
            text: asked,
            why,
        } in NotAsked::ALL
        {
            let _ = writeln!(text, "- {asked} (`{switch}`): {why}.");
        }
        text.push_str("\n## Switches to set\n\nThe embedded service behaves as was seen with\n\n");
        let _ = writeln!(text, "    pipefitter dev {}\n", self.arguments());
        text.push_str(
            "docs/AWS-ASSUMPTIONS.md says what Pipefitter assumes and what each switch does.\n",
        );
        if !self.left.is_empty() {
            text.push_str("\n## Left behind\n\n");
        }
        for left in &self.left {
            let _ = writeln!(
                text,
                "- {}: {}. Remove it with\n  `{}`",
                left.thing,
                cell(&left.why),
                self.removal(left)
            );
        }
        text
    }

    /// The command that removes what was left.
    #[must_use]
    pub fn removal(&self, left: &Left) -> String {
        left.thing.removal(&self.region, self.endpoint.as_deref())
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let answer = |(question, finding): (&Question, &Finding)| {
            let mut value = json!({
                "question": question,
                "text": question.text(),
                "switch": question.switch(),
            });
            match finding {
                Ok(answer) => value["answer"] = json!(answer),
                Err(why) => value["unanswered"] = json!(why),
            }
            value
        };
        let left = |left: &Left| {
            json!({
                "thing": left.thing.to_string(),
                "why": left.why,
                "removal": self.removal(left),
            })
        };
        json!({
            "format": FORMAT,
            "pipefitter": env!("CARGO_PKG_VERSION"),
            "run": self.run,
            "region": self.region,
            "endpoint": self.endpoint,
            "began": self.began,
            "took": self.took,
            "questions": self.findings.iter().map(answer).collect::<Vec<_>>(),
            "not-asked": NotAsked::ALL,
            "switches": self.switches(),
            "left": self.left.iter().map(left).collect::<Vec<_>>(),
        })
    }
}

/// The text of a cell or a list item: a service's words end neither.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::estate::Thing;
    use crate::findings::Answer;
    use crate::measure::Span;

    fn report() -> Report {
        let span = Span {
            at_least: Duration::from_millis(58_900),
            at_most: Duration::from_millis(61_200),
        };
        let findings = [
            (
                Question::PollHides,
                Ok(Answer::yes_or_no(true, "the next poll got nothing")),
            ),
            (
                Question::ReofferAfter,
                Ok(Answer::time(span, "two hand-outs")),
            ),
            (
                Question::ResultAfterAbandon,
                Ok(Answer::kind(
                    "JobNotFoundException",
                    Some("job-not-found"),
                    "a result",
                )),
            ),
            (
                Question::ResultAfterTimeout,
                Ok(Answer::kind("it is accepted", None, "a | result")),
            ),
            (
                Question::CredentialLifetime,
                Err("waited 20m 0s in vain until the job's credentials are refused".into()),
            ),
        ];
        Report {
            run: "abcd1234".into(),
            region: "eu-central-1".into(),
            endpoint: None,
            began: "2026-11-28T19:00:00Z".into(),
            took: "21m 3s".into(),
            findings: findings.into(),
            left: vec![Left {
                thing: Thing::Pipeline("pipefitter-probe-abcd1234-batch".into()),
                why: "DeletePipeline: AccessDeniedException: no".into(),
            }],
        }
    }

    #[test]
    fn people_read_answers_switches_and_what_was_left() {
        let text = report().markdown();
        insta::assert_snapshot!(text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    }

    #[test]
    fn programs_read_the_same() {
        let mut json = report().json();
        assert_eq!(json["pipefitter"], env!("CARGO_PKG_VERSION"));
        json["pipefitter"] = "VERSION".into();
        insta::assert_json_snapshot!(json);
    }

    #[test]
    fn a_report_is_complete_when_nothing_is_open_or_left() {
        let mut report = report();
        assert!(!report.is_complete());
        report.left.clear();
        assert!(!report.is_complete());
        report.findings.retain(|_, finding| finding.is_ok());
        assert!(report.is_complete());
    }

    #[test]
    fn the_first_answer_about_a_switch_counts() {
        assert_eq!(
            report().arguments(),
            "--assume poll-hides=yes --reoffer-after 1m --assume late-result=job-not-found"
        );
    }
}
