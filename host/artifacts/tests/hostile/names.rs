//! Zip slip in every spelling: in a zip's name, its Unicode path field, a tar's name, its prefix, a GNU
//! long name and a pax path, each alike.

use crate::bounds::{LIMITS, Yard, refusal, table, unpacked};
use crate::tarball::{self, entry, file, pax, tar};
use crate::tree;
use crate::zipfile::{Entry, extra, stored, zip};

/// Names that must be refused wherever they stand.
const REFUSED: [&str; 22] = [
    "..",
    "../",
    "../outside",
    "./../outside",
    "a/../../outside",
    "a/..",
    "a/b/../../../outside",
    "/",
    "/outside",
    "//server/share/outside",
    "///outside",
    "\\outside",
    "..\\outside",
    "a\\..\\..\\outside",
    "\\\\server\\share\\outside",
    "\\\\?\\C:\\outside",
    "C:outside",
    "C:/outside",
    "c:\\outside",
    "z:",
    ".",
    "",
];

/// Names that some other system would take for one of those; on this one they are plain, and so they stay.
const PLAIN: [&str; 16] = [
    "...",
    "..../outside",
    ".. /outside",
    "..\u{a0}/outside",
    " ../outside",
    "..;/outside",
    "%2e%2e/outside",
    "\u{2025}/outside",
    "\u{ff0e}\u{ff0e}\u{ff0f}outside",
    "..\u{2215}outside",
    "..\u{2216}outside",
    "..\u{200b}/outside",
    "\u{202e}../outside",
    "file.txt.",
    "NUL",
    "stream:$DATA",
];

/// Every way to write the name into an archive that leaves it as it is.
fn spelled(name: &str) -> Vec<(&'static str, Vec<u8>)> {
    let long = [name.as_bytes(), b"\0"].concat();
    let mut archives = vec![
        ("zip", zip(&[stored(name, b"x")])),
        ("zip, unicode path", zip(&[renamed(name)])),
        ("tar", tar(&[file(name, b"x")])),
        (
            "gnu",
            tar(&[
                entry(b"././@LongLink", b'L', b"", "644", &long),
                file("a", b"x"),
            ]),
        ),
        ("pax", tar(&[pax(&[("path", name)]), file("a", b"x")])),
        (
            "pax, then gnu",
            tar(&[
                pax(&[("path", "a")]),
                entry(b"././@LongLink", b'L', b"", "644", &long),
                file("a", b"x"),
            ]),
        ),
        ("tar.gz", tarball::gz(&tar(&[file(name, b"x")]))),
    ];
    if let Some((prefix, rest)) = name.split_once('/')
        && !prefix.is_empty()
        && !rest.is_empty()
    {
        archives.push(("tar, prefix", tar(&[tarball::prefixed(prefix, rest, b"x")])));
    }
    archives
}

/// An entry of a harmless name, with another one in the field for names in Unicode.
fn renamed(name: &str) -> Entry {
    let mut data = vec![1];
    data.extend(crc32fast::hash(b"a").to_le_bytes());
    data.extend(name.as_bytes());
    Entry {
        extra: extra(0x7075, &data),
        ..stored("a", b"x")
    }
}

#[test]
fn names_that_climb_are_refused_in_every_spelling_and_nothing_is_placed() {
    for name in REFUSED {
        for (how, archive) in spelled(name) {
            let (fetched, tree) = Yard::new().unpack(&archive, &LIMITS);
            let Err(said) = fetched else {
                panic!("{name:?} by {how} was unpacked: {tree:?}");
            };
            assert!(
                said.starts_with("BadArchive: "),
                "{name:?} by {how}: {said}"
            );
            assert!(tree.is_empty(), "{name:?} by {how} left {tree:?}");
        }
    }
}

#[test]
fn names_that_only_look_like_it_are_plain_names() {
    for name in PLAIN {
        for (how, archive) in spelled(name) {
            // The Unicode field counts where both headers have it; this one is in the directory alone.
            if how == "zip, unicode path" {
                continue;
            }
            let tree = unpacked(&archive);
            assert_eq!(tree.get(name), Some(&tree::file(b"x")), "{name:?} by {how}");
        }
    }
}

#[test]
fn names_of_other_case_and_form_are_other_names() {
    let names = [
        "readme",
        "README",
        "Readme",
        "caf\u{e9}",
        "cafe\u{301}",
        "\u{fb01}le",
        "file",
    ];
    let entries: Vec<Entry> = names
        .iter()
        .map(|name| stored(name, name.as_bytes()))
        .collect();
    let tree = unpacked(&zip(&entries));
    for name in names {
        assert_eq!(tree[name], tree::file(name.as_bytes()));
    }
}

#[test]
fn what_is_said_names_the_entry() {
    let mut sjis = stored(b"\x83\x65\x83\x58\x83\x67", b"x");
    let falsely = sjis.clone();
    sjis.flags = 0;
    let nul = |name: &[u8]| {
        tar(&[
            entry(b"././@LongLink", b'L', b"", "644", name),
            file("a", b"x"),
        ])
    };
    let cases = vec![
        ("unc", zip(&[stored("\\\\server\\share\\x", b"x")])),
        ("slashes", zip(&[stored("//server/share/x", b"x")])),
        ("unicode path", zip(&[renamed("../outside")])),
        ("prefix", tar(&[tarball::prefixed("..", "outside", b"x")])),
        ("falsely utf-8", zip(&[falsely])),
        ("tar, not utf-8", tar(&[file_bytes(b"\xff\xfe/x")])),
        (
            "pax, not utf-8",
            tar(&[pax_bytes(b"path", b"\xff\xfe/x"), file("a", b"x")]),
        ),
        ("nul in a long name", nul(b"a\0/../../outside\0")),
        (
            "nul in pax",
            tar(&[pax(&[("path", "a\0b")]), file("a", b"x")]),
        ),
    ];
    insta::assert_snapshot!(table(cases));
    // Without the flag a name is in the code page of DOS, as the format has it.
    let tree = unpacked(&zip(&[sjis]));
    assert_eq!(tree.len(), 1);
    assert!(refusal(&zip(&[renamed("b")]), &LIMITS).contains("mismatch"));
}

fn file_bytes(name: &[u8]) -> Vec<u8> {
    entry(name, b'0', b"", "644", b"x")
}

fn pax_bytes(key: &[u8], value: &[u8]) -> Vec<u8> {
    let length = key.len() + value.len() + 5;
    let body = [format!("{length} ").as_bytes(), key, b"=", value, b"\n"].concat();
    assert_eq!(body.len(), length);
    entry(b"pax", b'x', b"", "644", &body)
}
