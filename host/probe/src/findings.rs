//! What experiments found out, as they find it out.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::measure::{Span, in_one_unit, in_words};
use crate::question::Question;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Answer {
    /// The answer in words.
    pub text: String,
    /// The answer as the switch takes it; None where it takes none such.
    pub value: Option<String>,
    /// What was seen.
    pub evidence: String,
}

impl Answer {
    /// Yes or no.
    pub(crate) fn yes_or_no(is_so: bool, evidence: impl Into<String>) -> Self {
        let text = if is_so { "yes" } else { "no" };
        Self {
            text: text.to_owned(),
            value: Some(text.to_owned()),
            evidence: evidence.into(),
        }
    }

    /// A time that was measured.
    pub(crate) fn time(span: Span, evidence: impl Into<String>) -> Self {
        let round = in_one_unit(span.roundest());
        Self {
            text: format!(
                "{round} (between {} and {})",
                in_words(span.at_least),
                in_words(span.at_most)
            ),
            value: Some(round),
            evidence: evidence.into(),
        }
    }

    /// A thing of which the switch knows some kinds.
    pub(crate) fn kind(
        text: impl Into<String>,
        value: Option<&str>,
        evidence: impl Into<String>,
    ) -> Self {
        Self {
            text: text.into(),
            value: value.map(str::to_owned),
            evidence: evidence.into(),
        }
    }
}

/// What became of a question: the answer, or why there is none.
pub type Finding = Result<Answer, String>;

/// Findings so far. All experiments run in one task, so that a cell is enough.
#[derive(Default)]
pub(crate) struct Findings(RefCell<BTreeMap<Question, Finding>>);

impl Findings {
    pub(crate) fn answered(&self, question: Question, answer: Answer) {
        self.0.borrow_mut().insert(question, Ok(answer));
    }

    /// Says why there is no answer, unless there is one.
    pub(crate) fn open(&self, question: Question, why: impl Into<String>) {
        let mut findings = self.0.borrow_mut();
        findings.entry(question).or_insert_with(|| Err(why.into()));
    }

    pub(crate) fn take(&self) -> BTreeMap<Question, Finding> {
        self.0.take()
    }
}
