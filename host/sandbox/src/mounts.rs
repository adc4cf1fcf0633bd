//! Where a job's directories are in the guest: `/inputs/<name>`, `/outputs/<name>`, `/scratch`, a command's `/job`, and
//! what the operator granted under the path granted.

use std::path::{Path, PathBuf};

use crate::job::DirectoryGrant;
use crate::runner::{Fault, JobSpec};

const INPUTS: &str = "/inputs";
const OUTPUTS: &str = "/outputs";
const SCRATCH: &str = "/scratch";
/// Where a command finds its job.
pub(crate) const JOB: &str = "/job";

/// One directory of the host's, seen from the guest.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    pub(crate) host: PathBuf,
    pub(crate) guest: String,
    pub(crate) write: bool,
    /// For messages, such as "the input `source`".
    pub(crate) what: String,
}

impl Mount {
    /// The fault of a directory that is not there for the host.
    pub(crate) fn unopened(&self, why: &dyn std::fmt::Display) -> Fault {
        let host = self.host.display();
        Fault::Host(format!("{} ({host}) cannot be opened: {why}", self.what))
    }
}

/// All directories of a job. Inputs come first, then outputs, in the pipeline's order.
#[derive(Debug)]
pub(crate) struct Mounts {
    pub(crate) all: Vec<Mount>,
    pub(crate) inputs: Vec<String>,
    pub(crate) outputs: Vec<String>,
    pub(crate) scratch: Option<String>,
}

impl Mounts {
    pub(crate) fn plan(spec: &JobSpec) -> Result<Mounts, Fault> {
        let inputs = guest_paths(INPUTS, spec.inputs.iter().map(|input| &input.name[..]));
        let outputs = guest_paths(OUTPUTS, spec.outputs.iter().map(|output| &output.name[..]));
        let mut all = Vec::new();
        for (input, guest) in spec.inputs.iter().zip(&inputs) {
            if let Some(file) = &input.file {
                check_file(&input.name, file)?;
            }
            let what = format!("the input `{}`", input.name);
            all.push(mount(&input.host, guest, false, what));
        }
        for (output, guest) in spec.outputs.iter().zip(&outputs) {
            let what = format!("the output `{}`", output.name);
            all.push(mount(&output.host, guest, true, what));
        }
        let scratch = spec.scratch.as_ref().map(|host| {
            all.push(mount(host, SCRATCH, true, "the scratch directory".into()));
            SCRATCH.to_owned()
        });
        let mut taken: Vec<&str> = vec![INPUTS, OUTPUTS, SCRATCH];
        if let Some(dir) = &spec.command {
            taken.push(JOB);
            all.push(mount(
                &dir.host,
                JOB,
                false,
                "the job's own directory".into(),
            ));
        }
        for grant in &spec.directories {
            check_grant(grant, &taken)?;
            taken.push(&grant.guest);
            let what = format!("the granted directory `{}`", grant.guest);
            all.push(mount(&grant.host, &grant.guest, grant.write, what));
        }
        Ok(Mounts {
            all,
            inputs,
            outputs,
            scratch,
        })
    }
}

fn mount(host: &Path, guest: &str, write: bool, what: String) -> Mount {
    Mount {
        host: host.to_owned(),
        guest: guest.to_owned(),
        write,
        what,
    }
}

/// Artifact names are `[A-Za-z0-9_-]+` and differ. What is not so gets its place in the list instead, after
/// a sign that no such name has.
fn guest_paths<'a>(root: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    for (at, name) in names.enumerate() {
        let plain = !name.is_empty()
            && name.len() <= 100
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        let path = format!("{root}/{name}");
        if plain && !paths.contains(&path) {
            paths.push(path);
        } else {
            paths.push(format!("{root}/@{}", at + 1));
        }
    }
    paths
}

fn check_file(input: &str, file: &str) -> Result<(), Fault> {
    let one_name = !file.is_empty() && !file.contains(['/', '\0']) && file != "." && file != "..";
    if one_name {
        return Ok(());
    }
    Err(Fault::Start(format!(
        "the file of the input `{input}` has no plain name: {file:?}"
    )))
}

fn check_grant(grant: &DirectoryGrant, taken: &[&str]) -> Result<(), Fault> {
    let guest = &grant.guest;
    let refuse = |why: String| {
        Err(Fault::Start(format!(
            "the grant of directory {guest:?}: {why}; change `guest` in the plugin's grant"
        )))
    };
    let Some(relative) = guest.strip_prefix('/') else {
        return refuse("the path in the guest must begin with `/`".into());
    };
    if relative.is_empty() {
        return refuse("`/` itself cannot be granted".into());
    }
    for name in relative.split('/') {
        if matches!(name, "" | "." | "..") || name.chars().any(char::is_control) {
            return refuse(
                "the path in the guest must be plain, without `.`, `..`, `//` or a `/` at its end"
                    .into(),
            );
        }
    }
    match taken.iter().find(|other| overlap(guest, other)) {
        Some(other) => refuse(format!("it overlaps `{other}`")),
        None => Ok(()),
    }
}

/// Whether one path is the other or lies in it.
fn overlap(one: &str, other: &str) -> bool {
    Path::new(one).starts_with(other) || Path::new(other).starts_with(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(guest: &str) -> DirectoryGrant {
        DirectoryGrant {
            host: "/srv".into(),
            guest: guest.into(),
            write: false,
        }
    }

    #[test]
    fn odd_names_get_a_place_that_no_name_has() {
        let names = ["src", "..", "a/b", "src", "", "x_y-1"];
        assert_eq!(
            guest_paths("/inputs", names.into_iter()),
            [
                "/inputs/src",
                "/inputs/@2",
                "/inputs/@3",
                "/inputs/@4",
                "/inputs/@5",
                "/inputs/x_y-1"
            ]
        );
    }

    #[test]
    fn grants_must_be_plain_and_apart() {
        let taken = [INPUTS, OUTPUTS, SCRATCH, "/site"];
        for guest in ["/srv", "/sites", "/inputs2", "/a/b/c"] {
            assert_eq!(check_grant(&grant(guest), &taken), Ok(()), "{guest}");
        }
        for guest in [
            "",
            "/",
            "srv",
            "/a/",
            "//a",
            "/a/../b",
            "/./a",
            "/a\0b",
            "/inputs",
            "/inputs/x",
            "/scratch",
            "/site",
            "/site/sub",
            "/outputs/site",
        ] {
            let fault = check_grant(&grant(guest), &taken);
            assert!(matches!(fault, Err(Fault::Start(_))), "{guest:?}");
        }
        assert!(check_grant(&grant("/a"), &["/a/b"]).is_err());
    }

    #[test]
    fn an_inputs_file_is_one_name() {
        assert_eq!(check_file("in", "data.bin"), Ok(()));
        for file in ["", "..", "a/b", "/etc/passwd", "a\0"] {
            assert!(check_file("in", file).is_err(), "{file:?}");
        }
    }
}
