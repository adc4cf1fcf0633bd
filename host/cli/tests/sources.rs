//! Nothing prints a type of the AWS SDK by its `Debug`, which shows credentials, nonces, tokens and secret
//! configuration.
//!
//! Types cannot be seen from the text of a source file. So the rule is stricter than its reason, and can be
//! checked: a file that names an SDK crate prints nothing by `Debug`, and in the crates around it, where SDK
//! types could arrive by inference, each place that does is listed here with what it prints.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

/// Crates that the SDK's types are at home in, or one call away.
const CRATES: [&str; 6] = [
    "codepipeline",
    "artifacts",
    "cli",
    "worker",
    "local",
    "probe",
];

const SDK: [&str; 6] = [
    "aws_sdk_",
    "aws_smithy_",
    "aws_config::",
    "aws_runtime::",
    "aws_types::",
    "aws_credential_types::",
];

/// File, what it prints, and of what type that is.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("artifacts/src/error.rs", "{0:?}", "String"),
    ("artifacts/src/error.rs", "{cut:?}", "String"),
    ("codepipeline/src/tokens/source.rs", "{after:?}", "Duration"),
    ("local/src/s3/error.rs", "{bucket:?}", "String"),
    ("local/src/s3/error.rs", "{key:?}", "String"),
    ("local/src/s3/error.rs", "{version_id:?}", "String"),
    (
        "local/src/s3/ops/convert.rs",
        "{other:?}",
        "str of a header",
    ),
    ("local/src/s3/ops/copy.rs", "{header:?}", "str of a header"),
    ("local/src/s3/ops/copy.rs", "{other:?}", "str of a header"),
    (
        "local/src/s3/ops/list.rs",
        "{other:?}",
        "str of a parameter",
    ),
    ("local/src/s3/ops/uploads.rs", "{:?}", "str of a header"),
    (
        "worker/src/dispatch/act.rs",
        "?answer",
        "AckAnswer, our own enum of words",
    ),
    (
        "worker/src/dispatch/notes.rs",
        "{kind:?}",
        "FailureType, our own enum of words",
    ),
    (
        "worker/src/dispatch/requests.rs",
        "?error_cause",
        "Option<String> of a Display",
    ),
    ("worker/src/grants.rs", "{:?}", "str of a manifest"),
    ("worker/src/grants.rs", "{ask:?}", "String of a manifest"),
    ("worker/src/grants.rs", "{example:?}", "str of our own"),
    ("worker/src/grants.rs", "{host:?}", "String of a path"),
    (
        "worker/src/job/log.rs",
        "{value:?}",
        "String of a log field, masked",
    ),
];

#[test]
fn no_source_prints_a_type_of_the_sdk() {
    let host = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut wrong = Vec::new();
    let mut met = Vec::new();
    let mut files = 0;
    for name in CRATES {
        for path in rust_files(&host.join(name).join("src")) {
            files += 1;
            let file = path.strip_prefix(&host).unwrap().display().to_string();
            let text = without_tests_and_comments(&fs::read_to_string(&path).unwrap());
            let has_sdk = SDK.iter().any(|name| text.contains(name));
            for (line, printed) in debug_prints(&text) {
                let allowed = ALLOWED
                    .iter()
                    .position(|(f, p, _)| *f == file && *p == printed);
                match allowed {
                    Some(at) if !has_sdk => met.push(at),
                    Some(_) => wrong.push(format!(
                        "{file}:{line}: {printed} in a file that names an SDK crate"
                    )),
                    None => wrong.push(format!("{file}:{line}: {printed}")),
                }
            }
        }
    }
    assert!(files > 100, "only {files} files were found");
    assert!(
        wrong.is_empty(),
        "printed by Debug:\n  {}\nUse Display, a word of our own, or the error's code; if the type is ours and \
         holds no secret, list it in ALLOWED",
        wrong.join("\n  ")
    );
    for (at, entry) in ALLOWED.iter().enumerate() {
        assert!(
            met.contains(&at),
            "nothing prints {entry:?} any more: take it out"
        );
    }
}

#[test]
fn what_prints_by_debug_is_found() {
    let found = |text: &str| -> Vec<String> {
        debug_prints(text)
            .into_iter()
            .map(|(_, printed)| printed)
            .collect()
    };
    assert_eq!(
        found(r#"format!("{answer:?} and {:#?}", job)"#),
        ["{answer:?}", "{:#?}"]
    );
    assert_eq!(
        found("info!(?answer, job = ?self.job)"),
        ["?answer", "?self"]
    );
    assert_eq!(found("info!(\n    job,\n    ?answer\n)"), ["?answer"]);
    assert_eq!(found("dbg!(answer)"), ["dbg!"]);
    assert_eq!(
        found("DisplayErrorContext(&error)"),
        ["DisplayErrorContext"]
    );
    assert!(found("let x = read(y)?.z(); fn f<T: ?Sized>() -> Option<T> { g(x?) }").is_empty());
    let stripped = without_tests_and_comments("a\n// ?b {:?}\n#[cfg(test)]\nmod tests { {:?} }");
    assert_eq!(stripped.trim(), "a");
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            files.extend(rust_files(&path));
        } else if name.ends_with(".rs") && name != "tests.rs" && !name.ends_with("_tests.rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Tests are at the end of a file, and print to whoever runs them. Lines keep their numbers.
fn without_tests_and_comments(text: &str) -> String {
    let code = match text.find("#[cfg(test)]\nmod ") {
        Some(at) => &text[..at],
        None => text,
    };
    code.lines()
        .map(|line| {
            if line.trim_start().starts_with("//") {
                ""
            } else {
                line
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Line and text of everything that prints by `Debug`: `{..:?}`, `{..:#?}`, a `?field` of tracing, `dbg!`, and
/// the SDK's `DisplayErrorContext`, which appends the error's `Debug`.
fn debug_prints(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for form in [":?}", ":#?}"] {
        for (at, _) in code.match_indices(form) {
            let start = code[..at].rfind('{').unwrap_or(at);
            found.push((at, code[start..at + form.len()].to_owned()));
        }
    }
    for (at, _) in code.match_indices('?') {
        let before = code[..at].trim_end().chars().next_back();
        let name: String = code[at + 1..]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        // The operator of that name comes after an expression, never after one of these.
        if matches!(before, Some('(' | ',' | '=')) && !name.is_empty() {
            found.push((at, format!("?{name}")));
        }
    }
    for word in ["dbg!", "DisplayErrorContext"] {
        found.extend(
            code.match_indices(word)
                .map(|(at, _)| (at, word.to_owned())),
        );
    }
    found.sort();
    found
        .into_iter()
        .map(|(at, printed)| (code[..at].lines().count().max(1), printed))
        .collect()
}
