//! Debian packages unpacked under `target/`, without root and without touching what is installed: for toolchains that
//! no other registry has.
//!
//! apt itself fetches them, in a state of its own, from the mirror that this machine's apt uses and from a suite that
//! it need not use. A package is pinned by version and SHA-256; apt checks the archive's signatures besides.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::paths;

/// What signs every suite of Debian.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Packages of one suite, all of the same version.
pub(crate) struct Release {
    /// The suite, such as `trixie-backports`.
    pub(crate) suite: &'static str,
    /// The version that all of them have there.
    pub(crate) version: &'static str,
    /// Each package with its SHA-256 by architecture; `all` fits every machine.
    pub(crate) packages: &'static [(&'static str, &'static [(&'static str, &'static str)])],
}

/// Unpack the first of some releases that can be had into a folder, which is made anew; returns its version.
///
/// # Errors
/// When none can be had: the message says why for each.
pub(crate) fn unpack(releases: &[Release], into: &Path) -> Result<&'static str> {
    let stamp = into.join("unpacked.txt");
    let there = std::fs::read_to_string(&stamp).unwrap_or_default();
    if let Some(release) = releases.iter().find(|release| release.version == there) {
        return Ok(release.version);
    }
    let architecture = output(Command::new("dpkg").arg("--print-architecture"))
        .context("this machine has no dpkg: it is not Debian or like it")?;
    if !Path::new(KEYRING).is_file() {
        bail!("{KEYRING} is not there: install debian-archive-keyring");
    }
    let mirrors = mirrors()?;
    let mut problems = Vec::new();
    for release in releases {
        match fetch(release, architecture.trim(), &mirrors) {
            Ok(archives) => {
                extract(&archives, into)?;
                std::fs::write(&stamp, release.version).context("could not finish unpacking")?;
                return Ok(release.version);
            }
            Err(error) => problems.push(format!(
                "  {} {}: {error:#}",
                release.suite, release.version
            )),
        }
    }
    bail!(
        "none of the pinned Debian packages can be had:\n{}",
        problems.join("\n")
    )
}

/// Where this machine's apt finds Debian, likeliest first. An apt that has not been updated yet does not know which
/// of its archives that is: then each is tried.
fn mirrors() -> Result<Vec<String>> {
    let known = output(Command::new("apt-get").args([
        "indextargets",
        "--format",
        "$(ORIGIN) $(LABEL) $(REPO_URI)",
        "Created-By: Packages",
    ]))?;
    let found = in_order(&known);
    if found.is_empty() {
        bail!("this machine's apt has no sources");
    }
    Ok(found)
}

/// The archives of lines `ORIGIN LABEL URI`, each once, Debian's own first.
fn in_order(known: &str) -> Vec<String> {
    let uri = |line: &str| line.rsplit(' ').next().unwrap_or_default().to_owned();
    let (debian, others): (Vec<&str>, Vec<&str>) = known
        .lines()
        .partition(|line| line.starts_with("Debian Debian "));
    let mut found: Vec<String> = Vec::new();
    for line in debian.into_iter().chain(others) {
        let uri = uri(line);
        if !found.contains(&uri) {
            found.push(uri);
        }
    }
    found
}

fn fetch(release: &Release, architecture: &str, mirrors: &[String]) -> Result<Vec<PathBuf>> {
    let mut wanted = Vec::new();
    for (package, sums) in release.packages {
        let fits = |(of, _): &&(&str, &str)| *of == architecture || *of == "all";
        let Some((of, sum)) = sums.iter().find(fits) else {
            bail!("no {package} is pinned for {architecture}");
        };
        wanted.push((package, of, sum));
    }
    let home = paths::target().join("debian").join(release.suite);
    let archives = home.join("archives");
    for folder in [
        home.join("lists/partial"),
        home.join("cache"),
        archives.clone(),
    ] {
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
    }
    let apt = Apt { home: &home };
    let mut updated = Err(anyhow::anyhow!("this machine's apt has no sources"));
    for mirror in mirrors {
        updated = apt.update(mirror, release.suite);
        if updated.is_ok() {
            break;
        }
    }
    updated?;
    let mut files = Vec::new();
    for (package, of, sum) in wanted {
        // A version may have an epoch and a tilde; apt writes the epoch's colon in its own way.
        let version = release.version.replace(':', "%3a");
        let file = archives.join(format!("{package}_{version}_{of}.deb"));
        if !checks(&file, sum) {
            apt.download(package, release.version, &archives)?;
        }
        if !checks(&file, sum) {
            bail!(
                "{} has not the SHA-256 that is pinned: {sum}",
                file.display()
            );
        }
        files.push(file);
    }
    Ok(files)
}

/// apt with lists, caches and sources of its own under `home`, and the machine's settings else.
struct Apt<'a> {
    home: &'a Path,
}

impl Apt<'_> {
    fn update(&self, mirror: &str, suite: &str) -> Result<()> {
        let line = format!("deb [signed-by={KEYRING}] {mirror} {suite} main\n");
        std::fs::write(self.home.join("sources.list"), line)
            .context("could not write apt's sources")?;
        // Without this apt takes a mirror that does not answer for one that has nothing new.
        output(
            self.get()
                .args(["-o", "APT::Update::Error-Mode=any", "update"]),
        )
        .map(drop)
    }

    fn download(&self, package: &str, version: &str, into: &Path) -> Result<()> {
        eprintln!("   \u{25b8} apt-get download {package}={version}");
        let pinned = format!("{package}={version}");
        output(self.get().args(["download", &pinned]).current_dir(into))
            .map(drop)
            .with_context(|| format!("{pinned} is gone: pin what the suite has now, in xtask/src"))
    }

    fn get(&self) -> Command {
        let mut command = Command::new("apt-get");
        command.arg("-qq");
        for (key, value) in [
            ("Dir::Etc::sourcelist", "sources.list"),
            ("Dir::State::lists", "lists"),
            ("Dir::Cache", "cache"),
        ] {
            let mut setting = OsString::from(format!("{key}="));
            setting.push(self.home.join(value));
            command.arg("-o").arg(setting);
        }
        for setting in [
            "Dir::Etc::sourceparts=/dev/null",
            "Dir::Etc::preferences=/dev/null",
            "Dir::Etc::preferencesparts=/dev/null",
            "Acquire::Languages=none",
            // Its own user cannot write to our folders.
            "APT::Sandbox::User=root",
        ] {
            command.args(["-o", setting]);
        }
        command
    }
}

fn extract(archives: &[PathBuf], into: &Path) -> Result<()> {
    if into.exists() {
        std::fs::remove_dir_all(into)
            .with_context(|| format!("could not remove {}", into.display()))?;
    }
    for archive in archives {
        output(Command::new("dpkg").arg("-x").arg(archive).arg(into))?;
    }
    Ok(())
}

fn checks(file: &Path, sum: &str) -> bool {
    file.is_file()
        && output(Command::new("sha256sum").arg(file)).is_ok_and(|line| line.starts_with(sum))
}

/// Standard output of a program that succeeds; the error is what it said.
fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("could not start {program}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{program} failed: {}", said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_comes_first_and_each_archive_once() {
        let known = "Other Other https://other.example/\n\
                     Debian Debian https://mirror.example/debian/\n\
                     Debian Debian-Security https://mirror.example/security/\n\
                     Debian Debian https://mirror.example/debian/\n";
        assert_eq!(
            in_order(known),
            [
                "https://mirror.example/debian/",
                "https://other.example/",
                "https://mirror.example/security/"
            ]
        );
        // What an apt says that was never updated.
        assert_eq!(
            in_order("$(ORIGIN) $(LABEL) https://mirror.example/debian/\n"),
            ["https://mirror.example/debian/"]
        );
    }

    #[test]
    fn a_folder_that_holds_a_pinned_version_is_left_alone() {
        let folder = paths::target().join("debian-unpacked");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("unpacked.txt"), "1-1").unwrap();
        let release = Release {
            suite: "none",
            version: "1-1",
            packages: &[],
        };
        assert_eq!(unpack(&[release], &folder).unwrap(), "1-1");
        assert!(folder.join("unpacked.txt").is_file());
    }
}
