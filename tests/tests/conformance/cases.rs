//! The table: what each case sets, and what must have come of it. tests/conformance/README.md says what a guest does.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use pipefitter_tests::ActionResult;
use serde_json::{Value, json};

use crate::guests::Guest;
use crate::world::SECRET;

/// What came of a case in one language.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) guest: Guest,
    pub(crate) result: ActionResult,
    pub(crate) log: String,
    /// Of the output artifact.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// The worker's last PutJobSuccessResult; null where the job failed.
    pub(crate) reported: Value,
}

impl Seen {
    fn variable(&self, name: &str) -> &str {
        let found = self.result.variables.get(name);
        found.map_or("(no such variable)", String::as_str)
    }

    /// The line of the log that has these words.
    fn line(&self, words: &str) -> &str {
        let found = self.log.lines().find(|line| line.contains(words));
        found.unwrap_or_else(|| panic!("no line has `{words}`"))
    }

    fn succeeded(&self) {
        assert_eq!(self.result.status, "Succeeded");
    }

    fn variables(&self, expected: &[(&str, &str)]) {
        self.succeeded();
        for (name, value) in expected {
            assert_eq!(self.variable(name), *value, "variable {name}");
        }
        assert_eq!(self.result.variables.len(), expected.len(), "no others");
    }

    fn failed(&self, kind: &str, message: &str) {
        assert_eq!(self.result.status, "Failed");
        let (found, said) = self.result.failure();
        assert_eq!(found, kind);
        assert!(
            said.contains(message),
            "{said:?} does not contain {message:?}"
        );
    }
}

/// Keys and values of an action's configuration.
type Configuration = Vec<(&'static str, String)>;

pub(crate) struct Case {
    /// The guest's `case`.
    pub(crate) case: &'static str,
    /// What tells it from others of the same.
    variant: &'static str,
    pub(crate) configuration: fn(SocketAddr) -> Configuration,
    pub(crate) inputs: &'static [&'static str],
    pub(crate) output: bool,
    pub(crate) source: fn() -> Vec<(String, Vec<u8>)>,
    needs: Needs,
    pub(crate) check: fn(&Seen),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Network,
    Secrets,
    /// JavaScript's engines write text only.
    BytesOnStandardOutput,
    /// StarlingMonkey makes an exception of a stack overflow, and has nothing else.
    Trap,
}

impl Case {
    const fn new(case: &'static str, variant: &'static str, check: fn(&Seen)) -> Case {
        Case {
            case,
            variant,
            configuration: |_| Vec::new(),
            inputs: &["Source"],
            output: false,
            source: usual,
            needs: Needs::Nothing,
            check,
        }
    }

    const fn with(mut self, configuration: fn(SocketAddr) -> Configuration) -> Case {
        self.configuration = configuration;
        self
    }

    const fn without_inputs(mut self) -> Case {
        self.inputs = &[];
        self
    }

    const fn output(mut self) -> Case {
        self.output = true;
        self
    }

    const fn source(mut self, source: fn() -> Vec<(String, Vec<u8>)>) -> Case {
        self.source = source;
        self
    }

    const fn needing(mut self, needs: Needs) -> Case {
        self.needs = needs;
        self
    }

    /// As the matrix calls it.
    pub(crate) fn name(&self) -> String {
        match self.variant {
            "" => self.case.to_owned(),
            variant => format!("{}-{variant}", self.case),
        }
    }

    pub(crate) fn is_for(&self, guest: &Guest) -> bool {
        match self.needs {
            Needs::Nothing => true,
            Needs::Network => guest.network,
            Needs::Secrets => guest.secrets,
            Needs::BytesOnStandardOutput => !matches!(&*guest.name, "javascript" | "typescript"),
            Needs::Trap => guest.name != "typescript",
        }
    }
}

fn usual() -> Vec<(String, Vec<u8>)> {
    vec![("a.txt".to_owned(), b"alpha".to_vec())]
}

fn owned(files: &[(&str, &[u8])]) -> Vec<(String, Vec<u8>)> {
    files
        .iter()
        .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()))
        .collect()
}

const UNICODE: &str = "gr\u{fc}\u{df}e \u{1f600} \u{65e5}\u{672c} e\u{301}";

fn letters(count: usize) -> String {
    "\u{e4}".repeat(count)
}

pub(crate) const ALL: &[Case] = &[
    // There is no case of an empty value: the service's model has none, and refuses it.
    Case::new("config", "missing", |seen| {
        seen.variables(&[("text", "(missing)"), ("characters", "0"), ("number", "(missing)")]);
        assert_eq!(seen.result.summary.as_deref(), Some("config done"));
    }),
    Case::new("config", "unicode", |seen| {
        let characters = UNICODE.chars().count().to_string();
        seen.variables(&[("text", UNICODE), ("characters", &characters), ("number", "-42")]);
    })
    .with(|_| vec![("text", UNICODE.to_owned()), ("number", "-21".to_owned())]),
    Case::new("config", "longest", |seen| {
        seen.variables(&[("text", &letters(1_000)), ("characters", "1000"), ("number", "(missing)")]);
    })
    .with(|_| vec![("text", letters(1_000))]),
    Case::new("config", "no-number", |seen| seen.failed("ConfigurationError", "number"))
        .with(|_| vec![("number", "twelve".to_owned())]),
    Case::new("unknown", "", |seen| seen.failed("ConfigurationError", "unknown case `unknown`")),
    Case::new("inputs", "none", |seen| {
        seen.variables(&[("inputs", "0"), ("files", "0")]);
        assert_eq!(seen.files["listing.txt"], b"");
    })
    .without_inputs()
    .output(),
    Case::new("inputs", "nested", |seen| {
        seen.variables(&[("inputs", "1"), ("files", "6")]);
        let expected = "Source/.hidden 1\nSource/a b.txt 5\nSource/a/b/c/d/e/f/g.txt 3\nSource/empty.txt 0\n\
                        Source/\u{fc}n\u{ef}/\u{65e5}\u{672c}.txt 2\nSource/\u{1f600}.bin 70000\n";
        assert_eq!(String::from_utf8_lossy(&seen.files["listing.txt"]), expected);
    })
    .source(|| {
        owned(&[
            ("a/b/c/d/e/f/g.txt", b"123"),
            ("a b.txt", b"12345"),
            (".hidden", b"1"),
            ("empty.txt", b""),
            ("\u{fc}n\u{ef}/\u{65e5}\u{672c}.txt", b"12"),
            ("\u{1f600}.bin", &[0; 70_000]),
        ])
    })
    .output(),
    Case::new("inputs", "many-files", |seen| {
        seen.variables(&[("inputs", "1"), ("files", "1500")]);
        assert_eq!(seen.files["listing.txt"].split(|byte| *byte == b'\n').count(), 1_501);
    })
    .source(|| (0..1_500).map(|at| (format!("{}/{at}.txt", at % 7), Vec::new())).collect())
    .output(),
    Case::new("tree", "", |seen| {
        seen.variables(&[]);
        let bytes: Vec<u8> = (0..=255).collect();
        let expected: BTreeMap<String, Vec<u8>> = owned(&[
            ("a/b/c.txt", b"deep\n"),
            ("\u{fc}n\u{ef}/\u{65e5}\u{672c}.txt", "gr\u{fc}\u{df}e \u{1f600}\n".as_bytes()),
            ("empty.txt", b""),
            ("bytes.bin", &bytes),
        ])
        .into_iter()
        .collect();
        assert_eq!(seen.files, expected);
    })
    .output(),
    Case::new("variables", "at-the-limit", |seen| {
        seen.succeeded();
        assert_eq!(seen.result.variables.len(), 245);
        assert!(seen.result.variables.values().all(|value| *value == "x".repeat(498)));
        let bytes: usize = seen.result.variables.iter().map(|(name, value)| name.len() + value.len()).sum();
        assert_eq!(bytes, 122_880);
    })
    .with(|_| vec![("count", "245".to_owned()), ("size", "498".to_owned())]),
    // By two bytes: no count and size of the guest's comes to one more.
    Case::new("variables", "over-the-limit", |seen| seen.failed("JobFailed", "122880"))
        .with(|_| vec![("count", "84".to_owned()), ("size", "1460".to_owned())]),
    Case::new("fail", "job-failed", |seen| fails(seen, "JobFailed", "job-failed")).with(|_| kind("job-failed")),
    Case::new("fail", "configuration-error", |seen| fails(seen, "ConfigurationError", "configuration-error"))
        .with(|_| kind("configuration-error")),
    Case::new("fail", "permission-error", |seen| fails(seen, "PermissionError", "permission-error"))
        .with(|_| kind("permission-error")),
    Case::new("fail", "revision-out-of-sync", |seen| fails(seen, "RevisionOutOfSync", "revision-out-of-sync"))
        .with(|_| kind("revision-out-of-sync")),
    Case::new("fail", "revision-unavailable", |seen| fails(seen, "RevisionUnavailable", "revision-unavailable"))
        .with(|_| kind("revision-unavailable")),
    Case::new("fail", "system-unavailable", |seen| fails(seen, "SystemUnavailable", "system-unavailable"))
        .with(|_| kind("system-unavailable")),
    Case::new("continue", "", |seen| {
        seen.variables(&[("hops", "3")]);
        assert_eq!(seen.result.summary.as_deref(), Some("three of three"));
    }),
    Case::new("details", "", |seen| {
        let provider = &seen.guest.provider;
        let name = &seen.guest.name;
        seen.variables(&[
            ("pipeline", "details"),
            ("stage", "Stage1"),
            ("action", name),
            ("provider", provider),
            ("attempt", "1"),
        ]);
        assert_eq!(seen.result.summary.as_deref(), Some("details done"));
        assert_eq!(seen.result.external_id.as_deref(), Some("external-2"));
        assert_eq!(seen.reported["executionDetails"]["percentComplete"], 100);
        let revision = json!({ "revision": "r1", "changeIdentifier": "c1", "revisionSummary": "a revision" });
        assert_eq!(seen.reported["currentRevision"], revision);
    }),
    Case::new("throw", "", |seen| seen.failed("JobFailed", "uncaught as asked")),
    Case::new("trap", "", |seen| {
        assert_eq!(seen.result.status, "Failed");
        let (kind, said) = seen.result.failure();
        assert_eq!(kind, "JobFailed");
        let by_the_host = ["the plugin crashed", "the plugin hit its limit on the stack"];
        assert!(by_the_host.iter().any(|words| said.starts_with(words)), "{said}");
    })
    .needing(Needs::Trap),
    Case::new("progress", "", |seen| {
        seen.succeeded();
        assert_eq!(seen.result.summary.as_deref(), Some("two of five"));
        assert_eq!(seen.reported["executionDetails"]["percentComplete"], 40);
    }),
    Case::new("log", "", |seen| {
        seen.succeeded();
        // A job's log is kept from debug on.
        assert!(!seen.log.contains("level trace"));
        for level in ["debug", "info", "warn", "error"] {
            let line = seen.line(&format!("level {level}"));
            assert!(line.contains(&level.to_uppercase()) && line.contains("key=\"value\""), "{line}");
        }
        assert!(seen.line("to standard output").contains("INFO"));
        // JavaScript has no standard error of its own: console.error is the level of that name.
        let line = seen.line("to standard error");
        assert!(line.contains("WARN") || line.contains("ERROR"), "{line}");
        let log = &seen.log;
        assert!(log.contains(&"l".repeat(1_000)), "a long line is kept up to its limit");
        assert!(!log.contains(&"l".repeat(100_000)), "and no further");
    }),
    Case::new("log", "invalid-utf-8", |seen| {
        seen.succeeded();
        assert!(seen.line("bad \u{fffd} byte").contains("INFO"));
    })
    .needing(Needs::BytesOnStandardOutput),
    Case::new("clock", "", |seen| seen.variables(&[("wall", "yes"), ("monotonic", "yes")])),
    Case::new("random", "", |seen| {
        seen.succeeded();
        assert_eq!(seen.variable("differ"), "yes");
        let bytes = seen.variable("bytes");
        assert!(bytes.len() == 32 && bytes.chars().all(|digit| matches!(digit, '0'..='9' | 'a'..='f')), "{bytes}");
    }),
    Case::new("denied-file", "", |seen| {
        seen.variables(&[("outside", "refused"), ("input", "refused"), ("above", "refused")]);
    }),
    Case::new("network", "granted", |seen| seen.variables(&[("status", "200"), ("body", "hello gr\u{fc}\u{df}e")]))
        .with(|server| vec![("url", format!("http://{server}/hello"))])
        .needing(Needs::Network),
    Case::new("network", "denied", |seen| {
        seen.variables(&[("error", "yes")]);
        assert!(seen.log.contains("was refused a request to"));
    })
    .with(|_| vec![("url", "http://127.0.0.1:9/hello".to_owned())])
    .needing(Needs::Network),
    Case::new("secret", "", |seen| {
        let length = SECRET.chars().count().to_string();
        seen.variables(&[("length", &length), ("denied", "yes")]);
    })
    .needing(Needs::Secrets),
];

/// One further look at a sound worker, after whatever came before: asked again when limits were hit.
pub(crate) const DEADLINE: Case = Case::new("deadline", "", |seen| {
    seen.failed("JobFailed", "time limit of 10 s");
    assert!(seen.log.contains("remaining: yes"));
});

/// Ended by the worker that drains: see the world.
pub(crate) const STOP: Case = Case::new("stop", "", |_| {});

fn kind(kind: &str) -> Configuration {
    vec![("kind", kind.to_owned())]
}

fn fails(seen: &Seen, kind: &str, said: &str) {
    seen.failed(kind, &format!("failed as asked: {said}"));
    assert_eq!(seen.result.external_id.as_deref(), Some("external-1"));
}
