//! Links: nothing is written through one, and none leads out, alone or together with others.

use crate::bounds::{LIMITS, Yard, refusal, table};
use crate::tarball::{file, link as tar_link, special, tar};
use crate::tree::Node;
use crate::zipfile::{Entry, link, stored, zip};

#[test]
fn tricks_with_links() {
    let folder = |name: &str| special(name, b'5');
    let symlink = |name: &str, target: &str| tar_link(name, b'2', target);
    let hard = |name: &str, target: &str| tar_link(name, b'1', target);
    let cases = vec![
        (
            "written through, zip",
            zip(&[
                link("l", "real"),
                stored("real/x", b"1"),
                stored("l/x", b"2"),
            ]),
        ),
        (
            "written through, tar",
            tar(&[folder("real"), symlink("l", "real"), file("l/x", b"2")]),
        ),
        (
            "written through, link first named by a folder entry",
            tar(&[symlink("l", "real"), folder("l"), file("l/x", b"2")]),
        ),
        (
            "written over",
            tar(&[symlink("l", "real"), file("l", b"2")]),
        ),
        (
            "written over, zip",
            zip(&[link("l", "real"), stored("l", b"2")]),
        ),
        (
            "chain that climbs a step each",
            tar(&[
                folder("a/b"),
                symlink("a/b/up", ".."),
                symlink("up", "a/b/up/.."),
                symlink("out", "up/../.."),
            ]),
        ),
        (
            "chain through a later link",
            tar(&[
                symlink("one", "two/.."),
                symlink("two", "three"),
                folder("three"),
            ]),
        ),
        (
            "a folder becomes a link",
            tar(&[folder("d"), symlink("d", "."), file("d/x", b"1")]),
        ),
        (
            "hard link through a link",
            tar(&[
                folder("d"),
                file("d/f", b"1"),
                symlink("l", "d"),
                hard("h", "l/f"),
            ]),
        ),
        (
            "hard link that climbs",
            tar(&[folder("d"), hard("d/h", "../../outside")]),
        ),
        (
            "hard link within, by a way around",
            tar(&[file("f", b"1"), folder("d"), hard("h", "d/../f")]),
        ),
        ("hard link to itself", tar(&[hard("h", "h")])),
        ("hard link to a folder", tar(&[folder("d"), hard("h", "d")])),
        (
            "hard link written through",
            tar(&[file("f", b"1"), hard("h", "f"), file("h", b"2")]),
        ),
        ("link to nul", zip(&[link("l", "a\0b")])),
        ("link by backslashes", zip(&[link("l", "..\\..\\outside")])),
        ("link not utf-8", {
            let mut entry = link("l", "xx");
            entry.packed = b"\xff\xfe".to_vec();
            entry.crc32 = crc32fast::hash(&entry.packed);
            zip(&[entry])
        }),
        (
            "link longer than any",
            zip(&[link("l", &"a/".repeat(3000))]),
        ),
    ];
    insta::assert_snapshot!(table(cases));
}

/// The same target is fine deep in the tree and leads out further up.
#[test]
fn a_link_is_checked_from_where_it_is_placed() {
    let climbs = "../../f";
    for (path, inside) in [
        ("a/b/l", true),
        ("a/l", false),
        ("l", false),
        ("a/b/c/l", true),
    ] {
        let archive = zip(&[link(path, climbs)]);
        let (fetched, tree) = Yard::new().unpack(&archive, &LIMITS);
        assert_eq!(fetched.is_ok(), inside, "{path}");
        if inside {
            assert_eq!(tree[path], Node::Link(climbs.to_owned()));
        }
    }
}

#[test]
fn links_in_a_circle_and_to_nothing_are_only_links() {
    let archive = tar(&[
        tar_link("a", b'2', "b"),
        tar_link("b", b'2', "a"),
        tar_link("self", b'2', "self"),
        tar_link("none", b'2', "not/there"),
        tar_link("here", b'2', "."),
    ]);
    let (fetched, tree) = Yard::new().unpack(&archive, &LIMITS);
    assert_eq!(fetched.unwrap().entries, 5);
    assert_eq!(tree["self"], Node::Link("self".to_owned()));
}

/// A refused archive leaves no link behind: they are made when all the rest is known to be good.
#[test]
fn no_link_is_made_before_the_last_entry_was_good() {
    let entries = [link("l", "."), stored("x", b"1"), stored("../x", b"2")];
    for archive in [
        zip(&entries),
        tar(&[
            tar_link("l", b'2', "."),
            file("x", b"1"),
            file("../x", b"2"),
        ]),
    ] {
        let (fetched, tree) = Yard::new().unpack(&archive, &LIMITS);
        fetched.unwrap_err();
        assert!(!tree.contains_key("l"), "{tree:?}");
    }
}

#[test]
fn links_cost_no_bytes_and_nothing_lies_under_one() {
    let many: Vec<Entry> = (0..200)
        .map(|n| link(&format!("l{n}"), &format!("l{}", n + 1)))
        .collect();
    let (fetched, tree) = Yard::new().unpack(&zip(&many), &LIMITS);
    assert_eq!((fetched.unwrap().bytes, tree.len()), (0, 200));
    let said = refusal(&zip(&[link("l", "a"), stored("l/b", b"1")]), &LIMITS);
    assert!(said.contains("\"l/b\" lies under \"l\""), "{said}");
}
