//! Every target over its corpus and over inputs near it, on stable and within seconds: what libFuzzer found
//! once stays found, and a change that breaks a target is seen without a fuzzer.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use pipefitter_fuzz_targets::{TARGETS, Target};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Made up for each target; together they take seconds.
const INPUTS: usize = 1_500;
/// No input grows beyond.
const LONGEST: usize = 16 << 10;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn corpus(target: &Target) -> Vec<(String, Vec<u8>)> {
    let folder = fuzz().join("corpus").join(target.name);
    let mut inputs: Vec<(String, Vec<u8>)> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    inputs.sort();
    inputs
}

/// Runs one input; keeps it in a file where it fails.
fn run(target: &Target, input: &[u8], what: &str) {
    let ran = std::panic::catch_unwind(|| (target.run)(input));
    if ran.is_err() {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-failed", target.name));
        std::fs::write(&kept, input).unwrap();
        panic!(
            "{}: {what} failed; it is in {}",
            target.name,
            kept.display()
        );
    }
}

fn near(target: &Target) {
    let corpus = corpus(target);
    assert!(!corpus.is_empty(), "{} has no corpus", target.name);
    for (name, input) in &corpus {
        run(target, input, name);
    }
    let seed = rand::random();
    eprintln!("{}: seed {seed}", target.name);
    let mut random = StdRng::seed_from_u64(seed);
    for number in 0..INPUTS {
        let (_, from) = &corpus[random.random_range(0..corpus.len())];
        let (_, other) = &corpus[random.random_range(0..corpus.len())];
        let input = changed(from, other, &mut random);
        run(target, &input, &format!("input {number} of seed {seed}"));
    }
}

/// A few changes of the kinds that fuzzers make.
fn changed(from: &[u8], other: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut input = from.to_vec();
    for _ in 0..random.random_range(1..=6) {
        let at = random.random_range(0..=input.len());
        let room = input.len() - at;
        match random.random_range(0..7) {
            0 if room > 0 => input[at] ^= 1 << random.random_range(0..8),
            1 if room > 0 => input[at] = random.random(),
            2 => input.insert(at, random.random()),
            3 if room > 0 => drop(input.drain(at..at + random.random_range(1..=room.min(32)))),
            4 => {
                let width = [1, 2, 4, 8][random.random_range(0..4)].min(room);
                let value = [0, 1, u64::MAX, 1 << 31, 1 << 63, u64::MAX - 1, 0x7fff_ffff];
                let value = value[random.random_range(0..value.len())].to_le_bytes();
                input[at..at + width].copy_from_slice(&value[..width]);
            }
            5 if !other.is_empty() => {
                let begin = random.random_range(0..other.len());
                let end = random.random_range(begin..=other.len().min(begin + 512));
                input.splice(at..at, other[begin..end].iter().copied());
            }
            _ => input.truncate(at),
        }
    }
    input.truncate(LONGEST);
    input
}

macro_rules! smoke {
    ($($name:ident),+ $(,)?) => {
        $(
            #[test]
            fn $name() {
                let name = stringify!($name);
                near(TARGETS.iter().find(|target| target.name == name).unwrap());
            }
        )+

        const TESTED: &[&str] = &[$(stringify!($name)),+];
    };
}

smoke!(
    component, config, event, grants, job, journal, manifest, masker, pack, pipe, protocol, unpack,
    untar
);

#[test]
fn every_target_has_a_test_a_binary_and_a_small_corpus() {
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names, TESTED, "in the order of the alphabet");
    let manifest = std::fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let mut bytes = 0;
    for target in TARGETS {
        let name = target.name;
        assert!(manifest.contains(&format!("[[bin]]\nname = \"{name}\"\n")));
        let binary =
            std::fs::read_to_string(fuzz().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(binary.contains(&format!("pipefitter_fuzz_targets::{name}(data)")));
        bytes += corpus(target)
            .iter()
            .map(|(_, input)| input.len())
            .sum::<usize>();
    }
    for (folder, kind) in [("fuzz_targets", "binary"), ("corpus", "corpus")] {
        for entry in std::fs::read_dir(fuzz().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(names.contains(&name), "a {kind} of no target: {name}");
        }
    }
    assert!(bytes < 1 << 20, "{bytes} bytes of corpora");
}
