//! Archives as they come, and tars whose checksums are set right so that what is behind them is reached.

use pipefitter_artifacts::UnpackLimits;

use super::yard::{Node, Yard, leads_nowhere_else, read};

/// Small enough to be met by small inputs.
const LIMITS: UnpackLimits = UnpackLimits {
    object_bytes: 1 << 20,
    bytes: 1 << 20,
    entries: 64,
    ratio: 100,
    depth: 8,
};

const BLOCK: usize = 512;

thread_local! {
    static YARD: Yard = Yard::new();
}

/// Any bytes: zip, tar, tar.gz, or one file.
pub fn unpack(data: &[u8]) {
    YARD.with(|yard| unpacked(yard, data));
}

/// A tar, or what becomes one with the right checksums.
pub fn untar(data: &[u8]) {
    let mut archive = data.to_vec();
    sum_up(&mut archive);
    unpack(&archive);
}

/// Nothing is written outside or over the limits, nothing leads out; what could be unpacked can be packed, and
/// unpacks to the same.
fn unpacked(yard: &Yard, archive: &[u8]) {
    let into = yard.empty("into");
    let fetched = yard.unpack(archive, &into, &LIMITS);
    yard.is_as_it_was();
    let tree = read(&into);
    leads_nowhere_else(&into, &tree);
    assert!(tree.len() as u64 <= LIMITS.entries);
    let bytes: usize = tree
        .values()
        .map(|node| match node {
            Node::File { content, .. } => content.len(),
            Node::Other => panic!("something that is no file, folder or link"),
            Node::Folder | Node::Link(_) => 0,
        })
        .sum();
    // Hard links are files of their own here, and share their bytes on disk.
    assert!(bytes as u64 <= LIMITS.bytes * LIMITS.entries);
    let Ok(fetched) = fetched else { return };
    assert_eq!(fetched.entries, tree.len() as u64);
    if fetched.file.is_some() {
        assert_eq!(bytes, archive.len());
    }
    let (_, packed) = yard.pack(&into).expect("what was unpacked can be packed");
    let again = yard.empty("again");
    let limits = UnpackLimits {
        object_bytes: u64::MAX,
        bytes: u64::MAX,
        ratio: u64::MAX,
        ..LIMITS
    };
    yard.unpack(&packed, &again, &limits)
        .expect("what was packed can be unpacked");
    assert_eq!(read(&again), tree);
}

/// Sets the checksum of each block where a header would be.
fn sum_up(archive: &mut [u8]) {
    let mut at = 0;
    while let Some(block) = archive.get_mut(at..).and_then(|rest| rest.get_mut(..BLOCK)) {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let size = std::str::from_utf8(&block[124..135])
            .ok()
            .and_then(|digits| usize::from_str_radix(digits.trim(), 8).ok())
            .unwrap_or_default();
        at += BLOCK + size.min(archive.len()).next_multiple_of(BLOCK);
    }
}
