//! Every rule and limit that an archive can break, and what the pipeline's owner then reads.

use pipefitter_artifacts::UnpackLimits;

use crate::support::zipfile::{Entry, body, deflated, end, end64, link, moded, stored, zip};
use crate::support::{LIMITS, noise, refusal, tarball, unpack_bytes};

/// One line for each case: its name, then what was said.
fn table(cases: Vec<(&str, Vec<u8>)>, limits: &UnpackLimits) -> String {
    cases
        .into_iter()
        .map(|(case, archive)| format!("{case}\n    {}\n", refusal(&archive, limits)))
        .collect()
}

#[test]
fn names_in_zip() {
    let long_name = "n".repeat(256);
    let long_path = "folder/".repeat(600);
    let names: [(&str, &[u8]); 11] = [
        ("climbs", b"../outside"),
        ("climbs within", b"a/../../outside"),
        ("absolute", b"/etc/cron.d/job"),
        ("drive", b"C:/Windows/job"),
        ("drive, relative", b"c:job"),
        ("backslash", b"..\\outside"),
        ("nul", b"safe\0/../../outside"),
        ("empty", b""),
        ("long name", long_name.as_bytes()),
        ("long path", long_path.as_bytes()),
        ("control characters", b"../\x1b[31mred\n"),
    ];
    let cases = names
        .into_iter()
        .map(|(case, name)| (case, zip(&[stored(name, b"x")])))
        .collect();
    insta::assert_snapshot!(table(cases, &LIMITS));
}

#[test]
fn conflicts_in_zip() {
    let two = |a, b| zip(&[a, b]);
    let cases = vec![
        ("twice", two(stored("a", b"1"), stored("a", b"2"))),
        (
            "twice, spelled otherwise",
            two(stored("a/b", b"1"), stored("./a//b", b"2")),
        ),
        (
            "file, then folder",
            two(stored("a", b"1"), stored("a/b", b"2")),
        ),
        (
            "folder, then file",
            two(stored("a/b", b"1"), stored("a", b"2")),
        ),
        (
            "folder entry, then file",
            two(stored("a/", b""), stored("a", b"2")),
        ),
        (
            "file, then folder entry",
            two(stored("a", b"2"), stored("a/", b"")),
        ),
        ("folder with content", zip(&[stored("a/", b"x")])),
    ];
    insta::assert_snapshot!(table(cases, &LIMITS));
}

#[test]
fn links_and_specials_in_zip() {
    let cases = vec![
        ("link up", zip(&[link("l", "../outside")])),
        ("link to root", zip(&[link("l", "/etc/passwd")])),
        (
            "link up through another",
            zip(&[link("a/l", "../b/.."), link("b", "c")]),
        ),
        ("empty link", zip(&[link("l", "")])),
        (
            "file under a link",
            zip(&[link("l", "a"), stored("l/x", b"1")]),
        ),
        (
            "link over a folder",
            zip(&[stored("l/x", b"1"), link("l", "a")]),
        ),
        ("link twice", zip(&[link("l", "a"), link("./l", "b")])),
        ("fifo", zip(&[moded("f", b"", 0o010_644)])),
        ("device", zip(&[moded("sda", b"", 0o060_644)])),
    ];
    insta::assert_snapshot!(table(cases, &LIMITS));
}

#[test]
fn contents_in_zip() {
    let with = |change: fn(&mut Entry)| {
        let mut entry = deflated("a.txt", &[b'x'; 5000]);
        change(&mut entry);
        zip(&[entry])
    };
    let cases = vec![
        ("encrypted", with(|entry| entry.flags |= 1)),
        ("bzip2", with(|entry| entry.method = 12)),
        ("zstd", with(|entry| entry.method = 93)),
        ("deflate64", with(|entry| entry.method = 9)),
        ("unknown method", with(|entry| entry.method = 77)),
        ("checksum", with(|entry| entry.crc32 ^= 1)),
        ("says less than it has", with(|entry| entry.size = 10)),
        ("says more than it has", with(|entry| entry.size = 6000)),
        ("garbage", with(|entry| entry.packed = vec![0xff; 100])),
        ("cut off", with(|entry| entry.packed.truncate(5))),
        (
            "two names",
            with(|entry| entry.local = Some(|local| local.name = b"b.txt".to_vec())),
        ),
    ];
    insta::assert_snapshot!(table(cases, &LIMITS));
}

#[test]
fn end_records_in_zip() {
    let entries = [stored("a", b"1"), stored("b", b"2")];
    let made = || body(&entries);
    let with = |end: Vec<u8>| [made().bytes, end].concat();
    let (count, bytes, start) = (2, made().directory_bytes, made().directory_start);
    let at = made().bytes.len() as u64;
    let (bytes64, start64) = (u64::from(bytes), u64::from(start));
    let whole = zip(&entries);
    let cases = vec![
        ("no end record", whole[..whole.len() - 8].to_vec()),
        ("only a local header", b"PK\x03\x04".to_vec()),
        ("claims fewer", with(end(0, 1, bytes, start))),
        ("claims more", with(end(0, 3, bytes, start))),
        ("claims none", with(end(0, 0, bytes, start))),
        ("claims many more", with(end(0, 9_999, bytes, start))),
        ("over the limit", with(end(0, 20_000, bytes, start))),
        ("directory elsewhere", with(end(0, count, bytes, start + 1))),
        (
            "directory in the end",
            with(end(0, count, bytes, start - 1)),
        ),
        (
            "directory outside",
            with(end(0, count, u32::MAX - 1, start)),
        ),
        ("several disks", with(end(1, count, bytes, start))),
        (
            "zip64, a world of entries",
            with(end64(at, 1 << 60, bytes64, start64)),
        ),
        (
            "zip64, room for them claimed",
            with(end64(at, 1 << 40, 1 << 50, start64)),
        ),
        (
            "zip64, directory wraps round",
            with(end64(at, 2, u64::MAX, start64)),
        ),
        (
            "zip64, record outside",
            with(end64(at + 9_999, 2, bytes64, start64)),
        ),
        (
            "zip64, no record there",
            with(end64(at - 1, 2, bytes64, start64)),
        ),
    ];
    insta::assert_snapshot!(table(cases, &LIMITS));
}

/// The zip crate falls back to an earlier end record; what is counted must be what is read.
#[test]
fn a_second_directory_is_not_fallen_back_to() {
    let hidden = zip(&[stored("hidden", b"1"), stored("more", b"2")]);
    let visible = end(0, 0, 0, 0);
    let archive = [hidden, visible].concat();
    let into = tempfile::tempdir().unwrap();
    let fetched = unpack_bytes(&archive, into.path(), &LIMITS).unwrap();
    assert_eq!(fetched.entries, 0);
    assert_eq!(std::fs::read_dir(into.path()).unwrap().count(), 0);
}

#[test]
fn limits() {
    let small = UnpackLimits {
        object_bytes: 1 << 20,
        bytes: 100_000,
        entries: 5,
        ratio: 2,
        depth: 3,
    };
    let roomy = UnpackLimits {
        bytes: 1 << 30,
        ..small
    };
    let many: Vec<Entry> = (0..6).map(|n| stored(n.to_string(), b"x")).collect();
    let many_tar: Vec<Vec<u8>> = (0..6)
        .map(|n| tarball::file(&n.to_string(), b"x"))
        .collect();
    let zeros = vec![0; 3 << 20];
    let mut liar = deflated("a", &vec![0; 200_000]);
    liar.size = 99_000;
    let cases = vec![
        ("bytes claimed", zip(&[deflated("a", &vec![0; 200_000])])),
        ("bytes not claimed", zip(&[liar])),
        (
            "bytes in sum",
            zip(&[stored("a", &[1; 60_000]), stored("b", &[1; 60_000])]),
        ),
        ("entries", zip(&many)),
        (
            "folders implied",
            zip(&[stored("a/b/c/x", b""), stored("d/e/x", b"")]),
        ),
        ("depth", zip(&[stored("a/b/c/d/x", b"")])),
        ("depth of folders", zip(&[stored("a/b/c/d/", b"")])),
        (
            "tar bytes",
            tarball::tar(&[tarball::file("a", &[1; 100_001])]),
        ),
        ("tar entries", tarball::tar(&many_tar)),
        ("object", vec![1; (1 << 20) + 1]),
        ("object, as one file", vec![1; 100_001]),
    ];
    let ratio = vec![
        ("zip ratio", zip(&[deflated("a", &zeros)])),
        (
            "tar.gz ratio",
            tarball::gz(&tarball::tar(&[tarball::file("a", &zeros)])),
        ),
    ];
    let (cases, ratio) = (table(cases, &small), table(ratio, &roomy));
    insta::assert_snapshot!(format!("{cases}{ratio}"));
}

#[test]
fn entries_in_tar() {
    use tarball::{entry, file, header, link, pax, special, tar};
    let one = |entry: Vec<u8>| tar(&[entry]);
    let mut torn = file("a", b"content");
    torn[0] = b'b';
    let whole = file("a", &[1; 2000]);
    let sparse = [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0")];
    let cases = vec![
        ("climbs", one(file("../outside", b"x"))),
        ("absolute", one(file("/etc/passwd", b"x"))),
        ("not utf-8", one(entry(b"\xff\xfe", b'0', b"", "644", b"x"))),
        (
            "climbs by pax",
            tar(&[pax(&[("path", "../outside")]), file("a", b"x")]),
        ),
        (
            "climbs by a long name",
            tar(&[
                entry(b"././@LongLink", b'L', b"", "644", b"../outside\0"),
                file("a", b"x"),
            ]),
        ),
        ("twice", tar(&[file("a", b"1"), file("a", b"2")])),
        ("link up", one(link("l", b'2', "../outside"))),
        (
            "link up by pax",
            tar(&[pax(&[("linkpath", "../x")]), link("l", b'2', "a")]),
        ),
        (
            "file under a link",
            tar(&[link("l", b'2', "a"), file("l/x", b"1")]),
        ),
        ("hard link out", one(link("h", b'1', "../outside"))),
        ("hard link to root", one(link("h", b'1', "/etc/passwd"))),
        ("hard link to nothing", one(link("h", b'1', "later"))),
        (
            "hard link to a link",
            tar(&[link("l", b'2', "a"), link("h", b'1', "l")]),
        ),
        ("character device", one(special("null", b'3'))),
        ("block device", one(special("sda", b'4'))),
        ("fifo", one(special("pipe", b'6'))),
        ("sparse, gnu", one(entry(b"s", b'S', b"", "644", b"x"))),
        ("sparse, pax", tar(&[pax(&sparse), file("a", b"x")])),
        ("unknown type", one(special("v", b'V'))),
        (
            "folder with content",
            one(entry(b"d/", b'5', b"", "755", b"x")),
        ),
        ("header damaged", torn),
        ("cut off in content", whole[..1500].to_vec()),
        (
            "cut off in a header",
            [whole.as_slice(), &[1; 100]].concat(),
        ),
        (
            "endless long name",
            header(b"././@LongLink", b'L', b"", "644", 1 << 30),
        ),
        (
            "pax garbage",
            tar(&[entry(b"p", b'x', b"", "644", b"nonsense"), file("a", b"")]),
        ),
        (
            "pax for all",
            tar(&[
                {
                    let mut all = pax(&[("size", "7")]);
                    all.splice(..512, header(b"g", b'g', b"", "644", 9));
                    all
                },
                file("a", b""),
            ]),
        ),
    ];
    insta::assert_snapshot!(table(cases, &LIMITS));
}

#[test]
fn gzip_around_tar() {
    let mut wrong_sum = tarball::gz(&tarball::tar(&[tarball::file("a", b"content")]));
    let at = wrong_sum.len() - 8;
    wrong_sum[at] ^= 1;
    let whole = tarball::gz(&tarball::tar(&[tarball::file("a", &noise(50_000))]));
    let cases = vec![
        ("checksum", wrong_sum),
        ("cut off", whole[..whole.len() / 2].to_vec()),
    ];
    insta::assert_snapshot!(table(cases, &LIMITS));
}
