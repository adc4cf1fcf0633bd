//! Golden components: what each language's guest was when a version of the contract was published, kept in tests/golden
//! as `VERSION/LANGUAGE.wasm.gz` with the manifest that it was built with. `cargo xtask golden` writes a version's, once.

use std::path::Path;

use flate2::read::GzDecoder;
use pipefitter_tests::binary;

use crate::guests::Guest;

/// Every version of the contract that was published, each of which has golden components.
pub(crate) fn published() -> Vec<String> {
    let versions = names(&binary::root().join("wit/versions"));
    let versions: Vec<String> = versions
        .into_iter()
        .filter(|name| name.starts_with(|first: char| first.is_ascii_digit()))
        .collect();
    assert!(!versions.is_empty(), "no version was published");
    versions
}

/// The languages that had an SDK when a version was published: none of its components is lost unseen.
const LANGUAGES: [(&str, &[&str]); 1] = [(
    "0.1.0",
    &[
        "c",
        "command",
        "cpp",
        "go",
        "javascript",
        "python",
        "rust",
        "typescript",
        "zig",
    ],
)];

/// A version's components, unpacked into a folder.
pub(crate) fn guests(version: &str, unpacked: &Path) -> Vec<Guest> {
    let folder = binary::root().join("tests/golden").join(version);
    let guests: Vec<Guest> = names(&folder)
        .iter()
        .filter_map(|name| name.strip_suffix(".wasm.gz"))
        .map(|name| {
            let packed = std::fs::File::open(folder.join(format!("{name}.wasm.gz"))).unwrap();
            let wasm = unpacked.join(format!("conformance-{name}.wasm"));
            let mut file = std::fs::File::create(&wasm).unwrap();
            std::io::copy(&mut GzDecoder::new(packed), &mut file).unwrap();
            let manifest = std::fs::read_to_string(folder.join(format!("{name}.toml"))).unwrap();
            Guest::read(name.to_owned(), &manifest, wasm)
        })
        .collect();
    let found: Vec<&str> = guests.iter().map(|guest| guest.name.as_str()).collect();
    let expected = LANGUAGES.iter().find(|(of, _)| *of == version);
    let (_, expected) = expected.unwrap_or_else(|| panic!("{version} has no golden components"));
    assert_eq!(found, *expected);
    guests
}

fn names(folder: &Path) -> Vec<String> {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
