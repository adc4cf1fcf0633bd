//! A problem with its place: rendered with the line it is about.

use std::fmt;
use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::environment::takes_colours;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource};

/// Something that must be changed before a command can go on.
#[derive(Clone, Debug)]
pub(crate) struct ConfigProblem {
    /// What must be changed.
    pub(crate) place: Place,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) remedy: String,
    /// Worth knowing, not in the way.
    pub(crate) warning: bool,
}

/// Where a problem is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In a text: its lines are shown.
    Text {
        /// As the user named it.
        file: Arc<Path>,
        /// All of it.
        text: Arc<str>,
        /// In bytes.
        span: Range<usize>,
    },
    /// A file as a whole: its name goes before the message.
    File(Arc<Path>),
    /// In no file, or in those that the message names itself.
    Nowhere,
}

struct Report<'a> {
    problem: &'a ConfigProblem,
    source: Option<NamedSource<String>>,
}

impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.message)
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Place::File(file) = &self.problem.place {
            write!(f, "{}: ", file.display())?;
        }
        f.write_str(&self.problem.message)
    }
}

impl std::error::Error for Report<'_> {}

impl Diagnostic for Report<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        self.problem.warning.then_some(miette::Severity::Warning)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.problem.remedy))
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.source
            .as_ref()
            .map(|source| source as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let Place::Text { span, .. } = &self.problem.place else {
            return None;
        };
        let label = LabeledSpan::underline(span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

/// Every problem, one under the other, in colours where `colours` says so.
pub(crate) fn render(problems: &[ConfigProblem], colours: bool) -> String {
    let theme = if colours {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(100)
        .with_links(false);
    let mut text = String::new();
    for problem in problems {
        let source = match &problem.place {
            Place::Text { file, text, .. } => Some(NamedSource::new(
                file.display().to_string(),
                without_passwords(text),
            )),
            Place::File(_) | Place::Nowhere => None,
        };
        // Writing to a string cannot fail; a report that fails to render is still named.
        if handler
            .render_report(&mut text, &Report { problem, source })
            .is_err()
        {
            text.push_str(&problem.message);
        }
        text.push('\n');
    }
    text
}

/// The same text, as long in bytes, with stars in place of what is or may be a user and password of a URL: an excerpt
/// goes where errors go, which is no place for one. Rather too much is hidden than too little.
fn without_passwords(text: &str) -> String {
    text.split_inclusive('\n')
        .flat_map(|line| {
            let hidden = user_of(line).unwrap_or_default();
            let stars = "*".repeat(hidden.len());
            [
                line[..hidden.start].to_owned(),
                stars,
                line[hidden.end..].to_owned(),
            ]
        })
        .collect()
}

/// What stands before the last `@` of a line and may be a user and password: all from the first `://` on, or a word
/// with a colon in it.
fn user_of(line: &str) -> Option<Range<usize>> {
    let end = line.rfind('@')?;
    let before = &line[..end];
    match before.find("://") {
        Some(scheme) => Some(scheme + 3..end),
        None => {
            let start = before.rfind(['"', '\'', '=', '#']).map_or(0, |at| at + 1);
            before[start..].contains(':').then_some(start..end)
        }
    }
}

/// Show problems on standard error.
pub(crate) fn print_problems(problems: &[ConfigProblem]) {
    let text = render(problems, takes_colours(&std::io::stderr()));
    // Nobody reads standard error: there is nowhere left to say so.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_no_password() {
        for (text, shown) in [
            ("a = \"https://a.example\"\n", "a = \"https://a.example\"\n"),
            (
                "# ops@example.com\na = \"https://me:hun\u{e4}@h\"\n",
                "# ops@example.com\na = \"https://********@h\"\n",
            ),
            ("a = 'me:hunter22@h:1'", "a = '***********@h:1'"),
            ("a = https://me:h\"x@y@h", "a = https://********@h"),
            (
                "a = [\"http://b\", \"http://m:p@h\"]",
                "a = [\"http://***************@h\"]",
            ),
            (
                "role = \"arn:aws:iam\" # ask ops@x",
                "role = \"arn:aws:iam\" # ask ops@x",
            ),
            ("", ""),
        ] {
            assert_eq!(without_passwords(text), shown);
            assert_eq!(without_passwords(text).len(), text.len());
        }
    }
}
