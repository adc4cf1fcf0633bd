//! What hostile artifacts cost in memory, descriptors, stack and reading. Measured of the whole process, so
//! this is one test, and alone in its binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    dead_code,
    reason = "the makers of archives are shared with other suites"
)]

#[path = "staging/support/tarball.rs"]
mod tarball;
#[path = "staging/support/zipfile.rs"]
mod zipfile;

use std::io::Write;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use flate2::Compression;
use flate2::write::GzEncoder;
use pipefitter_artifacts::{Unpack, UnpackLimits, remove_tree, unpack_file};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const MIB: u64 = 1 << 20;

/// Far above the defaults, so that what bounds memory is not the operator's setting.
const ROOMY: UnpackLimits = UnpackLimits {
    object_bytes: 1 << 30,
    bytes: 1 << 40,
    entries: 10_000_000,
    ratio: 1_000_000,
    depth: 1_000,
};

/// A number that Linux tells of this process, in bytes.
fn told(file: &str, key: &str, unit: u64) -> u64 {
    let text = std::fs::read_to_string(file).unwrap();
    let line = text.lines().find(|line| line.starts_with(key)).unwrap();
    let digits: String = line.chars().filter(char::is_ascii_digit).collect();
    digits.parse::<u64>().unwrap() * unit
}

/// Bytes in memory now.
fn resident() -> u64 {
    told("/proc/self/status", "VmRSS", 1024)
}

struct Cost {
    memory: u64,
    read: u64,
    said: String,
}

impl Cost {
    fn says(&self, what: &str) {
        assert!(self.said.contains(what), "{}", self.said);
    }

    fn at_most(&self, memory: u64, read: u64) {
        assert!(
            self.memory <= memory && self.read <= read,
            "{} KiB of memory, {} KiB read: {}",
            self.memory / 1024,
            self.read / 1024,
            self.said
        );
    }
}

/// Unpacks a file; tells the most memory above `start`, and the bytes read.
fn cost(object: &Path, limits: &UnpackLimits, start: u64) -> Cost {
    let into = tempfile::tempdir().unwrap();
    let read = told("/proc/self/io", "rchar", 1);
    // 5: the peak begins anew (proc(5)).
    std::fs::write("/proc/self/clear_refs", b"5").unwrap();
    let fetched = unpack_file(object, into.path(), Unpack::Auto, limits);
    let peak = told("/proc/self/status", "VmHWM", 1024);
    let cost = Cost {
        memory: peak.saturating_sub(start),
        read: told("/proc/self/io", "rchar", 1) - read,
        said: match fetched {
            Ok(fetched) => format!("{fetched:?}"),
            Err(error) => error.to_string(),
        },
    };
    eprintln!(
        "{} MiB, {} KiB read: {:.100}",
        cost.memory / MIB,
        cost.read / 1024,
        cost.said
    );
    remove_tree(into.path()).unwrap();
    cost
}

#[test]
fn hostile_artifacts_cost_no_more_than_they_may() {
    let home = tempfile::tempdir().unwrap();
    let object = home.path().join("object");
    let put = |bytes: Vec<u8>| std::fs::write(&object, bytes).unwrap();
    // Before any archive was made: what making them left of the heap is used again by the larger cases.
    let start = resident();

    put(million());
    let usual = UnpackLimits {
        entries: 100_000,
        ..ROOMY
    };
    let counted = cost(&object, &usual, resident());
    counted.says("1000000 entries, over the limit of 100000");
    counted.at_most(4 * MIB, MIB);

    let names: Vec<Vec<u8>> = (0..70_000)
        .map(|n| format!("{n:0>1000}").into_bytes())
        .collect();
    put(zipfile::empty_entries(&names));
    let sized = cost(&object, &ROOMY, resident());
    sized.says("has a directory of");
    sized.at_most(4 * MIB, MIB);

    zeros(&object);
    let limits = UnpackLimits {
        bytes: 4 * MIB,
        ..ROOMY
    };
    let inflated = cost(&object, &limits, resident());
    inflated.says("over the limit of 4194304 bytes");
    inflated.at_most(16 * MIB, 2 * MIB);

    long_names(&object);
    let named = cost(&object, &ROOMY, start);
    named.says("names of all files and folders");
    named.at_most(160 * MIB, 16 * MIB);

    put(extras());
    cost(&object, &ROOMY, start).at_most(320 * MIB, 64 * MIB);

    // Where the operator allows a million: what is held grows with the directory alone. The last name ends
    // it before the first is placed.
    put(million());
    let taken = cost(&object, &ROOMY, start);
    taken.says("has `..` in its path");
    taken.at_most(512 * MIB, 256 * MIB);

    deep_tree_goes_with_few_descriptors_and_little_stack(home.path());
}

/// A million names, each a digit or few, without content; the last one climbs.
fn million() -> Vec<u8> {
    let mut names: Vec<Vec<u8>> = (1..1_000_000_u32)
        .map(|n| format!("{n:x}").into_bytes())
        .collect();
    names.push(b"..".to_vec());
    zipfile::empty_entries(&names)
}

/// As many extra fields as are taken, each of the fewest bytes.
fn extras() -> Vec<u8> {
    let field = zipfile::extra(0x7fff, &[]);
    let entries: Vec<zipfile::Entry> = (0..279)
        .map(|n| zipfile::Entry {
            extra: field.repeat(15_000),
            ..zipfile::stored(n.to_string(), b"")
        })
        .collect();
    zipfile::zip(&entries)
}

/// Paths of 4,000 bytes that deflate to nothing.
fn long_names(object: &Path) {
    let folder = format!("{}/", "n".repeat(200)).repeat(19);
    let mut packed = GzEncoder::new(std::fs::File::create(object).unwrap(), Compression::fast());
    for n in 0..20_000 {
        packed
            .write_all(&tarball::pax(&[("path", &format!("{folder}{n}"))]))
            .unwrap();
        packed.write_all(&tarball::special("d", b'5')).unwrap();
    }
    packed.write_all(&[0; 1024]).unwrap();
    packed.finish().unwrap();
}

/// A gibibyte of zeros.
fn zeros(object: &Path) {
    let mut packed = GzEncoder::new(std::fs::File::create(object).unwrap(), Compression::fast());
    packed
        .write_all(&tarball::header(b"zeros", b'0', b"", "644", 1 << 30))
        .unwrap();
    let block = vec![0; 1 << 20];
    for _ in 0..1024 {
        packed.write_all(&block).unwrap();
    }
    packed.finish().unwrap();
}

/// Deeper than descriptors, stack and PATH_MAX: what recurses or builds paths ends here.
fn deep_tree_goes_with_few_descriptors_and_little_stack(home: &Path) {
    const LEVELS: usize = 20_000;
    let tree = home.join("tree");
    std::fs::create_dir(&tree).unwrap();
    let mut dir = Dir::open_ambient_dir(&tree, ambient_authority()).unwrap();
    for level in 0..LEVELS {
        if level % 1_000 == 0 {
            dir.write("file", b"x").unwrap();
        }
        dir.create_dir("d").unwrap();
        dir = dir.open_dir("d").unwrap();
    }
    drop(dir);
    let before = getrlimit(Resource::Nofile);
    let few = Rlimit {
        current: Some(24),
        maximum: before.maximum,
    };
    setrlimit(Resource::Nofile, few).unwrap();
    let removed = std::thread::Builder::new()
        .stack_size(128 << 10)
        .spawn({
            let tree = tree.clone();
            move || remove_tree(&tree)
        })
        .unwrap()
        .join()
        .unwrap();
    setrlimit(Resource::Nofile, before).unwrap();
    removed.unwrap();

    assert!(!tree.exists());
}
