//! Guests that fill the disk, by every way there is, and stop where they are told to.

use std::fs;
use std::path::Path;

use pipefitter_sandbox::{Fault, Limit};

use crate::harness::{Case, Ran};

fn filling(how: &str, limits: &[(Limit, u64)]) -> Case {
    let case = Case::new("fill").set("how", how).scratch();
    let set = |case: Case, (limit, value): &(Limit, u64)| case.limit(*limit, *value);
    limits.iter().fold(case, set)
}

/// The limit is named although the guest caught it and answered; the log has what it was told.
#[track_caller]
fn assert_limit(ran: &Ran, limit: Limit, value: &str, told: &str) {
    let expected = Fault::Limit {
        limit,
        value: value.to_owned(),
    };
    assert_eq!(ran.fault(), &expected, "log: {:?}", ran.texts());
    // The job is ended at the next look at its guard, which may come before the guest has said its line.
    let said = ran.texts();
    assert!(said.is_empty() || said == [told], "{said:?}");
}

/// Sizes and entries below a directory.
fn on_disk(dir: &Path) -> (u64, u64) {
    let (mut left, mut sum) = (vec![dir.to_owned()], (0, 0));
    while let Some(dir) = left.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let data = entry.metadata().unwrap();
            sum.1 += 1;
            if data.is_dir() {
                left.push(entry.path());
            } else {
                sum.0 += data.len();
            }
        }
    }
    sum
}

#[tokio::test]
async fn bytes_are_exact_by_every_way() {
    let limits = [(Limit::Disk, 100_000)];
    // The C library makes EIO of whatever a stream fails with, which Rust has no name for.
    for (how, told) in [
        ("write", "got 100000: Uncategorized"),
        ("append", "got 100000: Uncategorized"),
        ("sparse", "got 100000: Uncategorized"),
        ("size", "got 100000: StorageFull"),
        ("descriptor", "got 100000: insufficient-space"),
        ("stream", "got 100000: insufficient-space"),
        ("zeroes", "got 100000: insufficient-space"),
        // The source is of one step.
        ("splice", "got 99000: insufficient-space"),
    ] {
        let ran = filling(how, &limits).run().await;
        assert_limit(&ran, Limit::Disk, "100000 bytes", told);
        assert_eq!(on_disk(&ran.case.path("scratch")).0, 100_000, "{how}");
        assert_eq!(ran.verdict.usage.disk_peak, 100_000, "{how}");
    }
}

#[tokio::test]
async fn a_file_has_its_own_size_limit() {
    let limits = [(Limit::FileSize, 50_000)];
    let ran = filling("write", &limits).run().await;
    let told = "got 50000: Uncategorized";
    assert_limit(&ran, Limit::FileSize, "50000 bytes", told);
    let ran = filling("stream", &limits).run().await;
    let told = "got 50000: file-too-large";
    assert_limit(&ran, Limit::FileSize, "50000 bytes", told);
    assert_eq!(on_disk(&ran.case.path("scratch")).0, 50_000);
}

#[tokio::test]
async fn a_longer_file_of_a_granted_folder_is_written_up_to_the_limit_of_one() {
    let limits = [(Limit::FileSize, 50_000)];
    let case = filling("write", &limits).set("at", "/granted");
    let case = case.granted("/granted", true);
    let longer = case.path("granted").join("blocks");
    fs::write(&longer, vec![b'o'; 100_000]).unwrap();
    let ran = case.run().await;
    let told = "got 50000: Uncategorized";
    assert_limit(&ran, Limit::FileSize, "50000 bytes", told);
    let left = fs::read(longer).unwrap();
    assert!(left[..50_000].iter().all(|byte| *byte == b'x'));
    assert!(left[50_000..].iter().all(|byte| *byte == b'o'));
    assert_eq!(left.len(), 100_000);
}

#[tokio::test]
async fn files_of_every_kind_are_counted() {
    let limits = [(Limit::Files, 200), (Limit::OpenFiles, 2)];
    for (how, told) in [
        ("files", "got 200: StorageFull"),
        ("directories", "got 200: StorageFull"),
        ("links", "got 200: insufficient-space"),
    ] {
        let ran = filling(how, &limits).run().await;
        let value = "200";
        assert_limit(&ran, Limit::Files, value, told);
        assert_eq!(on_disk(&ran.case.path("scratch")).1, 200, "{how}");
    }
}

#[tokio::test]
async fn depth_is_limited() {
    let limits = [(Limit::Depth, 10)];
    let ran = filling("depth", &limits).run().await;
    let told = "got 10: InvalidFilename";
    assert_limit(&ran, Limit::Depth, "10", told);
}

#[tokio::test]
async fn what_is_held_open_is_limited() {
    let limits = [(Limit::OpenFiles, 20), (Limit::DirectoryStreams, 4)];
    let ran = filling("open", &limits).run().await;
    let told = "got 20: QuotaExceeded";
    let value = "20";
    assert_limit(&ran, Limit::OpenFiles, value, told);
    let ran = filling("listings", &limits).run().await;
    let value = "4";
    assert_limit(&ran, Limit::DirectoryStreams, value, "got 4: quota");
}

#[tokio::test]
async fn outputs_scratch_and_granted_directories_share_one_quota() {
    // The copy of the input takes 1,003 bytes with its report, `fill` may have the rest.
    let content = "x".repeat(1000);
    let case = Case::new("ok")
        .input("in", &[("a", &content)])
        .output("one")
        .output("two")
        .limit(Limit::Disk, 2500);
    let ran = case.run().await;
    let used = on_disk(&ran.case.path("out-0")).0 + on_disk(&ran.case.path("out-1")).0;
    assert_eq!(ran.verdict.usage.disk_peak, used);
    let ran = Case::new("ok")
        .input("in", &[("a", &content)])
        .output("one")
        .output("two")
        .limit(Limit::Disk, used - 1)
        .run()
        .await;
    assert!(matches!(
        ran.fault(),
        Fault::Limit {
            limit: Limit::Disk,
            ..
        }
    ));
    let ran = Case::new("fill")
        .set("at", "/granted")
        .granted("/granted", true)
        .limit(Limit::Disk, 5000)
        .run()
        .await;
    let told = "got 5000: Uncategorized";
    assert_limit(&ran, Limit::Disk, "5000 bytes", told);
    assert_eq!(on_disk(&ran.case.path("granted")).0, 5000);
}

/// Threads of this process.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

/// In a process of its own, since other tests start threads, too.
#[test]
fn file_work_starts_no_thread() {
    let alone = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["disk::file_work_alone", "--exact", "--ignored"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&alone.stdout);
    assert!(alone.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
}

#[tokio::test]
#[ignore = "run by `file_work_starts_no_thread`"]
async fn file_work_alone() {
    let work = || {
        let content = "x".repeat(1 << 20);
        Case::new("ok")
            .input("in", &[("a", &content), ("b/c", &content)])
            .output("out")
    };
    // Loading the code is a thread's work, which stays for a while; and a second one's, if it is not back for the next.
    work().run().await.success();
    let before = threads() + 1;
    for how in ["write", "append", "descriptor", "stream", "splice", "files"] {
        filling(how, &[(Limit::Disk, 1 << 20), (Limit::Files, 1000)])
            .run()
            .await
            .fault();
        work().run().await.success();
        assert!(threads() <= before, "{how}: {} after {before}", threads());
    }
    let ran = Case::new("file-speed")
        .set("megabytes", "16")
        .scratch()
        .run()
        .await;
    ran.success();
    assert!(threads() <= before, "{} after {before}", threads());
}

/// Prints how fast files are. Not a test: figures depend on the machine.
#[tokio::test]
#[ignore = "a measurement"]
async fn file_speed() {
    let ran = Case::new("file-speed")
        .set("rounds", "5")
        .scratch()
        .run()
        .await;
    for (name, micros) in &ran.success().variables {
        println!("{name}: {micros} us");
    }
    println!("threads: {}", threads());
}
