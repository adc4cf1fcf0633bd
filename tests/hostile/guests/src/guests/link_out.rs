//! Plants links in its output, so that whoever packs it reads files of the host.

use std::fs;

use crate::answer::{Answer, Job, failed, output, symlink, with_variables};

const TARGETS: [(&str, &str); 4] = [
    ("absolute", "/etc/passwd"),
    ("up", "../../../../../../../../etc/passwd"),
    ("proc", "/proc/self/environ"),
    ("folder", "../../.."),
];

pub(crate) fn run(job: &Job) -> Answer {
    let out = output(job);
    let mut variables = Vec::new();
    for (name, target) in TARGETS {
        let link = out.join(name);
        let planted = match symlink(target, &out, name) {
            Ok(()) => "planted".to_owned(),
            Err(error) => error.to_string(),
        };
        if fs::read(&link).is_ok() || fs::read_dir(&link).is_ok() {
            return failed(format!("read through {name}"));
        }
        variables.push((name.to_owned(), planted));
    }
    if let Err(error) = fs::write(out.join("honest"), b"honest") {
        return failed(format!("honest: {error}"));
    }
    with_variables(variables)
}
