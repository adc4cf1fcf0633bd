//! Whole deployments, into a directory that plays the granted one.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use pipefitter_plugin_publish::publish;
use pipefitter_sdk::control::StopReason;
use pipefitter_sdk::{Failure, FailureKind, Outcome, PipelineContext, testing};
use tempfile::TempDir;

struct World {
    input: TempDir,
    granted: TempDir,
    keys: Vec<(&'static str, &'static str)>,
}

impl World {
    fn new(keys: &[(&'static str, &'static str)]) -> Self {
        let world = Self {
            input: tempfile::tempdir().unwrap(),
            granted: tempfile::tempdir().unwrap(),
            keys: keys.to_vec(),
        };
        world.file("index.html", "one");
        world.file("a/b.txt", "two");
        world
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.input.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn at(&self, path: &str) -> std::path::PathBuf {
        self.granted.path().join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }

    /// One job.
    fn job(&self, id: &str, token: Option<&str>) -> Result<Outcome, Failure> {
        let pipeline = PipelineContext {
            action_execution_id: Some(id.to_owned()),
            ..PipelineContext::default()
        };
        let mut job = testing::job()
            .pipeline(pipeline)
            .input("Site", self.input.path());
        for (key, value) in &self.keys {
            job = job.config(*key, value);
        }
        if let Some(token) = token {
            job = job.token(token);
        }
        publish(&job.build(), self.granted.path())
    }

    /// The chain of jobs; each is done `times` times, as after crashes.
    fn chain(&self, id: &str, times: usize) -> Outcome {
        let mut token: Option<String> = None;
        for _ in 0..3 {
            let mut last = None;
            for _ in 0..times {
                last = Some(self.job(id, token.as_deref()).unwrap());
            }
            let outcome = last.unwrap();
            if outcome.is_succeeded() {
                return outcome;
            }
            token = outcome.continuation_token().map(str::to_owned);
        }
        panic!("the chain does not end");
    }

    fn releases(&self, target: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.at(target).join(".releases"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn age(path: &Path) {
    let day = std::time::Duration::from_secs(25 * 60 * 60);
    let file = fs::File::open(path).unwrap();
    file.set_modified(std::time::SystemTime::now() - day)
        .unwrap();
}

#[test]
fn a_release_is_copied_verified_and_switched_to_in_three_jobs() {
    let world = World::new(&[("target", "docs"), ("url", "https://docs.example.com/")]);
    let copied = world.job("r1", None).unwrap();
    assert_eq!(
        copied.continuation_token(),
        Some(r#"{"step":"verify","release":"r1"}"#)
    );
    assert!(world.at("docs/.releases/r1.partial/a/b.txt").is_file());
    let verified = world.job("r1", copied.continuation_token()).unwrap();
    assert_eq!(world.releases("docs"), ["r1", "r1.json"]);
    assert!(!world.at("docs/current").exists());
    let done = world.job("r1", verified.continuation_token()).unwrap();
    assert_eq!(world.read("docs/current/a/b.txt"), "two");
    for (name, value) in [
        ("release", "r1"),
        ("files", "2"),
        ("url", "https://docs.example.com/"),
    ] {
        assert_eq!(done.variable_value(name), Some(value));
    }
    let revision = done.revision().unwrap();
    assert_eq!(
        (revision.change_identifier.as_str(), revision.revision.len()),
        ("r1", 64)
    );
    assert_eq!(
        done.details().summary.as_deref(),
        Some("published 2 files, 6 bytes")
    );
}

#[test]
fn every_step_may_be_repeated() {
    let world = World::new(&[("target", ".")]);
    for id in ["r1", "r2"] {
        world.file("index.html", id);
        let done = world.chain(id, 3);
        assert_eq!(done.variable_value("release"), Some(id));
        assert_eq!(world.read("current/index.html"), id);
    }
    assert_eq!(world.releases("."), ["r1", "r1.json", "r2", "r2.json"]);
}

#[test]
fn what_a_crash_left_is_done_again() {
    let world = World::new(&[("target", "t")]);
    // In the middle of the copy.
    fs::create_dir_all(world.at("t/.releases/r1.partial/x")).unwrap();
    fs::write(world.at("t/.releases/r1.partial/index.html"), "half").unwrap();
    let copied = world.job("r1", None).unwrap();
    assert!(!world.at("t/.releases/r1.partial/x").exists());
    // Between the rename and the manifest, which was cut short.
    fs::rename(
        world.at("t/.releases/r1.partial"),
        world.at("t/.releases/r1"),
    )
    .unwrap();
    fs::write(world.at("t/.releases/r1.json"), "{\"rel").unwrap();
    let verified = world.job("r1", copied.continuation_token()).unwrap();
    // Between the link and its rename.
    std::os::unix::fs::symlink("elsewhere", world.at("t/.current.r1")).unwrap();
    let done = world.job("r1", verified.continuation_token()).unwrap();
    assert!(done.is_succeeded());
    assert_eq!(world.read("t/current/index.html"), "one");
    assert!(world.at("t/.current.r1").symlink_metadata().is_err());
}

#[test]
fn as_many_releases_are_kept_as_configured_and_never_the_served_one_removed() {
    let world = World::new(&[("target", "t"), ("keep", "2")]);
    for id in ["r4", "r3", "r2", "r1"] {
        world.chain(id, 1);
    }
    assert_eq!(world.releases("t"), ["r1", "r1.json", "r2", "r2.json"]);
    // Publishing an old release again serves it, however old it is.
    let token = r#"{"step":"switch","release":"r2"}"#;
    world.job("r2", Some(token)).unwrap();
    assert_eq!(
        fs::read_link(world.at("t/current")).unwrap(),
        Path::new(".releases/r2")
    );
    assert_eq!(world.releases("t"), ["r1", "r1.json", "r2", "r2.json"]);
}

#[test]
fn leftovers_go_after_a_day_and_work_in_progress_stays() {
    let world = World::new(&[("target", "t")]);
    for name in ["old.partial", "new.partial", "old-without-manifest"] {
        fs::create_dir_all(world.at("t/.releases").join(name)).unwrap();
    }
    age(&world.at("t/.releases/old.partial"));
    age(&world.at("t/.releases/old-without-manifest"));
    world.chain("r1", 1);
    assert_eq!(world.releases("t"), ["new.partial", "r1", "r1.json"]);
}

#[test]
fn a_copy_that_differs_is_never_served() {
    let world = World::new(&[("target", "t")]);
    world.chain("r1", 1);
    let copied = world.job("r2", None).unwrap();
    fs::write(world.at("t/.releases/r2.partial/index.html"), "bad").unwrap();
    let failure = world.job("r2", copied.continuation_token()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::JobFailed);
    assert!(
        failure.message.contains("`index.html` has other content"),
        "{failure}"
    );
    assert_eq!(world.read("t/current/index.html"), "one");
    assert_eq!(world.releases("t"), ["r1", "r1.json"]);
    let failure = world.job("r2", copied.continuation_token()).unwrap_err();
    assert!(failure.message.contains("is gone"), "{failure}");
}

#[test]
fn what_this_action_did_not_make_is_not_touched() {
    let world = World::new(&[("target", "t")]);
    fs::create_dir_all(world.at("t/current")).unwrap();
    fs::write(world.at("t/current/mine"), "x").unwrap();
    let copied = world.job("r1", None).unwrap();
    let verified = world.job("r1", copied.continuation_token()).unwrap();
    let failure = world.job("r1", verified.continuation_token()).unwrap_err();
    assert!(failure.message.contains("move it away"), "{failure}");
    assert_eq!(world.read("t/current/mine"), "x");
}

#[test]
fn a_worker_that_shuts_down_hands_the_copy_over() {
    let world = World::new(&[("target", "t")]);
    testing::set_stop_requested(Some(StopReason::HandOver));
    let handed = world.job("r1", None).unwrap();
    assert_eq!(
        handed.continuation_token(),
        Some(r#"{"step":"copy","release":"r1"}"#)
    );
    testing::set_stop_requested(None);
    let copied = world.job("other-id", handed.continuation_token()).unwrap();
    assert_eq!(
        copied.continuation_token(),
        Some(r#"{"step":"verify","release":"r1"}"#)
    );
}

#[test]
fn a_cancelled_copy_leaves_nothing() {
    let world = World::new(&[("target", "t")]);
    testing::set_stop_requested(Some(StopReason::Cancelled));
    assert!(world.job("r1", None).is_err());
    assert!(world.releases("t").is_empty());
}

#[test]
fn nothing_to_publish_and_strange_tokens_fail() {
    let world = World::new(&[("target", "t")]);
    for token in [
        "x",
        r#"{"step":"verify","release":"../../etc"}"#,
        r#"{"step":"go","release":"r"}"#,
    ] {
        assert_eq!(
            world.job("r1", Some(token)).unwrap_err().kind,
            FailureKind::JobFailed
        );
    }
    fs::remove_dir_all(world.input.path()).unwrap();
    fs::create_dir(world.input.path()).unwrap();
    assert!(
        world
            .job("r1", None)
            .unwrap_err()
            .message
            .contains("nothing to publish")
    );
}
