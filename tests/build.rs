//! Lists the hostile guests, so that one without a case in the suite fails the build (`src/hostile/mod.rs`).

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const FOLDERS: [(&str, &str); 4] = [
    ("hostile/commands/src/guests", "rs"),
    ("hostile/guests/src/guests", "rs"),
    ("hostile/reaching/src/guests", "rs"),
    ("hostile/guests/wat", "wat"),
];

#[expect(
    clippy::disallowed_methods,
    reason = "a build script is told by its environment"
)]
fn main() -> io::Result<()> {
    let mut names = Vec::new();
    for (folder, extension) in FOLDERS {
        println!("cargo::rerun-if-changed={folder}");
        for path in files(Path::new(folder))? {
            if path.extension().is_some_and(|found| found == extension)
                && let Some(name) = path.file_stem()
            {
                names.push(name.to_string_lossy().into_owned());
            }
        }
    }
    names.sort();
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo names no OUT_DIR"))?;
    fs::write(PathBuf::from(out).join("guests.rs"), format!("&{names:?}"))
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect()
}
