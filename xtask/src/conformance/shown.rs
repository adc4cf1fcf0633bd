//! What the tests tell, out of their documentation.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::subjects::UNBUILT_S3;

/// Where tests of the embedded service are.
const FOLDERS: [&str; 4] = [
    "host/cli/src",
    "host/local/src",
    "host/local/tests",
    "tests/tests",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    AsOnAws,
    AsAssumed,
    UnlikeAws,
    NotBuilt,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [
        Self::AsOnAws,
        Self::AsAssumed,
        Self::UnlikeAws,
        Self::NotBuilt,
    ];

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::AsOnAws => "as on AWS",
            Self::AsAssumed => "as assumed",
            Self::UnlikeAws => "unlike AWS",
            Self::NotBuilt => "not built",
        }
    }
}

/// What one test shows of some subjects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) subjects: Vec<String>,
    pub(super) kind: Kind,
    /// What is so here.
    pub(super) what: String,
    /// What is so on AWS, where that is another thing.
    pub(super) on_aws: Option<String>,
    pub(super) file: String,
    pub(super) test: String,
}

pub(super) fn by_tests(root: &Path) -> Result<Vec<Shown>> {
    let mut shown = Vec::new();
    for folder in FOLDERS {
        for path in rust_files(&root.join(folder))? {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("could not read {}", path.display()))?;
            let file = path.strip_prefix(root).unwrap_or(&path);
            shown.extend(read(&file.to_string_lossy(), &text)?);
        }
    }
    Ok(shown)
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What the tests of a file show.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<Shown>> {
    let mut found = Vec::new();
    let mut lines = text.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        let Some(first) = line.strip_prefix("/// ") else {
            continue;
        };
        let mut sentences = vec![first.to_owned()];
        while let Some(next) = lines.next_if(|line| line.starts_with("///")) {
            let next = next.trim_start_matches('/').trim();
            match sentences.last_mut().filter(|_| !begins(next)) {
                Some(sentence) => {
                    sentence.push(' ');
                    sentence.push_str(next);
                }
                None => sentences.push(next.to_owned()),
            }
        }
        sentences.retain(|sentence| begins(sentence));
        if sentences.is_empty() {
            continue;
        }
        let mut is_test = false;
        while let Some(attribute) = lines.next_if(|line| line.starts_with('#')) {
            is_test |= attribute.starts_with("#[test]") || attribute.starts_with("#[tokio::test");
        }
        let name = lines.peek().and_then(|line| function(line));
        let Some(name) = name.filter(|_| is_test) else {
            bail!("{file}: `{}` stands above no test", sentences[0]);
        };
        for sentence in sentences {
            found.push(shown(&sentence, file, name)?);
        }
    }
    Ok(found)
}

/// Whether a line of documentation begins a sentence of ours.
fn begins(line: &str) -> bool {
    let of = line.strip_prefix("Shows ");
    of.is_some_and(|of| of.starts_with('`') || of.starts_with(UNBUILT_S3))
}

/// The name in a line that begins a function.
fn function(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("fn ")?;
    rest.split_once('(').map(|(name, _)| name)
}

fn shown(sentence: &str, file: &str, test: &str) -> Result<Shown> {
    let rest = sentence.trim_start_matches("Shows ");
    let of = |kind: Kind| {
        let (subjects, what) = rest.split_once(&format!(" {}: ", kind.words()))?;
        Some((kind, subjects, what))
    };
    let found = Kind::ALL.into_iter().filter_map(of);
    let Some((kind, subjects, what)) = found.min_by_key(|(_, subjects, _)| subjects.len()) else {
        let words = Kind::ALL.map(Kind::words).join(", ");
        bail!("{file}, {test}: `{sentence}` is none of {words}, each followed by a colon");
    };
    let subjects = match subjects {
        UNBUILT_S3 => vec![UNBUILT_S3.to_owned()],
        named => {
            let quoted = named.split('`').skip(1).step_by(2);
            quoted.map(str::to_owned).collect()
        }
    };
    let what = what.trim_end_matches('.').replace('|', "\\|");
    let (on_aws, what) = match kind {
        Kind::UnlikeAws => {
            let both = what.strip_prefix("on AWS ");
            let Some((on_aws, here)) = both.and_then(|both| both.split_once("; here ")) else {
                bail!("{file}, {test}: `{sentence}` does not go `on AWS ...; here ...`");
            };
            (Some(on_aws.to_owned()), here.to_owned())
        }
        _ => (None, what),
    };
    Ok(Shown {
        subjects,
        kind,
        what,
        on_aws,
        file: file.to_owned(),
        test: test.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_says_what_it_shows_of_several_operations_and_in_several_lines() {
        let text = "/// Shows `PollForJobs`, `AcknowledgeJob` as on AWS: one worker wins a race, and the\n\
                    /// other is told.\n/// Shows `PollForJobs` as assumed: it hides.\n\
                    /// Shows every other operation of S3 not built: refused.\n#[tokio::test]\n\
                    async fn races() {\n/// Shows nothing of the kind.\nfn helper() {}";
        let shown = read("tests/races.rs", text).unwrap();
        assert_eq!(shown.len(), 3);
        assert_eq!(shown[0].subjects, ["PollForJobs", "AcknowledgeJob"]);
        assert_eq!(shown[0].kind, Kind::AsOnAws);
        let what = "one worker wins a race, and the other is told";
        assert_eq!(shown[0].what, what);
        assert_eq!(
            (&*shown[1].file, &*shown[1].test),
            ("tests/races.rs", "races")
        );
        assert_eq!(shown[2].subjects, [UNBUILT_S3]);
    }

    #[test]
    fn what_differs_says_how_it_is_there_and_here() {
        let text = "/// Shows `S3` unlike AWS: on AWS it is so, and as on AWS: x; here so.\n#[test]\nfn a() {}";
        let shown = read("file", text).unwrap();
        assert_eq!(
            shown[0].on_aws.as_deref(),
            Some("it is so, and as on AWS: x")
        );
        assert_eq!(shown[0].what, "so");
    }

    #[test]
    fn what_shows_nothing_is_an_error() {
        let no_test = "/// Shows `PollForJobs` as on AWS: x.\nfn helper() {}";
        let no_kind = "/// Shows `PollForJobs` working.\n#[test]\nfn a() {}";
        let no_aws = "/// Shows `PollForJobs` unlike AWS: no such thing.\n#[test]\nfn a() {}";
        for (text, said) in [
            (no_test, "above no test"),
            (no_kind, "none of"),
            (no_aws, "does not go `on AWS ...; here ...`"),
        ] {
            let error = read("file", text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
