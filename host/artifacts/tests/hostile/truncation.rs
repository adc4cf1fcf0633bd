//! Archives cut off at every byte. What comes of one is an error, or, where what is left is a whole archive
//! of less or no archive at all, that: never a file of which a part is missing.

use crate::bounds::{LIMITS, Yard, unpacked};
use crate::tarball::{file, gz, link, pax, special, tar};
use crate::tree::{self, Tree};
use crate::zipfile::{self, deflated, stored, zip};

/// Unpacks every beginning of it; returns the lengths that were unpacked as archives.
fn cut_everywhere(archive: &[u8], whole: &Tree) -> Vec<usize> {
    let mut good = Vec::new();
    let yard = Yard::new();
    for length in 0..archive.len() {
        let (fetched, tree) = yard.unpack(&archive[..length], &LIMITS);
        match fetched {
            Err(said) => assert!(said.starts_with("BadArchive: "), "{length}: {said}"),
            Ok(fetched) if fetched.file.is_some() => {
                assert_eq!(tree["object"], tree::file(&archive[..length]));
            }
            Ok(_) => {
                for (path, node) in &tree {
                    assert_eq!(Some(node), whole.get(path), "{length}: {path}");
                }
                good.push(length);
            }
        }
        pipefitter_artifacts::remove_tree(&yard.dir()).unwrap();
        std::fs::create_dir(yard.dir()).unwrap();
    }
    good
}

#[test]
fn zip_is_refused_wherever_it_ends_early() {
    let archive = zip(&[
        stored("a/", b""),
        stored("a/b", b"text"),
        deflated("c", &[b'x'; 2000]),
        zipfile::link("l", "a/b"),
    ]);
    let whole = unpacked(&archive);
    assert_eq!(cut_everywhere(&archive, &whole), [0_usize; 0]);
}

/// Many writers leave the end out, and some the padding before it, so that an end behind an entry's content is one;
/// an end behind a header that belongs to an entry is none.
#[test]
fn tar_ends_behind_whole_entries_or_is_refused() {
    let archive = tar(&[
        special("a/", b'5'),
        file("a/b", &[7; 600]),
        pax(&[("path", "long")]),
        file("short", b"x"),
        link("l", b'2', "a"),
    ]);
    let whole = unpacked(&archive);
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for length in cut_everywhere(&archive, &whole) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == length => *last = length,
            _ => runs.push((length, length)),
        }
    }
    // The folder; the file and its padding; the file of the pax header and its padding; the link; the end.
    let wanted = [
        (512, 512),
        (1624, 2048),
        (3585, 4096),
        (4608, 4608),
        (5120, 5631),
    ];
    assert_eq!(runs, wanted);
}

#[test]
fn gzip_is_refused_wherever_it_ends_early() {
    let archive = gz(&tar(&[file("a", &[7; 600]), file("b", b"text")]));
    let whole = unpacked(&archive);
    assert_eq!(cut_everywhere(&archive, &whole), [0_usize; 0]);
}
