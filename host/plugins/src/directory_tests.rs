//! A plugins directory is changed and looked at, step by step.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use super::*;
use crate::bench::{Bench, Compiler, component, key, manifest};
use crate::wasm::embed_manifest;

#[test]
fn a_file_is_loaded_once_two_looks_found_it_the_same() {
    let mut bench = Bench::new();
    bench.plugin("site.wasm", "Site", "1");
    assert!(bench.dir.look());
    assert!(bench.dir.look(), "no time has passed");
    assert!(bench.served().is_empty());
    bench.dir.pass(SETTLE);
    assert!(!bench.dir.look());
    assert_eq!(bench.served(), ["Build/Site/1 by site"]);
    bench.rest();
    assert_eq!(bench.compiled(), 1);
}

#[test]
fn a_plugin_whose_code_is_lost_is_prepared_again_and_served_meanwhile() {
    let mut bench = Bench::new();
    bench.plugin("site.wasm", "Site", "1");
    bench.rest();
    assert_eq!(bench.compiled(), 1);
    bench.dir.pass(SETTLE);
    bench.dir.look();
    assert_eq!(bench.compiled(), 1);
    bench.compiler.lost.store(true, Ordering::SeqCst);
    bench.dir.look();
    assert_eq!(bench.served(), ["Build/Site/1 by site"]);
    assert_eq!(bench.compiled(), 2);
    bench.dir.look();
    assert_eq!(bench.compiled(), 2);
}

#[test]
fn what_the_machine_could_not_load_is_tried_again_and_told_once() {
    for was_served in [true, false] {
        let mut bench = Bench::new();
        bench.plugin("site.wasm", "Site", "1");
        if was_served {
            bench.rest();
            bench.compiler.lost.store(true, Ordering::SeqCst);
        }
        bench.compiler.full.store(3, Ordering::SeqCst);
        bench.rest();
        let told = bench.dir.catalogue();
        let problem = bench.only_problem();
        assert!(problem.message.contains("no space left"), "{problem:?}");
        assert_eq!(problem.older_served, was_served);
        let before = bench.compiled();
        for tries in 1..=3 {
            assert!(
                Arc::ptr_eq(&bench.dir.catalogue(), &told),
                "nothing new is said"
            );
            bench.dir.pass(AGAIN.0 * 2u32.pow(tries - 1) - SETTLE * 30);
            bench.rest();
            assert_eq!(bench.compiled(), before + tries - 1, "the pause grows");
            bench.rest();
            bench.rest();
            assert_eq!(bench.compiled(), before + tries);
        }
        assert_eq!(bench.served(), ["Build/Site/1 by site"]);
        assert!(bench.dir.catalogue().problems().is_empty());
        bench.dir.pass(AGAIN.1 * 2);
        bench.rest();
        assert_eq!(bench.compiled(), before + 3);
    }
}

#[test]
fn what_was_served_is_tried_again_whatever_is_said_of_it_now() {
    let mut bench = Bench::new();
    bench.plugin("site.wasm", "Site", "1");
    bench.rest();
    bench.compiler.lost.store(true, Ordering::SeqCst);
    bench.compiler.refuses.store(2, Ordering::SeqCst);
    bench.rest();
    assert!(bench.only_problem().message.contains("try 1 fails"));
    bench.dir.pass(AGAIN.0);
    bench.rest();
    assert!(bench.only_problem().message.contains("try 1 fails"));
    bench.dir.pass(AGAIN.1);
    bench.rest();
    assert!(bench.dir.catalogue().problems().is_empty());
    // Another version has yet to be good.
    bench.plugin("site.wasm", "Site", "2");
    bench.compiler.refuses.store(1, Ordering::SeqCst);
    bench.rest();
    let before = bench.compiled();
    bench.dir.pass(AGAIN.1);
    bench.rest();
    assert_eq!(bench.compiled(), before);
}

#[test]
fn what_lay_there_when_the_worker_started_is_loaded_at_the_first_look() {
    let mut bench = Bench::new();
    bench.plugin("site.wasm", "Site", "1");
    let file = fs::File::options()
        .write(true)
        .open(bench.path("site.wasm"))
        .unwrap();
    file.set_modified(SystemTime::now() - 2 * UNFINISHED)
        .unwrap();
    bench.dir = PluginsDir::open(bench.temp.path(), bench.compiler.clone()).unwrap();
    assert!(!bench.dir.look());
    assert_eq!(bench.served(), ["Build/Site/1 by site"]);
}

#[test]
fn a_scan_waits_for_what_was_just_copied() {
    let bench = Bench::new();
    bench.plugin("site.wasm", "Site", "1");
    bench.plugin("more/check.wasm", "Check", "1");
    let mut dir = PluginsDir::open(bench.temp.path(), bench.compiler.clone()).unwrap();
    let catalogue = dir.scan();
    assert_eq!(catalogue.plugins().count(), 2);
    assert!(catalogue.get(&key("Check")).is_some() && catalogue.by_name("site").is_some());
}

#[test]
fn half_a_file_is_not_loaded_and_told_of_only_when_no_more_comes() {
    let mut bench = Bench::new();
    bench.plugin("site.wasm", "Site", "old");
    bench.rest();
    let whole = embed_manifest(&component("new"), &manifest("Site")).unwrap();
    bench.write("site.wasm", &whole[..whole.len() / 2]);
    bench.dir.look();
    bench.dir.pass(SETTLE);
    bench.dir.look();
    assert_eq!(bench.served(), ["Build/Site/1 by site"]);
    assert!(
        bench.dir.catalogue().problems().is_empty(),
        "the copy may go on"
    );
    bench.dir.pass(UNFINISHED);
    assert!(!bench.dir.look());
    let problem = bench.only_problem();
    assert!(problem.message.contains("not WebAssembly"), "{problem:?}");
    assert!(problem.older_served);
    assert_eq!(bench.served(), ["Build/Site/1 by site"]);
    let old = bench
        .dir
        .catalogue()
        .by_name("site")
        .unwrap()
        .digest
        .clone();
    bench.write("site.wasm", &whole);
    bench.rest();
    assert!(bench.dir.catalogue().problems().is_empty());
    assert_ne!(bench.dir.catalogue().by_name("site").unwrap().digest, old);
}

#[test]
fn a_file_that_never_rests_is_told_of() {
    let mut bench = Bench::new();
    for second in 0..=RESTLESS.as_secs() {
        bench.plugin(
            "site.wasm",
            "Site",
            &"x".repeat(usize::try_from(second).unwrap()),
        );
        bench.dir.look();
        bench.dir.pass(Duration::from_secs(1));
    }
    let problem = bench.only_problem();
    assert!(problem.message.contains("keeps changing"), "{problem:?}");
    bench.rest();
    assert_eq!(bench.served(), ["Build/Site/1 by site"]);
    assert!(bench.dir.catalogue().problems().is_empty());
}

#[test]
fn a_new_version_serves_new_jobs_and_running_ones_keep_theirs() {
    let mut bench = Bench::new();
    bench.plugin("site.wasm", "Site", "1");
    let first = Arc::clone(bench.rest().get(&key("Site")).unwrap());
    bench.plugin("site.wasm", "Site", "2");
    let second = Arc::clone(bench.rest().get(&key("Site")).unwrap());
    assert_ne!(first.digest, second.digest);
    assert_ne!(first.prepared.code_id, second.prepared.code_id);
}

#[test]
fn a_changed_manifest_is_a_new_version_of_the_same_code() {
    let mut bench = Bench::new();
    bench.write("site.wasm", component("1"));
    bench.write("site.action.toml", manifest("Site"));
    let first = Arc::clone(bench.rest().by_name("site").unwrap());
    bench.write("site.action.toml", manifest("Page"));
    let second = Arc::clone(bench.rest().by_name("site").unwrap());
    assert_eq!(bench.served(), ["Build/Page/1 by site"]);
    assert_ne!(first.digest, second.digest);
    assert_eq!(first.prepared.code_id, second.prepared.code_id);
}

#[test]
fn a_bad_new_version_keeps_the_old() {
    for (bad, words) in [
        (
            embed_manifest(&component("refused"), &manifest("Site")).unwrap(),
            "not granted",
        ),
        (
            embed_manifest(&component("panics"), &manifest("Site")).unwrap(),
            "panic",
        ),
        (
            embed_manifest(&component("x"), "[action]\n").unwrap(),
            "no `category`",
        ),
        (component("no manifest"), "no manifest"),
        (b"\x7fELF machine code".to_vec(), "machine code"),
    ] {
        let mut bench = Bench::new();
        bench.plugin("site.wasm", "Site", "1");
        let good = bench.rest().by_name("site").unwrap().digest.clone();
        bench.write("site.wasm", bad);
        let catalogue = bench.rest();
        assert_eq!(catalogue.by_name("site").unwrap().digest, good);
        assert!(!catalogue.problems().is_empty());
        for problem in catalogue.problems() {
            assert!(
                problem.older_served && !problem.remedy.is_empty(),
                "{problem:?}"
            );
        }
        assert!(
            catalogue.problems()[0].message.contains(words),
            "{:?}",
            catalogue.problems()
        );
        let compiled = bench.compiled();
        bench.rest();
        assert_eq!(
            bench.compiled(),
            compiled,
            "it is not tried again before it changes"
        );
    }
}

#[test]
fn a_bad_first_version_serves_nothing() {
    let mut bench = Bench::new();
    bench.plugin("site.wasm", "Site", "refused");
    bench.rest();
    assert!(bench.served().is_empty());
    assert!(!bench.only_problem().older_served);
}

#[test]
fn a_removed_file_is_no_longer_served() {
    let mut bench = Bench::new();
    bench.plugin("site.wasm", "Site", "1");
    bench.rest();
    bench.remove("site.wasm");
    bench.dir.look();
    assert!(bench.served().is_empty());
    assert!(bench.dir.catalogue().problems().is_empty());
}

#[test]
fn the_manifest_is_looked_for_beside_the_file_then_in_its_folder_then_inside() {
    let mut bench = Bench::new();
    bench.plugin("x/site.wasm", "Inside", "1");
    bench.rest();
    assert_eq!(bench.served(), ["Build/Inside/1 by site"]);
    bench.write("x/action.toml", manifest("Folder"));
    bench.rest();
    assert_eq!(bench.served(), ["Build/Folder/1 by site"]);
    bench.write("x/site.action.toml", manifest("Beside"));
    bench.rest();
    assert_eq!(bench.served(), ["Build/Beside/1 by site"]);
    bench.remove("x/site.action.toml");
    bench.plugin("x/second.wasm", "Second", "2");
    bench.rest();
    assert_eq!(
        bench.served(),
        ["Build/Inside/1 by site", "Build/Second/1 by second"],
        "action.toml could mean either"
    );
}

#[test]
fn every_fault_of_a_manifest_is_a_problem_with_its_place() {
    let mut bench = Bench::new();
    bench.write("site.wasm", component("1"));
    bench.write(
        "site.action.toml",
        "[action]\ncategory = \"Bild\"\nprovider = \"Site\"\nversion = 1\n",
    );
    let catalogue = bench.rest();
    let messages: Vec<&str> = catalogue
        .problems()
        .iter()
        .map(|problem| problem.message.as_str())
        .collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(
        messages[0].contains("site.action.toml:2:12: `Bild`"),
        "{messages:?}"
    );
    assert!(
        messages[1].contains("site.action.toml:4:11: `version`"),
        "{messages:?}"
    );
    assert_eq!(
        catalogue.problems()[0].file(),
        Some(bench.path("site.action.toml").as_path())
    );
}

#[test]
fn what_is_being_written_under_another_name_is_passed_over() {
    let mut bench = Bench::new();
    for name in [
        ".site.wasm",
        "site.wasm.tmp",
        "site.wasm.part",
        "site.wasm~",
        ".sync/site.wasm",
        "a/b/deep.wasm",
        "README.md",
    ] {
        bench.write(name, "half");
    }
    bench.rest();
    assert!(bench.served().is_empty() && bench.dir.catalogue().problems().is_empty());
}

#[test]
fn compiled_code_is_refused_by_name() {
    let mut bench = Bench::new();
    bench.write("site.cwasm", "\x7fELF");
    bench.rest();
    let problem = bench.only_problem();
    assert!(
        problem.message.contains("site.cwasm: it is compiled code"),
        "{problem:?}"
    );
}

#[test]
fn a_name_that_no_config_could_hold_is_refused() {
    let mut bench = Bench::new();
    bench.plugin("my site.wasm", "Site", "1");
    bench.rest();
    assert!(bench.served().is_empty());
    assert!(bench.only_problem().remedy.contains("rename it"));
}

#[test]
fn a_directory_that_cannot_be_read_is_an_error_at_first_and_a_problem_later() {
    let nowhere = tempfile::tempdir().unwrap().path().join("plugins");
    let error = PluginsDir::open(&nowhere, Arc::new(Compiler::default())).unwrap_err();
    assert!(error.to_string().contains("plugins-dir"), "{error}");

    let mut bench = Bench::new();
    bench.plugin("site.wasm", "Site", "1");
    bench.rest();
    let away = bench.temp.path().with_extension("away");
    fs::rename(bench.temp.path(), &away).unwrap();
    bench.dir.look();
    assert_eq!(bench.served(), ["Build/Site/1 by site"]);
    assert!(bench.only_problem().older_served);
    fs::rename(&away, bench.temp.path()).unwrap();
    bench.dir.look();
    assert!(bench.dir.catalogue().problems().is_empty());
    assert_eq!(bench.served(), ["Build/Site/1 by site"]);
    assert_eq!(bench.compiled(), 1);
}

#[test]
fn an_unreadable_folder_keeps_what_it_served() {
    if rustix::process::geteuid().is_root() {
        // Root reads every folder.
        return;
    }
    let mut bench = Bench::new();
    bench.plugin("x/site.wasm", "Site", "1");
    bench.rest();
    let folder = bench.path("x");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o000)).unwrap();
    bench.dir.look();
    assert_eq!(bench.served(), ["Build/Site/1 by site"]);
    assert!(bench.only_problem().message.contains("cannot be read"));
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_look_that_finds_nothing_new_makes_no_new_catalogue() {
    let mut bench = Bench::new();
    bench.plugin("site.wasm", "Site", "1");
    bench.plugin("bad.wasm", "Bad", "refused");
    let before = bench.rest();
    let after = bench.rest();
    assert!(Arc::ptr_eq(&before, &after));
}
