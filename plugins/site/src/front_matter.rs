//! The head of a Markdown file: what its author says about the page.
//!
//! Lines of `name: value` between two lines `---`, or of `name = value` between two lines `+++`: what
//! other generators write too, so keys that mean something to them are skipped, with their lists and
//! blocks.

use pipefitter_sdk::Failure;

/// What a head said.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FrontMatter {
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    /// Where the page stands among its siblings: lower first.
    pub(crate) order: Option<f64>,
    pub(crate) draft: bool,
    /// The template that renders it.
    pub(crate) template: Option<String>,
}

/// The head of a file, the text after it, and how many lines the head has.
pub(crate) fn split<'a>(
    file: &str,
    text: &'a str,
) -> Result<(FrontMatter, &'a str, usize), Failure> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut front = FrontMatter::default();
    let mut lines = text.split_inclusive('\n');
    let (fence, separator) = match lines.next().map(str::trim_end) {
        Some(fence @ "---") => (fence, ':'),
        Some(fence @ "+++") => (fence, '='),
        _ => return Ok((front, text, 0)),
    };
    let head: Vec<&str> = lines
        .by_ref()
        .take_while(|line| line.trim_end() != fence)
        .collect();
    let length = head.len() + 2;
    if head.first().is_none_or(|line| line.trim().is_empty()) {
        return Ok((front, text, 0));
    }
    let mut rest = text.split_inclusive('\n').skip(head.len() + 1);
    if rest.next().is_none() {
        // Never closed: the line is a rule, or an odd text, but not a head.
        return Ok((front, text, 0));
    }
    // What follows a table's name belongs to the table.
    let top = head
        .iter()
        .take_while(|line| separator == ':' || !line.starts_with('['));
    for (at, line) in top.enumerate() {
        set(&mut front, line, separator)
            .map_err(|problem| Failure::job_failed(format!("{file}:{}: {problem}", at + 2)))?;
    }
    let skipped: usize = text.split_inclusive('\n').take(length).map(str::len).sum();
    Ok((front, &text[skipped..], length))
}

fn set(front: &mut FrontMatter, line: &str, separator: char) -> Result<(), String> {
    let nested = line.starts_with(|c: char| c.is_whitespace() || matches!(c, '#' | '-' | '['));
    if nested || line.trim().is_empty() {
        return Ok(());
    }
    let Some((name, value)) = line.split_once(separator) else {
        return Err(format!(
            "`{}` is not `name{separator} value`",
            line.trim_end()
        ));
    };
    let name = name.trim();
    let value = unquoted(value.trim());
    match name {
        "title" => front.title = text(name, value)?,
        "description" => front.description = text(name, value)?,
        "template" => front.template = text(name, value)?,
        "draft" => {
            front.draft = match value {
                "true" => true,
                "false" => false,
                _ => return Err(format!("`draft` is `{value}`: give true or false")),
            }
        }
        "order" | "weight" => {
            let order = value.parse().ok().filter(|order: &f64| order.is_finite());
            front.order =
                Some(order.ok_or_else(|| format!("`{name}` is `{value}`: give a number"))?);
        }
        _ => {}
    }
    Ok(())
}

fn text(name: &str, value: &str) -> Result<Option<String>, String> {
    if matches!(value, "" | ">" | "|" | ">-" | "|-") {
        return Err(format!("`{name}` is no text: write it on the same line"));
    }
    Ok(Some(value.to_owned()))
}

fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        let inner = value
            .strip_prefix(quote)
            .and_then(|value| value.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner;
        }
    }
    // A comment behind a plain value.
    value
        .split_once(" #")
        .map_or(value, |(value, _)| value.trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_head_is_read_and_taken_off() {
        let text = "---\ntitle: \"Guide: part 1\"\norder: 2 # second\ndraft: true\ntags:\n  - a\n- b\n---\n# Hi\n";
        let (front, rest, lines) = split("g.md", text).unwrap();
        let expected = FrontMatter {
            title: Some("Guide: part 1".into()),
            order: Some(2.0),
            draft: true,
            ..FrontMatter::default()
        };
        assert_eq!((front, rest, lines), (expected, "# Hi\n", 8));
        let (front, rest, lines) =
            split("g.md", "+++\r\ntitle = 'T'\r\nweight = 1\r\n+++\r\nx").unwrap();
        assert_eq!(
            (front.title.as_deref(), front.order, rest, lines),
            (Some("T"), Some(1.0), "x", 4)
        );
    }

    #[test]
    fn what_is_no_head_stays_text() {
        for text in ["# Hi\n", "---\n\nA rule above\n", "", "----\na: b\n----\n"] {
            assert_eq!(
                split("g.md", text).unwrap(),
                (FrontMatter::default(), text, 0),
                "{text:?}"
            );
        }
    }

    #[test]
    fn errors_name_file_and_line() {
        for (text, message) in [
            (
                "---\ntitle: T\norder: first\n---\n",
                "g.md:3: `order` is `first`: give a number",
            ),
            (
                "---\ndraft: maybe\n---\n",
                "g.md:2: `draft` is `maybe`: give true or false",
            ),
            (
                "---\njust words\n---\n",
                "g.md:2: `just words` is not `name: value`",
            ),
            (
                "---\ntitle: >\n  folded\n---\n",
                "g.md:2: `title` is no text: write it on the same line",
            ),
        ] {
            assert_eq!(split("g.md", text).unwrap_err().message, message);
        }
    }

    proptest! {
        #[test]
        fn the_rest_is_the_end_of_the_text(text in "(---\n|\\+\\+\\+\n|title: x\n|\n|\\PC{0,8}\n?){0,8}") {
            if let Ok((_, rest, lines)) = split("x.md", &text) {
                prop_assert!(text.ends_with(rest));
                let before = &text[..text.len() - rest.len()];
                prop_assert_eq!(before.matches('\n').count(), if rest.is_empty() && !before.ends_with('\n') { lines.saturating_sub(1) } else { lines });
            }
        }
    }
}
