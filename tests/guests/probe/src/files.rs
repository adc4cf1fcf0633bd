//! Artifacts and other files.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use crate::bindings::exports::pipefitter::action::handler::Job;
use crate::bindings::pipefitter::action::types::FailureType;
use crate::{Answer, config, failed, succeeded};

/// Every output gets the files of all inputs, each below the input's name, and a `report.txt`; every scratch
/// directory one file.
pub(crate) fn ok(job: &Job) -> Answer {
    match copy(job) {
        Ok(variables) => succeeded(variables),
        Err(error) => failed(FailureType::JobFailed, &format!("copying: {error}")),
    }
}

fn copy(job: &Job) -> io::Result<Vec<(String, String)>> {
    let mut report = String::new();
    let mut total = 0;
    for input in &job.inputs {
        let files = tree(Path::new(&input.path))?;
        total += files.len();
        for file in &files {
            let from = Path::new(&input.path).join(file);
            let bytes = fs::metadata(&from)?.len();
            report.push_str(&format!("{}/{file} {bytes}\n", input.name));
            for output in &job.outputs {
                let to = Path::new(&output.path).join(&input.name).join(file);
                if let Some(parent) = to.parent() {
                    fs::create_dir_all(parent)?;
                }
                stream(&from, &to)?;
            }
        }
    }
    for output in &job.outputs {
        let mut file = fs::File::create(Path::new(&output.path).join("report.txt"))?;
        file.write_all(report.as_bytes())?;
    }
    if let Some(scratch) = &job.scratch {
        fs::write(Path::new(scratch).join("temporary"), b"scratch")?;
    }
    println!("copied {total} files");
    let mut variables = vec![("files".to_owned(), total.to_string())];
    for (name, value) in &job.configuration {
        if let Some(name) = name.strip_prefix("var.") {
            variables.push((name.to_owned(), value.clone()));
        }
    }
    Ok(variables)
}

/// Copies by blocks: a file may be larger than the memory.
fn stream(from: &Path, to: &Path) -> io::Result<()> {
    let (mut from, mut to) = (fs::File::open(from)?, fs::File::create(to)?);
    let mut block = vec![0; 1 << 20];
    loop {
        match from.read(&mut block)? {
            0 => return Ok(()),
            read => to.write_all(&block[..read])?,
        }
    }
}

/// The files below a directory, relative, sorted.
fn tree(root: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    let mut left = vec![String::new()];
    while let Some(at) = left.pop() {
        for entry in fs::read_dir(root.join(&at))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if at.is_empty() {
                name
            } else {
                format!("{at}/{name}")
            };
            if entry.file_type()?.is_dir() {
                left.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

pub(crate) fn write_input(job: &Job) -> Answer {
    let Some(input) = job.inputs.first() else {
        return failed(FailureType::ConfigurationError, "needs an input");
    };
    let root = Path::new(&input.path);
    let Some(file) = tree(root).ok().and_then(|files| files.into_iter().next()) else {
        return failed(FailureType::ConfigurationError, "needs a file in the input");
    };
    let file = root.join(file);
    let attempts = [
        ("create", fs::write(root.join("new"), b"x")),
        ("overwrite", fs::write(&file, b"x")),
        ("truncate", {
            let open = fs::OpenOptions::new()
                .write(true)
                .truncate(true)
                .open(&file);
            open.map(drop)
        }),
        ("append", {
            let open = fs::OpenOptions::new().append(true).open(&file);
            open.and_then(|mut file| file.write_all(b"x"))
        }),
        ("remove", fs::remove_file(&file)),
        ("rename", fs::rename(&file, root.join("renamed"))),
        ("mkdir", fs::create_dir(root.join("dir"))),
        ("link", fs::hard_link(&file, root.join("linked"))),
    ];
    let mut variables = Vec::new();
    for (what, result) in attempts {
        match result {
            Ok(()) => return failed(FailureType::JobFailed, &format!("{what} worked")),
            Err(error) => variables.push((what.to_owned(), format!("{:?}", error.kind()))),
        }
    }
    succeeded(variables)
}

pub(crate) fn read(job: &Job) -> Answer {
    let path = config(job, "path").unwrap_or("/");
    match fs::read(path) {
        Ok(bytes) => succeeded(vec![(
            "content".to_owned(),
            String::from_utf8_lossy(&bytes).into_owned(),
        )]),
        Err(error) => failed(FailureType::PermissionError, &format!("{path}: {error}")),
    }
}

pub(crate) fn write(job: &Job) -> Answer {
    let path = config(job, "path").unwrap_or("/");
    match fs::write(path, config(job, "text").unwrap_or("")) {
        Ok(()) => succeeded(Vec::new()),
        Err(error) => failed(FailureType::PermissionError, &format!("{path}: {error}")),
    }
}
