//! The password of a secret key: from a file, or from the terminal, and nowhere else. An argument or an environment
//! variable would show it to whoever lists processes.

use std::io::{IsTerminal, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// minisign takes no longer ones.
const LONGEST: usize = 1024;

/// The first line of a file that only this user can read.
pub(super) fn from_file(file: &Path) -> Result<String> {
    let opened = std::fs::File::open(file)
        .with_context(|| format!("could not read the password file {}", file.display()))?;
    let found = opened
        .metadata()
        .with_context(|| format!("could not read the password file {}", file.display()))?;
    if found.is_file() && found.mode() & 0o077 != 0 {
        bail!(
            "others can reach the password file {0} (mode {1:04o}): run `chmod 600 {0}`",
            file.display(),
            found.mode() & 0o7777
        );
    }
    let mut text = String::new();
    opened
        .take(2 * LONGEST as u64)
        .read_to_string(&mut text)
        .with_context(|| format!("could not read the password file {}", file.display()))?;
    checked(text.lines().next().unwrap_or_default().to_owned())
}

/// Asked for on the terminal.
pub(super) fn asked(key: &Path) -> Result<String> {
    ask(&format!("Password of {}: ", key.display())).and_then(checked)
}

/// Asked for twice.
pub(super) fn made_up(key: &Path) -> Result<String> {
    let first = checked(ask(&format!("New password for {}: ", key.display()))?)?;
    if ask("Again: ")? != first {
        bail!("the two are not the same: start again");
    }
    Ok(first)
}

fn ask(prompt: &str) -> Result<String> {
    if !std::io::stdin().is_terminal() {
        bail!("there is no terminal to ask for the password: give --password-file");
    }
    rpassword::prompt_password(prompt).context("could not read the password from the terminal")
}

fn checked(password: String) -> Result<String> {
    if password.is_empty() {
        bail!("the password is empty: `plugin keygen --no-password` makes a key without one");
    }
    if password.len() > LONGEST {
        bail!("the password has more than {LONGEST} bytes");
    }
    Ok(password)
}
