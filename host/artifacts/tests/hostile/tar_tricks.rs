//! What only tar can do: devices, sparse files, pax and GNU records, numbers in base 256.

use crate::bounds::{LIMITS, Yard, refusal, table, unpacked};
use crate::tarball::{entry, file, header, link, pax, resummed, special, tar};
use crate::tree;

/// A pax header for every entry after it.
fn global(records: &[(&str, &str)]) -> Vec<u8> {
    let mut all = pax(records);
    all[156] = b'g';
    resummed(all)
}

/// An entry whose size is written in base 256, as GNU does for what octal has no room for.
fn base256(size: [u8; 12]) -> Vec<u8> {
    let mut block = header(b"big", b'0', b"", "644", 0);
    block[124..136].copy_from_slice(&size);
    resummed(block)
}

fn big(size: u64) -> Vec<u8> {
    let mut field = [0; 12];
    field[0] = 0x80;
    field[4..].copy_from_slice(&size.to_be_bytes());
    base256(field)
}

#[test]
fn kinds_that_are_no_files() {
    let device = |kind| {
        let mut entry = special("node", kind);
        entry[329..336].copy_from_slice(b"0000010");
        entry[337..344].copy_from_slice(b"0000001");
        tar(&[resummed(entry)])
    };
    let cases = vec![
        ("character device", device(b'3')),
        ("block device", device(b'4')),
        ("fifo", device(b'6')),
        (
            "device with content",
            tar(&[entry(b"d", b'3', b"", "644", b"x")]),
        ),
        (
            "contiguous, named as a folder with content",
            tar(&[entry(b"d/", b'7', b"", "644", b"x")]),
        ),
        ("volume label", tar(&[special("v", b'V')])),
        ("multi-volume", tar(&[special("m", b'M')])),
        ("dump directory", tar(&[special("D", b'D')])),
        ("solaris acl", tar(&[special("A", b'A')])),
        ("solaris pax", tar(&[special("X", b'X')])),
        ("control characters", tar(&[special("c", 7)])),
    ];
    insta::assert_snapshot!(table(cases));
}

#[test]
fn sparse_files() {
    let one_null = [
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.name", "../outside"),
        ("GNU.sparse.realsize", "1099511627776"),
    ];
    let map = [
        ("GNU.sparse.size", "1099511627776"),
        ("GNU.sparse.numblocks", "1"),
        ("GNU.sparse.map", "1099511627775,1"),
    ];
    let mut old = header(b"old", b'S', b"", "644", 512);
    old[386..398].copy_from_slice(b"77777777777\0");
    old[482] = 1;
    old[483..495].copy_from_slice(b"77777777777\0");
    let old = [resummed(old), vec![0; 1024]].concat();
    let cases = vec![
        ("old gnu, with a map in a block of its own", tar(&[old])),
        ("pax 1.0", tar(&[pax(&one_null), file("a", b"1\n0\n512\n")])),
        ("pax 0.1", tar(&[pax(&map), file("a", b"x")])),
        ("pax, for all", tar(&[global(&one_null), file("a", b"x")])),
        (
            "star",
            tar(&[pax(&[("SCHILY.realsize", "9")]), special("s", b'S')]),
        ),
    ];
    insta::assert_snapshot!(table(cases));
}

#[test]
fn pax_records() {
    let torn = |body: &[u8]| tar(&[entry(b"p", b'x', b"", "644", body), file("a", b"x")]);
    let cases = vec![
        (
            "path out",
            tar(&[pax(&[("path", "../../outside")]), file("a", b"x")]),
        ),
        (
            "path to root",
            tar(&[pax(&[("path", "/etc/passwd")]), file("a", b"x")]),
        ),
        (
            "the last of two paths",
            tar(&[pax(&[("path", "a"), ("path", "../b")]), file("a", b"x")]),
        ),
        (
            "the last of two headers",
            tar(&[
                pax(&[("path", "a")]),
                pax(&[("path", "../b")]),
                file("a", b"x"),
            ]),
        ),
        ("empty path", tar(&[pax(&[("path", "")]), file("a", b"x")])),
        (
            "linkpath out",
            tar(&[pax(&[("linkpath", "/etc")]), link("l", b'2', "a")]),
        ),
        (
            "hard link out",
            tar(&[
                file("a", b"x"),
                pax(&[("linkpath", "../a")]),
                link("l", b'1', "a"),
            ]),
        ),
        (
            "size beyond the end",
            tar(&[pax(&[("size", "99999")]), file("a", b"x")]),
        ),
        (
            "size of everything",
            tar(&[pax(&[("size", "18446744073709551615")]), file("a", b"x")]),
        ),
        (
            "size over 64 bits",
            tar(&[pax(&[("size", "18446744073709551616")]), file("a", b"x")]),
        ),
        (
            "size below nothing",
            tar(&[pax(&[("size", "-1")]), file("a", b"x")]),
        ),
        (
            "size of a folder",
            tar(&[pax(&[("size", "5")]), special("d/", b'5')]),
        ),
        (
            "size for all",
            tar(&[global(&[("size", "0")]), file("a", b"x")]),
        ),
        (
            "path for all",
            tar(&[global(&[("path", "b")]), file("a", b"x")]),
        ),
        (
            "linkpath for all",
            tar(&[global(&[("linkpath", "b")]), file("a", b"x")]),
        ),
        ("no length", torn(b" path=../x\n")),
        ("length too long", torn(b"99 path=x\n")),
        ("length too short", torn(b"5 path=x\n")),
        ("length of 0", torn(b"0 path=x\n")),
        ("no line end", torn(b"9 path=xx")),
        ("no value", torn(b"8 path\n9")),
        (
            "header without an entry",
            tar(&[pax(&[("path", "../x")])])
                .into_iter()
                .chain([1; 512])
                .collect(),
        ),
    ];
    insta::assert_snapshot!(table(cases));
}

/// What hides an entry from a reader that takes the header's size: here its bytes are content, and nothing else.
#[test]
fn a_size_by_pax_is_the_size() {
    let inner = tar(&[file("hidden", b"evil")]);
    let outer = {
        let mut entry = header(b"archive.tar", b'0', b"", "644", 0);
        entry.extend_from_slice(&inner);
        entry
    };
    let size = inner.len().to_string();
    let archive = tar(&[pax(&[("size", &size)]), outer, file("after", b"1")]);
    let tree = unpacked(&archive);
    assert_eq!(tree["archive.tar"], tree::file(&inner));
    assert_eq!(tree.keys().collect::<Vec<_>>(), ["after", "archive.tar"]);
    // And smaller than the header says: what is left over is no header.
    let less = tar(&[
        pax(&[("size", "0")]),
        file("a", b"content"),
        file("b", b"1"),
    ]);
    assert!(refusal(&less, &LIMITS).contains("checksum does not match"));
}

#[test]
fn attributes_with_line_ends_are_skipped() {
    let hidden = "\n17 path=../outside\n\n";
    let archive = tar(&[
        pax(&[("SCHILY.xattr.user.x", hidden), ("path", "good")]),
        file("a", b"x"),
    ]);
    assert_eq!(unpacked(&archive).keys().collect::<Vec<_>>(), ["good"]);
}

#[test]
fn sizes_in_base_256() {
    let negative = base256([0xff; 12]);
    let wide = base256([0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let mut garbage = header(b"big", b'0', b"", "644", 0);
    garbage[124..135].copy_from_slice(b"9zzzzzzzzzz");
    let cases = vec![
        ("u64::MAX", big(u64::MAX)),
        ("u64::MAX - 511", big(u64::MAX - 511)),
        ("i64::MAX", big(i64::MAX as u64)),
        ("negative", negative),
        ("more than 64 bits", wide),
        ("no octal", resummed(garbage)),
        ("long name of u64::MAX", {
            let mut long = big(u64::MAX);
            long[156] = b'L';
            resummed(long)
        }),
    ];
    insta::assert_snapshot!(table(cases));
    assert_eq!(unpacked(&tar(&[big(0)])).len(), 1);
}

/// After the end of an archive nothing is unpacked, though it is read for gzip's checksum.
#[test]
fn what_comes_after_the_end_is_not_unpacked() {
    let both = [tar(&[file("a", b"1")]), tar(&[file("../b", b"2")])].concat();
    let (fetched, tree) = Yard::new().unpack(&both, &LIMITS);
    fetched.unwrap();
    assert_eq!(tree.keys().collect::<Vec<_>>(), ["a"]);
}
