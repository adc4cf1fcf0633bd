//! Programs of other people: found, asked for their version, run with all that they say shown.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::print;

/// Where a plugin's folder keeps programs of its own: Python's and JavaScript's customs.
const LOCAL: [&str; 2] = [".venv/bin", "node_modules/.bin"];

/// A program that a build takes.
pub(super) struct Wanted {
    /// Its name.
    pub(super) program: &'static str,
    /// What makes it tell its version.
    pub(super) version: &'static [&'static str],
    /// Below this it does not do.
    pub(super) least: Version,
    /// How it is installed, from where: after `install it `.
    pub(super) from: &'static str,
    /// The shell's line for that.
    pub(super) install: Install,
}

/// A shell's line that installs a program.
pub(super) enum Install {
    /// Run in the plugin's folder.
    Here(&'static str),
    /// Run anywhere, in the shell that builds then: a subshell would keep what it exports.
    Anywhere(&'static str),
}

/// Major, minor, patch.
pub(super) type Version = (u32, u32, u32);

/// A program that was found and is new enough.
#[derive(Debug)]
pub(super) struct Tool {
    /// Where.
    pub(super) path: PathBuf,
    name: &'static str,
    version: Version,
}

impl Tool {
    /// Run in a folder; [`run`] starts it.
    pub(super) fn command(&self, dir: &Path) -> Command {
        let mut command = Command::new(&self.path);
        command.current_dir(dir);
        command
    }

    /// Name and version, for a line of progress.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.name, shown(self.version))
    }
}

/// Find a program: in the plugin's folder, or else on the PATH.
pub(super) fn look_up(wanted: &Wanted, dir: &Path) -> Result<Tool> {
    look_up_in(wanted, dir, &search_path())
}

fn look_up_in(wanted: &Wanted, dir: &Path, path: &OsStr) -> Result<Tool> {
    let program = wanted.program;
    let install = || match wanted.install {
        Install::Here(line) => {
            format!("install it {}: (cd {} && {line})", wanted.from, quoted(dir))
        }
        Install::Anywhere(line) => format!("install it {}: {line}", wanted.from),
    };
    let Some(found) = find(program, dir, path) else {
        bail!("{program} is not there; {}", install());
    };
    let told = Command::new(&found).args(wanted.version).output();
    let version = told
        .ok()
        .filter(|told| told.status.success())
        .and_then(|told| version_in(&String::from_utf8_lossy(&told.stdout)));
    match version {
        None => bail!(
            "{} does not tell its version; {}",
            found.display(),
            install()
        ),
        Some(version) if version < wanted.least => bail!(
            "{} is {program} {}, and {} is the least; {}",
            found.display(),
            shown(version),
            shown(wanted.least),
            install()
        ),
        Some(version) => Ok(Tool {
            path: found,
            name: program,
            version,
        }),
    }
}

fn find(program: &str, dir: &Path, path: &OsStr) -> Option<PathBuf> {
    all_in(program, dir, path).into_iter().next()
}

/// Every program of a name, nearest first: some have what another lacks, as each `python3` its packages.
pub(super) fn all(program: &str, dir: &Path) -> Vec<PathBuf> {
    all_in(program, dir, &search_path())
}

#[expect(
    clippy::disallowed_methods,
    reason = "where every shell looks for programs; no config of ours repeats it"
)]
fn search_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

fn all_in(program: &str, dir: &Path, path: &OsStr) -> Vec<PathBuf> {
    let local = LOCAL.iter().map(|local| dir.join(local));
    let folders = local.chain(std::env::split_paths(path));
    let programs = folders.map(|folder| folder.join(program));
    let runs = |file: &PathBuf| {
        let meta = file.metadata();
        meta.is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    programs.filter(runs).collect()
}

/// The first word with a number, a dot and a number in it: `cargo 1.95.0 (abc)`, `go version go1.27.4 linux/amd64`.
fn version_in(text: &str) -> Option<Version> {
    let number = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_digit());
        text[..end.unwrap_or(text.len())].parse().ok()
    };
    text.split_whitespace().find_map(|word| {
        let word = word.trim_start_matches(|c: char| !c.is_ascii_digit());
        let mut parts = word.splitn(3, '.');
        let major = parts.next()?.parse().ok()?;
        let minor = number(parts.next()?)?;
        Some((major, minor, parts.next().and_then(number).unwrap_or(0)))
    })
}

fn shown((major, minor, patch): Version) -> String {
    format!("{major}.{minor}.{patch}")
}

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// A line that says what is being done.
pub(super) fn progress(text: impl std::fmt::Display) {
    print::error_line(text);
}

/// Run a program to its end. All that it says goes to standard error, so that standard output has what this program
/// says, and nothing else. `what` is what it could not do: `build the plugin`.
pub(super) fn run(command: Command, what: &str) -> Result<()> {
    run_or(command, what, "install it")
}

/// [`run`], with what to do where the program is not there.
pub(super) fn run_or(mut command: Command, what: &str, missing: &str) -> Result<()> {
    let program = name_of(&command);
    let stderr = std::io::stderr().as_fd().try_clone_to_owned();
    command
        .stdin(Stdio::null())
        .stdout(stderr.context("could not share standard error")?);
    let status = match command.status() {
        Ok(status) => status,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("{program} is not there; {missing}")
        }
        Err(error) => return Err(error).with_context(|| format!("could not start {program}")),
    };
    if !status.success() {
        bail!("{program} could not {what} ({status}): its messages are above");
    }
    Ok(())
}

/// A program's name without its folder.
pub(super) fn name_of(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Wanted = Wanted {
        program: "wasmify",
        version: &["--version"],
        least: (1, 2, 0),
        from: "from PyPI",
        install: Install::Here("pip install wasmify==1.2.3"),
    };

    /// A program that says so.
    fn program(folder: &Path, says: &str) {
        std::fs::create_dir_all(folder).unwrap();
        let file = folder.join("wasmify");
        std::fs::write(&file, format!("#!/bin/sh\n{says}\n")).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
    }

    fn looked_up(dir: &Path) -> Result<String, String> {
        let path = dir.join("bin");
        let found = look_up_in(&WANTED, dir, path.as_os_str());
        let relative = |text: String| text.replace(&dir.display().to_string(), "DIR");
        found
            .map(|tool| relative(format!("{} {}", tool.path.display(), tool.title())))
            .map_err(|error| relative(error.to_string()))
    }

    #[test]
    fn a_program_of_the_folder_counts_before_one_of_the_path() {
        let dir = tempfile::tempdir().unwrap();
        let missing = looked_up(dir.path()).unwrap_err();
        assert_eq!(
            missing,
            "wasmify is not there; install it from PyPI: (cd DIR && pip install wasmify==1.2.3)"
        );
        program(&dir.path().join("bin"), "echo wasmify 1.2.9");
        assert_eq!(
            looked_up(dir.path()).unwrap(),
            "DIR/bin/wasmify wasmify 1.2.9"
        );
        program(&dir.path().join(".venv/bin"), "echo wasmify v2.0");
        assert_eq!(
            looked_up(dir.path()).unwrap(),
            "DIR/.venv/bin/wasmify wasmify 2.0.0"
        );
    }

    #[test]
    fn one_that_is_too_old_or_does_not_run_is_told_with_what_to_install() {
        let dir = tempfile::tempdir().unwrap();
        program(&dir.path().join("bin"), "echo wasmify 1.1.99");
        assert_eq!(
            looked_up(dir.path()).unwrap_err(),
            "DIR/bin/wasmify is wasmify 1.1.99, and 1.2.0 is the least; install it from PyPI: (cd DIR && pip install \
             wasmify==1.2.3)"
        );
        program(&dir.path().join("bin"), "echo wasmify 1.2.3; exit 1");
        let refused = looked_up(dir.path()).unwrap_err();
        assert!(
            refused.contains("does not tell its version; install it"),
            "{refused}"
        );
    }

    #[test]
    fn versions_are_found_in_what_programs_say() {
        for (says, version) in [
            ("cargo 1.95.0 (f2d3ce0bd 2026-03-21)", Some((1, 95, 0))),
            ("componentize-py 0.25.1\n", Some((0, 25, 1))),
            ("go version go1.27.4 linux/amd64", Some((1, 27, 4))),
            ("Debian clang version 19.1.7 (3~deb12u1)", Some((19, 1, 7))),
            ("0.16.0", Some((0, 16, 0))),
            ("v20.20.2", Some((20, 20, 2))),
            ("1.36.0-rc1", Some((1, 36, 0))),
            ("usage: 3 of them", None),
            ("", None),
        ] {
            assert_eq!(version_in(says), version, "{says}");
        }
    }

    #[test]
    fn a_path_is_quoted_where_a_shell_would_split_it() {
        assert_eq!(quoted(Path::new("/a/b-c.d")), "/a/b-c.d");
        assert_eq!(quoted(Path::new("/a b/it's")), "'/a b/it'\\''s'");
    }
}
