//! Who unpacks and packs: ours, Info-ZIP where it is installed, Python's standard library always.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use pipefitter_artifacts::{Unpack, UnpackLimits, pack_dir, unpack_file};

use crate::text;

/// The limits of a worker that is not configured otherwise.
const LIMITS: UnpackLimits = UnpackLimits {
    object_bytes: 5 << 30,
    bytes: 10 << 30,
    entries: 100_000,
    ratio: 200,
    depth: 64,
};

const UNPACK: &str = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])";
const PACK: &str =
    "import sys, shutil; shutil.make_archive(sys.argv[1].removesuffix('.zip'), 'zip', sys.argv[2])";
const CHECK: &str = "
import sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
bad = archive.testzip()
if bad is not None: sys.exit(f'{bad} is damaged')
files = [entry for entry in archive.infolist() if not entry.is_dir()]
print(len(files), sum(entry.file_size for entry in files))
";

/// One who unpacks and packs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contestant {
    Ours,
    InfoZip,
    Python,
}

/// Programs of this machine.
pub(crate) struct Tools {
    this: PathBuf,
    python: String,
    python_version: String,
    unzip: Option<String>,
    zip: Option<String>,
}

impl Tools {
    pub(crate) fn find() -> Result<Self> {
        // The interpreter itself: what stands on the path may be a script that looks for it first.
        let told = "import sys, platform; print(sys.executable); print(platform.python_version())";
        let python = output(Command::new("python3").args(["-c", told]))
            .context("python3 is what everything is compared with: install it")?;
        let mut lines = python.lines();
        let (Some(python), Some(version)) = (lines.next(), lines.next()) else {
            bail!("python3 does not tell where it is");
        };
        Ok(Self {
            this: std::env::current_exe().context("could not find this program")?,
            python: python.to_owned(),
            python_version: version.to_owned(),
            unzip: version_of("unzip", "UnZip "),
            zip: version_of("zip", "This is Zip "),
        })
    }

    /// What they are, for the machine's facts.
    pub(crate) fn versions(&self) -> String {
        let installed = |version: &Option<String>, name| match version {
            Some(version) => format!("{name} {version}"),
            None => format!("{name} is not installed"),
        };
        format!(
            "{}, {}, Python {}",
            installed(&self.unzip, "unzip"),
            installed(&self.zip, "zip"),
            self.python_version
        )
    }

    pub(crate) fn unpackers(&self) -> Vec<(Contestant, &'static str)> {
        let mut all = vec![(Contestant::Ours, "Pipefitter")];
        if self.unzip.is_some() {
            all.push((Contestant::InfoZip, "`unzip -q`"));
        }
        all.push((Contestant::Python, "Python `zipfile`"));
        all
    }

    pub(crate) fn packers(&self) -> Vec<(Contestant, &'static str)> {
        let mut all = vec![(Contestant::Ours, "Pipefitter")];
        if self.zip.is_some() {
            all.push((Contestant::InfoZip, "`zip -qr`"));
        }
        all.push((Contestant::Python, "Python `shutil.make_archive`"));
        all
    }

    /// `into` is there and empty.
    pub(crate) fn unpack(&self, who: Contestant, archive: &Path, into: &Path) -> Result<Command> {
        let (archive, into) = (text(archive)?, text(into)?);
        let mut command;
        match who {
            Contestant::Ours => {
                command = Command::new(&self.this);
                command.args(["unpack", archive, into]);
            }
            Contestant::InfoZip => {
                command = Command::new("unzip");
                command.args(["-q", archive, "-d", into]);
            }
            Contestant::Python => {
                command = Command::new(&self.python);
                command.args(["-c", UNPACK, archive, into]);
            }
        }
        Ok(command)
    }

    /// `archive` is not there yet and ends in `.zip`.
    pub(crate) fn pack(&self, who: Contestant, from: &Path, archive: &Path) -> Result<Command> {
        let (folder, archive) = (text(from)?, text(archive)?);
        let mut command;
        match who {
            Contestant::Ours => {
                command = Command::new(&self.this);
                command.args(["pack", folder, archive]);
            }
            Contestant::InfoZip => {
                command = Command::new("zip");
                command.args(["-qr", archive, "."]).current_dir(from);
            }
            Contestant::Python => {
                command = Command::new(&self.python);
                command.args(["-c", PACK, archive, folder]);
            }
        }
        Ok(command)
    }

    /// Read an archive through, by a reader that none of the packers shares with us: files and bytes.
    pub(crate) fn check(&self, archive: &Path) -> Result<(u64, u64)> {
        let told = output(Command::new(&self.python).args(["-c", CHECK, text(archive)?]))?;
        let mut numbers = told.split_whitespace().map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(files)), Some(Ok(bytes))) => Ok((files, bytes)),
            _ => bail!(
                "{} was checked, and the answer is `{told}`",
                archive.display()
            ),
        }
    }
}

/// Ours, in a process of its own.
pub(crate) fn unpack_ours(archive: &Path, into: &Path) -> Result<()> {
    unpack_file(archive, into, Unpack::Auto, &LIMITS)?;
    Ok(())
}

/// Ours, in a process of its own.
pub(crate) fn pack_ours(from: &Path, archive: &Path) -> Result<()> {
    let file = File::create_new(archive)
        .with_context(|| format!("could not make {}", archive.display()))?;
    pack_dir(from, file)?;
    Ok(())
}

/// The word after `mark` in what `program -v` says.
fn version_of(program: &str, mark: &str) -> Option<String> {
    let told = output(Command::new(program).arg("-v")).ok()?;
    let (_, after) = told.split_once(mark)?;
    after.split_whitespace().next().map(str::to_owned)
}

fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("could not start {program}"))?;
    if !output.status.success() {
        bail!(
            "{program} failed: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
