//! The journals through their public doors.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by stopping"
)]

use std::error::Error;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use pipefitter_journal::{
    FailWhen, Failing, Identity, Journal, JournalError, Memory, Phase, Record, RecordKey, Redb,
    ServiceIdentity,
};
use redb::{Database, ReadableDatabase, TableDefinition};
use tokio::task::JoinSet;

fn service() -> ServiceIdentity {
    ServiceIdentity {
        owner: "Custom".to_owned(),
        partition: "aws".to_owned(),
        account: Some("123456789012".to_owned()),
        region: "eu-central-1".to_owned(),
        endpoint: None,
    }
}

fn identity(sources: &[(&str, ServiceIdentity)]) -> Identity {
    let sources = sources.iter().cloned();
    Identity {
        sources: sources
            .map(|(id, service)| (id.to_owned(), service))
            .collect(),
    }
}

fn main_source() -> Identity {
    identity(&[("main", service())])
}

fn key(job: &str) -> RecordKey {
    RecordKey {
        source: "main".to_owned(),
        job: job.to_owned(),
    }
}

fn record(job: &str, phase: Phase) -> Record {
    Record {
        key: key(job),
        action_type: "Build/Site/1".to_owned(),
        nonce: "3".to_owned(),
        client: None,
        attempt: 0,
        retry_safe: false,
        by_rule: false,
        taken_at: 1_790_000_000_000,
        phase,
    }
}

fn open(dir: &Path, identity: &Identity) -> Result<Redb, JournalError> {
    Redb::open(&dir.join("state/journal.redb"), identity)
}

fn whole_message(error: &JournalError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

async fn behaves(journal: &dyn Journal) {
    journal
        .put(record("b", Phase::Acknowledging))
        .await
        .unwrap();
    journal
        .put(record("a", Phase::Acknowledging))
        .await
        .unwrap();
    journal.put(record("b", Phase::Running)).await.unwrap();
    let found = journal.load().await.unwrap();
    assert_eq!(
        found,
        [
            record("a", Phase::Acknowledging),
            record("b", Phase::Running)
        ]
    );
    journal.remove(&key("a")).await.unwrap();
    journal.remove(&key("never heard of")).await.unwrap();
    assert_eq!(journal.load().await.unwrap(), [record("b", Phase::Running)]);
}

#[tokio::test]
async fn both_journals_behave_alike() {
    let dir = tempfile::tempdir().unwrap();
    behaves(&open(dir.path(), &main_source()).unwrap()).await;
    behaves(&Memory::new()).await;
}

#[tokio::test]
async fn records_outlive_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let finished = Phase::Finished {
        outcome: serde_json::json!({"succeeded": {}}),
        replaced: true,
    };
    let odd = "../../etc/passwd \u{1f600}\n";
    {
        let journal = open(dir.path(), &main_source()).unwrap();
        journal.put(record(odd, finished.clone())).await.unwrap();
    }
    let journal = open(dir.path(), &main_source()).unwrap();
    assert_eq!(journal.load().await.unwrap(), [record(odd, finished)]);
}

#[tokio::test]
async fn clones_of_a_journal_in_memory_share_it() {
    let first = Memory::new();
    let second = first.clone();
    first.put(record("a", Phase::Running)).await.unwrap();
    drop(first);
    assert_eq!(second.load().await.unwrap(), [record("a", Phase::Running)]);
}

#[tokio::test(flavor = "current_thread")]
async fn changes_that_wait_share_a_commit() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Arc::new(open(dir.path(), &main_source()).unwrap());
    let mut asked = JoinSet::new();
    for job in 0..200 {
        let journal = Arc::clone(&journal);
        asked.spawn(async move {
            journal
                .put(record(&format!("job-{job}"), Phase::Acknowledging))
                .await
        });
    }
    for result in asked.join_all().await {
        result.unwrap();
    }
    assert_eq!(journal.load().await.unwrap().len(), 200);
    // All 200 are queued before the first can be answered on this one thread; the writer may have begun
    // with the first few by then.
    let commits = journal.commits();
    assert!(
        (1..100).contains(&commits),
        "{commits} commits for 200 changes"
    );
}

#[test]
fn the_state_directory_is_ours_alone() {
    let dir = tempfile::tempdir().unwrap();
    let _journal = open(dir.path(), &main_source()).unwrap();
    let mode = |path: &str| {
        std::fs::metadata(dir.path().join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode("state"), 0o700);
    assert_eq!(mode("state/journal.redb"), 0o600);
}

#[test]
fn a_second_opener_is_told_who_is_in_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let _journal = open(dir.path(), &main_source()).unwrap();
    let error = open(dir.path(), &main_source()).unwrap_err();
    let message = whole_message(&error);
    assert!(message.contains("journal.redb"), "{message}");
    assert!(message.contains("another process has it open"), "{message}");
    assert!(message.contains("state-dir"), "{message}");
}

#[test]
fn what_is_no_journal_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("state")).unwrap();
    let path = dir.path().join("state/journal.redb");
    std::fs::write(&path, "dear diary").unwrap();
    let error = open(dir.path(), &main_source()).unwrap_err();
    assert!(matches!(error, JournalError::Open { .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"dear diary");
}

#[test]
fn a_file_whose_making_was_cut_short_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("state")).unwrap();
    std::fs::write(dir.path().join("state/journal.unfinished"), [0; 4096]).unwrap();
    drop(open(dir.path(), &main_source()).unwrap());
    let names: Vec<_> = std::fs::read_dir(dir.path().join("state"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["journal.redb"]);
}

#[tokio::test]
async fn a_journal_never_meets_the_jobs_of_another_service() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path(), &main_source()).unwrap());
    let others = [
        ServiceIdentity {
            owner: "ThirdParty".to_owned(),
            ..service()
        },
        ServiceIdentity {
            partition: "aws-cn".to_owned(),
            region: "cn-north-1".to_owned(),
            ..service()
        },
        ServiceIdentity {
            account: Some("210987654321".to_owned()),
            ..service()
        },
        ServiceIdentity {
            region: "us-east-1".to_owned(),
            ..service()
        },
        ServiceIdentity {
            endpoint: Some("http://127.0.0.1:4510".to_owned()),
            ..service()
        },
    ];
    let refusals: Vec<String> = others
        .into_iter()
        .map(|other| {
            let error = open(dir.path(), &identity(&[("main", other)])).unwrap_err();
            assert!(matches!(error, JournalError::Identity { .. }), "{error}");
            whole_message(&error)
        })
        .collect();
    insta::assert_snapshot!(refusals.join("\n"));
    open(dir.path(), &main_source()).unwrap();
    // As it is told: another id, once there are no jobs of this one.
    let moved = ServiceIdentity {
        region: "us-east-1".to_owned(),
        ..service()
    };
    open(dir.path(), &identity(&[("moved", moved)])).unwrap();
}

/// It is never sent again: whether its source is there is nothing to it.
#[tokio::test]
async fn a_parked_record_holds_no_source() {
    let dir = tempfile::tempdir().unwrap();
    let parked = Phase::Parked {
        outcome: serde_json::json!({}),
        reason: "ValidationException".to_owned(),
    };
    let journal = open(dir.path(), &main_source()).unwrap();
    journal.put(record("parked", parked)).await.unwrap();
    drop(journal);
    let without = identity(&[("other", service())]);
    drop(open(dir.path(), &without).unwrap());
    let journal = open(dir.path(), &without).unwrap();
    assert_eq!(journal.load().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_account_that_nobody_can_tell_is_no_other_one_until_jobs_depend_on_it() {
    let dir = tempfile::tempdir().unwrap();
    let unknown = identity(&[(
        "main",
        ServiceIdentity {
            account: None,
            ..service()
        },
    )]);
    let other = ServiceIdentity {
        account: Some("210987654321".to_owned()),
        ..service()
    };
    let other = identity(&[("main", other)]);
    drop(open(dir.path(), &unknown).unwrap());
    // Filled in once it is known, and kept when it is not known again.
    drop(open(dir.path(), &main_source()).unwrap());
    drop(open(dir.path(), &unknown).unwrap());
    open(dir.path(), &other).unwrap_err();
    {
        let journal = open(dir.path(), &main_source()).unwrap();
        journal.put(record("a", Phase::Running)).await.unwrap();
    }
    let error = open(dir.path(), &unknown).unwrap_err();
    insta::assert_snapshot!(whole_message(&error));
    drop(open(dir.path(), &main_source()).unwrap());
}

const RECORDS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("records");
const META: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");

/// A journal as format 1 left it: what it says of its sources, and whether `main` has a job.
fn old_journal(dir: &Path, text: &str, has_job: bool) {
    std::fs::create_dir_all(dir.join("state")).unwrap();
    let db = Database::create(dir.join("state/journal.redb")).unwrap();
    let txn = db.begin_write().unwrap();
    {
        let mut meta = txn.open_table(META).unwrap();
        meta.insert("format", "1").unwrap();
        let sources = serde_json::json!({ "sources": [["main", text], ["gone", "anything"]] });
        meta.insert("identity", sources.to_string().as_str())
            .unwrap();
        let mut records = txn.open_table(RECORDS).unwrap();
        if has_job {
            let golden = include_str!("golden/records-v1.jsonl");
            let first = golden.lines().next().unwrap();
            records.insert(("main", "a"), first.as_bytes()).unwrap();
        }
    }
    txn.commit().unwrap();
}

const OLD_ROLE: &str = "Custom eu-central-1 at AWS as arn:aws:iam::123456789012:role/worker";

#[tokio::test]
async fn an_old_journal_is_migrated_where_what_it_says_is_enough() {
    for (text, has_job) in [
        ("Custom eu-west-1 at AWS as default", false),
        (OLD_ROLE, true),
    ] {
        let dir = tempfile::tempdir().unwrap();
        old_journal(dir.path(), text, has_job);
        let journal = open(dir.path(), &main_source()).unwrap();
        assert_eq!(journal.load().await.unwrap().len(), usize::from(has_job));
        drop(journal);
        // From now on it is like any other.
        let other = identity(&[(
            "main",
            ServiceIdentity {
                account: Some("210987654321".to_owned()),
                ..service()
            },
        )]);
        open(dir.path(), &other).unwrap_err();
        drop(open(dir.path(), &main_source()).unwrap());
    }
}

#[test]
fn an_old_journal_whose_jobs_could_be_anybodys_is_refused_by_name() {
    let unknown = identity(&[(
        "main",
        ServiceIdentity {
            account: None,
            ..service()
        },
    )]);
    let mut refusals = Vec::new();
    for (text, wanted) in [
        ("Custom eu-central-1 at AWS as default", main_source()),
        ("Custom eu-central-1 at AWS as build", main_source()),
        (
            "Custom eu-central-1 at http://127.0.0.1:4510 as default",
            main_source(),
        ),
        (OLD_ROLE, unknown),
        (
            "Custom us-east-1 at AWS as arn:aws:iam::123456789012:role/worker",
            main_source(),
        ),
        (
            "Custom eu-central-1 at AWS as arn:aws:iam::210987654321:role/worker",
            main_source(),
        ),
        ("something else", main_source()),
        (OLD_ROLE, identity(&[("other", service())])),
    ] {
        let dir = tempfile::tempdir().unwrap();
        old_journal(dir.path(), text, true);
        let path = dir.path().join("state/journal.redb");
        let error = open(dir.path(), &wanted).unwrap_err();
        refusals.push(whole_message(&error));
        // It is as it was, for the version that wrote it.
        let db = Database::open(&path).unwrap();
        let txn = db.begin_read().unwrap();
        let meta = txn.open_table(META).unwrap();
        assert_eq!(meta.get("format").unwrap().unwrap().value(), "1");
    }
    insta::assert_snapshot!(refusals.join("\n"));
}

#[tokio::test]
async fn sources_come_freely_and_go_once_their_jobs_are_reported() {
    let dir = tempfile::tempdir().unwrap();
    let other = || {
        let region = "us-east-1".to_owned();
        (
            "other",
            ServiceIdentity {
                region,
                ..service()
            },
        )
    };
    let both = identity(&[("main", service()), other()]);
    {
        let journal = open(dir.path(), &main_source()).unwrap();
        journal.put(record("a", Phase::Running)).await.unwrap();
    }
    drop(open(dir.path(), &both).unwrap());
    let error = open(dir.path(), &identity(&[other()])).unwrap_err();
    assert!(whole_message(&error).contains("still holds"), "{error}");
    {
        let journal = open(dir.path(), &both).unwrap();
        journal.remove(&key("a")).await.unwrap();
    }
    drop(open(dir.path(), &identity(&[other()])).unwrap());
}

#[tokio::test]
async fn a_failing_journal_fails_where_it_was_told_to() {
    let memory = Memory::new();
    let journal = Failing::new(memory.clone(), FailWhen::Write(2));
    journal
        .put(record("a", Phase::Acknowledging))
        .await
        .unwrap();
    let error = journal
        .put(record("b", Phase::Acknowledging))
        .await
        .unwrap_err();
    assert!(matches!(error, JournalError::Write(_)), "{error}");
    journal
        .put(record("c", Phase::Acknowledging))
        .await
        .unwrap();
    let jobs: Vec<String> = memory
        .load()
        .await
        .unwrap()
        .into_iter()
        .map(|found| found.key.job)
        .collect();
    assert_eq!(jobs, ["a", "c"]);
    assert_eq!(journal.writes(), 3);
}

#[tokio::test]
async fn a_failing_journal_can_have_written_all_the_same() {
    let memory = Memory::new();
    let journal = Failing::new(memory.clone(), FailWhen::From(1)).though_written();
    journal
        .put(record("a", Phase::Acknowledging))
        .await
        .unwrap_err();
    assert_eq!(memory.load().await.unwrap().len(), 1);
    let journal = Failing::new(memory, FailWhen::Always);
    journal.load().await.unwrap_err();
    journal.remove(&key("a")).await.unwrap_err();
}

#[tokio::test]
async fn a_damaged_file_is_told_apart_from_one_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state/journal.redb");
    drop(open(dir.path(), &main_source()).unwrap());
    let whole = std::fs::read(&path).unwrap();
    for damaged in [b"no journal at all".as_slice(), &whole[..4096]] {
        std::fs::write(&path, damaged).unwrap();
        let error = open(dir.path(), &main_source()).unwrap_err();
        let told = whole_message(&error);
        assert!(
            told.contains("damaged") && told.contains("move it away"),
            "{told}"
        );
    }
    std::fs::write(&path, &whole).unwrap();
    open(dir.path(), &main_source()).unwrap();
}
