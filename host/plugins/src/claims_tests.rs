//! Plugins that want the same.

use crate::bench::Bench;

#[test]
fn of_two_that_come_at_once_for_one_action_type_neither_is_served() {
    let mut bench = Bench::new();
    bench.plugin("a.wasm", "Site", "a");
    bench.plugin("b.wasm", "Site", "b");
    bench.plugin("c.wasm", "Other", "c");
    bench.rest();
    assert_eq!(bench.served(), ["Build/Other/1 by c"]);
    let problem = bench.only_problem();
    assert_eq!(problem.files, [bench.path("a.wasm"), bench.path("b.wasm")]);
    for words in [
        "a.wasm and",
        "b.wasm both want the action type Build/Site/1",
        "neither is served",
    ] {
        assert!(problem.message.contains(words), "{problem:?}");
    }
    bench.remove("a.wasm");
    bench.rest();
    assert_eq!(bench.served(), ["Build/Other/1 by c", "Build/Site/1 by b"]);
}

#[test]
fn one_that_is_served_stays_served_beside_an_intruder() {
    let mut bench = Bench::new();
    bench.plugin("b.wasm", "Site", "b");
    bench.rest();
    bench.plugin("a.wasm", "Site", "a");
    bench.rest();
    assert_eq!(bench.served(), ["Build/Site/1 by b"]);
    let problem = bench.only_problem();
    assert!(
        problem.message.contains("b.wasm had it first"),
        "{problem:?}"
    );
    assert!(problem.older_served);
}

#[test]
fn one_that_changes_to_a_type_that_is_taken_keeps_its_old_one() {
    let mut bench = Bench::new();
    bench.plugin("a.wasm", "First", "a");
    bench.plugin("b.wasm", "Second", "b");
    bench.rest();
    bench.plugin("a.wasm", "Second", "a");
    bench.plugin("c.wasm", "First", "c");
    bench.rest();
    // `c` would have got `First` if `a` had been allowed to leave it.
    assert_eq!(
        bench.served(),
        ["Build/First/1 by a", "Build/Second/1 by b"]
    );
    assert_eq!(bench.dir.catalogue().problems().len(), 2);
}

#[test]
fn two_may_swap_their_types() {
    let mut bench = Bench::new();
    bench.plugin("a.wasm", "First", "a");
    bench.plugin("b.wasm", "Second", "b");
    bench.rest();
    bench.plugin("a.wasm", "Second", "a");
    bench.plugin("b.wasm", "First", "b");
    bench.rest();
    assert_eq!(
        bench.served(),
        ["Build/First/1 by b", "Build/Second/1 by a"]
    );
}

#[test]
fn two_of_one_name_would_share_their_grants_and_neither_is_served() {
    let mut bench = Bench::new();
    bench.plugin("x/site.wasm", "Site", "1");
    bench.plugin("y/site.wasm", "Page", "2");
    bench.rest();
    assert!(bench.served().is_empty());
    assert!(bench.only_problem().message.contains("both named site"));
}
