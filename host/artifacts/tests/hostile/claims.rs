//! Zips that lie: about sizes, checksums, places and numbers of 64 bits, in one header or in both.

use crate::bounds::{LIMITS, Yard, refusal, table};
use crate::zipfile::{Entry, body, deflated, end, end64, extra64, stored, zip};

/// A deflated entry changed by `change`, with good ones before and after it.
fn among(change: fn(&mut Entry)) -> Vec<u8> {
    let mut entry = deflated("liar.txt", &[b'x'; 5000]);
    change(&mut entry);
    zip(&[stored("a", b"1"), entry, stored("z", b"2")])
}

#[test]
fn headers_that_disagree() {
    let cases = vec![
        ("size", among(|e| e.local = Some(|l| l.size = 4999))),
        (
            "packed size",
            among(|e| e.local = Some(|l| l.packed_size = Some(7))),
        ),
        ("checksum", among(|e| e.local = Some(|l| l.crc32 ^= 1))),
        ("method", among(|e| e.local = Some(|l| l.method = 0))),
        (
            "encrypted locally",
            among(|e| e.local = Some(|l| l.flags |= 1)),
        ),
        (
            "descriptor locally",
            among(|e| e.local = Some(|l| l.flags |= 8)),
        ),
        (
            "name",
            among(|e| e.local = Some(|l| l.name = b"../out.txt".to_vec())),
        ),
        (
            "name's case",
            among(|e| e.local = Some(|l| l.name = b"Liar.txt".to_vec())),
        ),
        (
            "zip64 size locally",
            among(|e| {
                e.local = Some(|l| {
                    l.size = u32::MAX;
                    l.extra = extra64(&[1 << 40, 27]);
                });
            }),
        ),
    ];
    insta::assert_snapshot!(table(cases));
}

#[test]
fn claims_that_both_headers_make() {
    let cases = vec![
        ("size of nothing", among(|e| e.size = 0)),
        ("one byte less", among(|e| e.size = 4999)),
        ("one byte more", among(|e| e.size = 5001)),
        ("4 GiB", among(|e| e.size = u32::MAX - 1)),
        ("packed size of nothing", among(|e| e.packed_size = Some(0))),
        (
            "one packed byte less",
            among(|e| {
                e.packed_size = u32::try_from(e.packed.len() - 1).ok();
            }),
        ),
        (
            "one packed byte more",
            among(|e| {
                e.packed_size = u32::try_from(e.packed.len() + 1).ok();
            }),
        ),
        (
            "packed beyond the end",
            among(|e| e.packed_size = Some(1 << 30)),
        ),
        (
            "stored, yet shorter",
            among(|e| {
                e.method = 0;
                e.size = 5000;
            }),
        ),
        ("checksum", among(|e| e.crc32 ^= 1)),
        ("strong encryption", among(|e| e.flags |= 1 << 6)),
        ("masked headers", among(|e| e.flags |= 1 << 13)),
        ("encrypted", among(|e| e.flags |= 1)),
        ("encrypted by AES", among(|e| e.method = 99)),
    ];
    insta::assert_snapshot!(table(cases));
}

/// An entry whose directory header has these three numbers of 64 bits.
fn huge(size: u64, packed: u64, start: u64) -> Vec<u8> {
    let mut entry = stored("huge", b"content");
    entry.size = u32::MAX;
    entry.packed_size = Some(u32::MAX);
    entry.start = Some(u32::MAX);
    entry.extra = extra64(&[size, packed, start]);
    zip(&[entry, stored("z", b"1")])
}

#[test]
fn numbers_near_the_end_of_64_bits() {
    let cases = vec![
        ("size", huge(u64::MAX, 7, 0)),
        ("size, one less", huge(u64::MAX - 1, 7, 0)),
        ("size over the limit", huge(LIMITS.bytes + 1, 7, 0)),
        ("packed", huge(7, u64::MAX, 0)),
        ("packed that wraps", huge(7, u64::MAX - 29, 0)),
        ("start", huge(7, 7, u64::MAX)),
        ("start that wraps", huge(7, 7, u64::MAX - 29)),
        ("start that is negative", huge(7, 7, 1 << 63)),
        ("start in the directory", huge(7, 7, 80)),
        ("all", huge(u64::MAX, u64::MAX, u64::MAX)),
        ("cut field", {
            let mut entry = stored("huge", b"content");
            entry.size = u32::MAX;
            entry.extra = extra64(&[7])[..8].to_vec();
            zip(&[entry])
        }),
        ("no field", {
            let mut entry = stored("huge", b"content");
            entry.packed_size = Some(u32::MAX);
            zip(&[entry])
        }),
    ];
    insta::assert_snapshot!(table(cases));
}

#[test]
fn end_records_of_64_bits_that_wrap() {
    let made = || body(&[stored("a", b"1")]);
    let at = made().bytes.len() as u64;
    let (bytes, start) = (
        u64::from(made().directory_bytes),
        u64::from(made().directory_start),
    );
    for wrong in [
        u64::MAX,
        u64::MAX - 1,
        u64::MAX - bytes,
        1 << 63,
        u64::MAX / 46,
        u64::MAX / 46 + 1,
    ] {
        for end in [
            end64(wrong, 1, bytes, start),
            end64(at, wrong, bytes, start),
            end64(at, 1, wrong, start),
            end64(at, 1, bytes, wrong),
            end64(at, wrong, wrong, start),
            end64(at, 1, wrong, wrong),
            end64(at, wrong, wrong, wrong),
        ] {
            let said = refusal(&[made().bytes, end].concat(), &LIMITS);
            assert!(said.starts_with("BadArchive: "), "{said}");
        }
    }
}

/// What one reader takes for the archive and another does not: whatever is before, between or after what the
/// last end record names is not looked at, and never unpacked.
#[test]
fn two_archives_in_one_file() {
    let first = zip(&[stored("first", b"1")]);
    let second = body(&[stored("second", b"2")]);
    let shift = u32::try_from(first.len()).unwrap();
    // The offsets of the second are those within itself: behind another archive they are wrong.
    let both = [first.clone(), zip(&[stored("second", b"2")])].concat();
    assert!(refusal(&both, &LIMITS).starts_with("BadArchive"));
    let mut shifted = stored("second", b"2");
    shifted.start = Some(shift);
    let moved = body(&[shifted]);
    let good = [
        first,
        moved.bytes,
        end(0, 1, second.directory_bytes, second.directory_start + shift),
    ]
    .concat();
    let (fetched, tree) = Yard::new().unpack(&good, &LIMITS);
    fetched.unwrap();
    assert_eq!(tree.keys().collect::<Vec<_>>(), ["second"]);
}
