//! Small archives that would come to much: by inflating, by sharing bytes, by nesting, by numbers.

use std::io::Write;

use pipefitter_artifacts::UnpackLimits;

use crate::bounds::{LIMITS, Yard, disk_bytes, refusal, table, unpacked};
use crate::tarball::{self, entry, file, gz, header, pax, tar};
use crate::tree;
use crate::zipfile::{Entry, body, deflated, end, stored, zip};

/// Entries whose contents, by their sizes, reach over the local headers that follow, up to one that is really there.
fn quoted() -> Vec<u8> {
    let kernel = deflated("kernel", &vec![0; 1 << 20]);
    let entries: Vec<Entry> = (0..50)
        .map(|n| {
            let mut entry = stored(format!("f{n}"), b"");
            entry.packed_size = u32::try_from(kernel.packed.len()).ok();
            entry.size = kernel.size;
            entry.crc32 = kernel.crc32;
            entry.method = 8;
            entry
        })
        .chain([kernel.clone()])
        .collect();
    zip(&entries)
}

#[test]
fn entries_that_share_bytes() {
    let one = deflated("a", &vec![0; 1 << 20]);
    let mut other = one.clone();
    other.name = b"b".to_vec();
    other.start = Some(0);
    let mut within = stored("within", b"");
    within.start = Some(31);
    let mut over_directory = stored("last", b"1");
    over_directory.packed_size = Some(40);
    let mut by_extra = stored("long", b"1");
    by_extra.local = Some(|local| local.extra = vec![0; 40]);
    let mut covered = body(&[by_extra, stored("next", b"2")]);
    // The second entry begins within the first one's extra field.
    let second = stored("next", b"2");
    let local = &body(std::slice::from_ref(&second)).bytes[..35];
    covered.bytes[34..69].copy_from_slice(local);
    let mut lying = second;
    lying.start = Some(34);
    let directory = body(&[stored("long", b"1"), lying]);
    let archive = [
        &covered.bytes[..usize::try_from(covered.directory_start).unwrap()],
        &directory.bytes[usize::try_from(directory.directory_start).unwrap()..],
        &end(0, 2, covered.directory_bytes, covered.directory_start),
    ]
    .concat();
    let cases = vec![
        ("one content for two", zip(&[one.clone(), other])),
        ("each a little further in", quoted()),
        ("a header within another's content", zip(&[one, within])),
        ("content over the directory", zip(&[over_directory])),
        ("a header within another's extra field", archive),
    ];
    insta::assert_snapshot!(table(cases));
}

#[test]
fn archives_within_archives_are_files() {
    let bomb = gz(&tar(&[file("zeros", &vec![0; 1 << 20])]));
    let inner = zip(&[stored("deep", b"1"), stored("../outside", b"2")]);
    let middle = zip(&[stored("inner.zip", &inner), stored("bomb.tar.gz", &bomb)]);
    let tree = unpacked(&tar(&[
        file("middle.zip", &middle),
        file("bomb.tar.gz", &bomb),
    ]));
    assert_eq!(tree.len(), 2);
    assert_eq!(tree["middle.zip"], tree::file(&middle));
    // A tar in two coats of gzip is not looked for under the second: it is one file.
    let twice = gz(&gz(&tar(&[file("a", b"1")])));
    let (fetched, tree) = Yard::new().unpack(&twice, &LIMITS);
    assert_eq!(fetched.unwrap().file.as_deref(), Some("object"));
    assert_eq!(tree["object"], tree::file(&twice));
}

#[test]
fn gzip_in_members() {
    let whole = tar(&[file("a", b"first"), file("b", &[7; 3000])]);
    let halves = [gz(&whole[..700]), gz(&[]), gz(&whole[700..])].concat();
    assert_eq!(unpacked(&halves).len(), 2);
    let zeros: Vec<u8> = (0..40).flat_map(|_| gz(&vec![0; 1 << 20])).collect();
    let begun = [header(b"zeros", b'0', b"", "644", 40 << 20), vec![]].concat();
    let bomb = [gz(&begun), zeros].concat();
    let garbage = [gz(&whole), b"not gzip".to_vec()].concat();
    let second_torn = {
        let mut torn = [gz(&whole), gz(b"more")].concat();
        let at = torn.len() - 9;
        torn[at] ^= 1;
        torn
    };
    let cases = vec![
        ("a bomb in forty members", bomb),
        ("garbage after the member", garbage),
        ("a torn member after the archive", second_torn),
    ];
    insta::assert_snapshot!(table(cases));
    // Members of nothing are worked through, whatever their number, and are nothing.
    let nothing = gz(&[]).repeat(50_000);
    assert_eq!(unpacked(&[nothing, gz(&whole)].concat()).len(), 2);
}

/// What a bomb may write before it is found out: the limit, and not a block more.
#[test]
fn a_bomb_writes_no_more_than_the_limit() {
    let limits = UnpackLimits {
        bytes: 3 << 20,
        ratio: u64::MAX,
        ..LIMITS
    };
    let zeros = vec![0; 32 << 20];
    let mut unclaimed = deflated("zeros", &zeros);
    unclaimed.size = 2 << 20;
    for (case, archive) in [
        ("zip that says so", zip(&[deflated("zeros", &zeros)])),
        ("zip that does not", zip(&[unclaimed])),
        ("tar.gz", gz(&tar(&[file("zeros", &zeros)]))),
        ("many", {
            let entries: Vec<Entry> = (0..32)
                .map(|n| deflated(&format!("z{n}"), &zeros[..1 << 20]))
                .collect();
            zip(&entries)
        }),
    ] {
        let yard = Yard::new();
        let (fetched, _) = yard.unpack(&archive, &limits);
        fetched.unwrap_err();
        let on_disk = disk_bytes(&yard.dir());
        assert!(on_disk <= limits.bytes + (64 << 10), "{case}: {on_disk}");
    }
}

#[test]
fn a_ratio_is_looked_at_while_inflating() {
    let limits = UnpackLimits {
        bytes: 1 << 40,
        ..LIMITS
    };
    let zeros = vec![0; 48 << 20];
    let yard = Yard::new();
    let archive = gz(&tar(&[file("zeros", &zeros)]));
    let (fetched, _) = yard.unpack(&archive, &limits);
    assert!(fetched.unwrap_err().contains("200 times"));
    let allowed = archive.len() as u64 * limits.ratio;
    let on_disk = disk_bytes(&yard.dir());
    assert!(on_disk <= allowed + (512 << 10), "{on_disk} of {allowed}");
}

#[test]
fn entries_of_tar_are_counted_as_they_come() {
    let limits = UnpackLimits {
        entries: 100,
        ratio: u64::MAX,
        ..LIMITS
    };
    let many: Vec<Vec<u8>> = (0..20_000).map(|n| file(&n.to_string(), b"")).collect();
    let (fetched, tree) = Yard::new().unpack(&gz(&tar(&many)), &limits);
    let said = fetched.unwrap_err();
    assert!(said.contains("\"100\" brings the number"), "{said}");
    assert_eq!(tree.len(), 100);
    // The same name again and again is no way around.
    let again = tar(&[file("a", b""), file("a", b"")]);
    assert!(refusal(&again, &limits).contains("occurs twice"));
}

#[test]
fn what_is_held_in_memory_has_a_bound() {
    let roomy = UnpackLimits {
        object_bytes: 1 << 30,
        bytes: 1 << 30,
        entries: 1_000_000,
        ratio: 10_000,
        depth: 1_000,
    };
    // Long names in pax records: 40 KB for each megabyte once packed.
    let folder = format!("{}/", "n".repeat(200)).repeat(20);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for n in 0..20_000 {
        packed
            .write_all(&pax(&[("path", &format!("{folder}{n}"))]))
            .unwrap();
        packed.write_all(&file("a", b"")).unwrap();
    }
    packed.write_all(&[0; 1024]).unwrap();
    let long_names = packed.finish().unwrap();
    let said = refusal(&long_names, &roomy);
    assert!(
        said.contains("names of all files and folders over 67108864 bytes"),
        "{said}"
    );
    let mut fields = stored("", b"");
    fields.extra = vec![0; 40_000];
    let many: Vec<Entry> = (0..500)
        .map(|n| Entry {
            name: n.to_string().into_bytes(),
            ..fields.clone()
        })
        .collect();
    let said = refusal(&zip(&many), &roomy);
    assert!(said.contains("extra fields and comments"), "{said}");
    for kind in [b'L', b'K', b'x', b'g'] {
        let body = vec![b'a'; (1 << 20) + 1];
        let said = refusal(&tar(&[entry(b"big", kind, b"", "644", &body)]), &roomy);
        assert!(said.contains("a header of more than 1 MiB"), "{said}");
    }
    let chain: Vec<Vec<u8>> = (0..5_000)
        .map(|_| entry(b"././@LongLink", b'L', b"", "644", &[b'a'; 100]))
        .collect();
    assert!(refusal(&tarball::tar(&chain), &roomy).starts_with("BadArchive"));
}
