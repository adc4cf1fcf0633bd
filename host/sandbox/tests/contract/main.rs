//! Today's contract keeps every published one: docs/CONTRACT.md, as a test.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by stopping"
)]

mod items;

use std::path::{Path, PathBuf};

use items::Contract;
use sha2::{Digest as _, Sha256};

/// What plugins export, and what they are handed: the one part in which nothing may be added either.
const NEVER: [&str; 3] = ["types", "handler", "async-handler"];

fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")
}

/// Whether a change of such an item keeps plugins running that were built before it.
fn may_be_added(published: &Contract, item: &str) -> bool {
    let words: Vec<&str> = item.split(' ').collect();
    match words[..] {
        // A new one, or more in one that plugins import.
        ["interface", name, ..] => !NEVER.contains(&name) || !published.has_interface(name),
        // Another import asks nothing of a plugin that does not have it; another export does.
        ["world", name, kind, ..] => !published.has_world(name) || kind == "import",
        _ => false,
    }
}

/// What in `today` breaks the word that was given with `published`.
fn broken(published: &Contract, today: &Contract) -> Vec<String> {
    let mut broken = Vec::new();
    for (item, text) in published.items() {
        match today.item(item) {
            None => broken.push(format!("{item} is gone")),
            Some(now) if now != text => broken.push(format!("{item} was `{text}` and is `{now}`")),
            Some(_) => {}
        }
    }
    for (item, _) in today.items() {
        if published.item(item).is_some() {
            continue;
        }
        if today.version == published.version {
            broken.push(format!("{item} is new, and the version is not"));
        } else if !may_be_added(published, item) {
            broken.push(format!("{item} is new where nothing may be added"));
        }
    }
    broken
}

/// What was published: version, file and SHA-256. A version is added when it is published; a line is never changed.
const HASHES: [(&str, &str, &str); 2] = [
    (
        "0.1.0",
        "action.wit",
        "f1be31660415737c1f511e304b93ae6730fde7fe770176f3a284f5c0b4a145a9",
    ),
    (
        "0.1.0",
        "action-async.wit",
        "fbf087c30e1cd6dd075dda5e83a3bed66883e959aac825e0e7df248371c40ed5",
    ),
];

#[test]
fn what_was_published_is_what_is_kept() {
    let mut found = Vec::new();
    for version in std::fs::read_dir(wit().join("versions")).unwrap() {
        let folder = version.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            let hash = Sha256::digest(std::fs::read(&file).unwrap());
            let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
            found.push((name(&folder), name(&file), hash));
        }
    }
    found.sort();
    let owned = |&(version, file, hash): &(&str, &str, &str)| {
        (version.to_owned(), file.to_owned(), hash.to_owned())
    };
    let mut published: Vec<_> = HASHES.iter().map(owned).collect();
    published.sort();
    assert_eq!(found, published);
}

#[test]
fn every_published_version_is_kept() {
    let today = Contract::of_folder(&wit());
    let mut count = 0;
    for entry in std::fs::read_dir(wit().join("versions")).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let published = Contract::of_folder(&folder);
        assert_eq!(
            folder.file_name().unwrap().to_str().unwrap(),
            published.version,
            "a folder is named after its version"
        );
        let line = |version: &str| version.rsplit_once('.').map(|(line, _)| line.to_owned());
        if line(&published.version) == line(&today.version) {
            let broken = broken(&published, &today);
            assert!(
                broken.is_empty(),
                "wit/ breaks {}: {broken:#?}\ndocs/CONTRACT.md says how the contract may change",
                published.version
            );
        }
        count += 1;
    }
    assert!(count > 0, "nothing is published");
}

const PUBLISHED: &str = "package a:b@0.1.0;
    interface types { record job { id: string, n: option<u8> } }
    interface handler { use types.{job}; run: func(job: job) -> result<string, u32>; }
    interface log { enum level { low, high } write: func(level: level, text: string); }
    world action { import log; export handler; }
";

fn of_change(changes: &[(&str, &str)]) -> Vec<String> {
    let mut text = PUBLISHED.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    broken(&Contract::of_text(PUBLISHED), &Contract::of_text(&text))
}

const NEXT: (&str, &str) = ("@0.1.0", "@0.1.1");

#[test]
fn what_plugins_can_import_may_grow_with_the_version() {
    let function = (
        "interface log {",
        "interface log { threshold: func() -> level;",
    );
    let interface = (
        "world action {",
        "interface clock { now: func() -> u32; } world action { import clock;",
    );
    assert_eq!(of_change(&[NEXT, function, interface]), [""; 0]);
    assert_eq!(
        of_change(&[function]),
        ["interface log func threshold is new, and the version is not"]
    );
    let docs = ("interface log {", "/// What is written.\n interface log {");
    assert_eq!(of_change(&[docs]), [""; 0], "words are free");
}

#[test]
fn nothing_that_was_published_changes() {
    for (change, says) in [
        (
            ("id: string, ", ""),
            "interface types type job was `record { id: string, n: option<u8> }`",
        ),
        (
            ("n: option<u8> }", "n: option<u8>, more: u8 }"),
            "interface types type job was",
        ),
        (
            ("low, high", "low, high, higher"),
            "interface log type level was",
        ),
        (
            ("text: string);", "text: string) -> bool;"),
            "interface log func write was",
        ),
        (
            ("write: func", "print: func"),
            "interface log func write is gone",
        ),
        (
            ("interface types {", "interface types { type x = u8;"),
            "interface types type x is new where nothing may be",
        ),
        (
            ("run: func", "stop: func(); run: func"),
            "interface handler func stop is new where nothing may be",
        ),
        (
            ("export handler;", "export handler; export log;"),
            "world action export log is new where nothing may be",
        ),
        (("import log;", ""), "world action import log is gone"),
    ] {
        let broken = of_change(&[NEXT, change]);
        assert!(
            broken.iter().any(|one| one.starts_with(says)),
            "{says}: {broken:?}"
        );
    }
}
