//! Artifacts.

use std::fs::{self, File};
use std::io::Read;

use pipefitter_sdk::{Failure, Job, Outcome};

pub(crate) fn inputs(job: &Job) -> Result<Outcome, Failure> {
    let mut listing = String::new();
    let mut files = 0;
    for input in &job.inputs {
        let mut paths: Vec<String> = input
            .files()?
            .iter()
            .map(|path| path.to_string_lossy().into_owned())
            .collect();
        paths.sort_by(|one, other| one.as_bytes().cmp(other.as_bytes()));
        for path in paths {
            let size = fs::metadata(input.path.join(&path))?.len();
            listing.push_str(&format!("{}/{path} {size}\n", input.name));
            files += 1;
        }
    }
    job.first_output()?.write("listing.txt", listing)?;
    Ok(Outcome::succeeded()
        .variable("inputs", job.inputs.len())
        .variable("files", files))
}

pub(crate) fn large(job: &Job) -> Result<Outcome, Failure> {
    let mut file = File::open(job.first_input()?.path.join("big.bin"))?;
    let mut piece = vec![0; 1 << 20];
    let (mut bytes, mut last) = (0_u64, 0);
    loop {
        let read = file.read(&mut piece)?;
        let Some(&end) = piece[..read].last() else {
            break;
        };
        bytes += read as u64;
        last = end;
    }
    Ok(Outcome::succeeded()
        .variable("bytes", bytes)
        .variable("last", last))
}

pub(crate) fn tree(job: &Job) -> Result<Outcome, Failure> {
    let out = job.first_output()?;
    out.write("a/b/c.txt", "deep\n")?;
    out.write("ünï/日本.txt", "grüße 😀\n")?;
    out.write("empty.txt", "")?;
    out.write("bytes.bin", (0..=255).collect::<Vec<u8>>())?;
    Ok(Outcome::succeeded())
}

pub(crate) fn denied(job: &Job) -> Result<Outcome, Failure> {
    let input = &job.first_input()?.path;
    let told = |opened: bool| if opened { "opened" } else { "refused" };
    Ok(Outcome::succeeded()
        .variable("outside", told(fs::read("/etc/passwd").is_ok()))
        .variable(
            "input",
            told(fs::write(input.join("new.txt"), "new").is_ok()),
        )
        .variable(
            "above",
            told(fs::read(input.join("../../etc/passwd")).is_ok()),
        ))
}
