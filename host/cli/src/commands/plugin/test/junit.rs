//! The results as JUnit's XML, as CI servers read it: testsuites, testsuite, testcase, failure, error, system-out.

use std::fmt::Write as _;
use std::time::Duration;

use super::report::{Outcome, Verdict};

/// The whole file.
pub(super) fn render(suite: &str, outcomes: &[Outcome]) -> String {
    let count = |is: fn(&Verdict) -> bool| outcomes.iter().filter(|o| is(&o.verdict)).count();
    let failures = count(|verdict| matches!(verdict, Verdict::Failed(_)));
    let errors = count(|verdict| matches!(verdict, Verdict::Error(_)));
    let took: Duration = outcomes.iter().map(|outcome| outcome.took).sum();
    let counts = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{:.3}\"",
        outcomes.len(),
        took.as_secs_f64()
    );
    let suite = escaped(suite);
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  <testsuite name=\"{suite}\" \
         {counts}>\n"
    );
    for outcome in outcomes {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(
            xml,
            "    <testcase classname=\"{suite}\" name=\"{}\" time=\"{:.3}\">",
            escaped(&outcome.name),
            outcome.took.as_secs_f64()
        );
        let (tag, message) = match &outcome.verdict {
            Verdict::Passed | Verdict::Written => ("", String::new()),
            Verdict::Error(error) => ("error", error.lines().next().unwrap_or_default().to_owned()),
            Verdict::Failed(differences) => {
                let mut files: Vec<&str> = differences.iter().map(|d| d.file.as_str()).collect();
                files.dedup();
                (
                    "failure",
                    format!("other than expected: {}", files.join(", ")),
                )
            }
        };
        if !tag.is_empty() {
            let _ = writeln!(
                xml,
                "      <{tag} message=\"{}\">{}</{tag}>",
                escaped(&message),
                escaped(&outcome.details(false))
            );
        }
        if !outcome.log.is_empty() {
            let _ = writeln!(
                xml,
                "      <system-out>{}</system-out>",
                escaped(&outcome.log)
            );
        }
        xml.push_str("    </testcase>\n");
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

/// Text and attribute values alike; characters that XML 1.0 has not are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\u{20}'..='\u{7e}' => escaped.push(c),
            '\u{0}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::plugin::test::diff::Difference;

    fn outcome(name: &str, verdict: Verdict) -> Outcome {
        Outcome {
            name: name.to_owned(),
            verdict,
            took: Duration::from_millis(1250),
            log: "info <b>\u{1b}[31m\u{0}red\u{ffff}\n".to_owned(),
            log_is_as_expected: true,
        }
    }

    #[test]
    fn it_is_xml_whatever_a_plugin_says() {
        let difference = Difference::of_texts("expected/x", "a & b\n", "a < \"b\"\n").unwrap();
        let words = Difference::in_words("expected/y", "is not there");
        insta::assert_snapshot!(render(
            "hello",
            &[
                outcome("good", Verdict::Passed),
                outcome("bad", Verdict::Failed(vec![difference, words])),
                outcome("worse", Verdict::Error("job.json:\nno <job>".to_owned())),
            ]
        ));
    }
}
