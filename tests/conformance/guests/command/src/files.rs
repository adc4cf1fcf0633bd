//! Artifacts.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use serde_json::json;

use crate::host::{Answer, Failed, Host, succeeded};

pub(crate) fn inputs(host: &Host) -> Result<Answer, Failed> {
    let inputs = host.job()["inputs"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let mut listing = String::new();
    let mut files = 0;
    for input in inputs {
        let text = |key: &str| input[key].as_str().unwrap_or_default();
        let mut found = Vec::new();
        walk(Path::new(text("path")), "", &mut found)?;
        found.sort();
        for (path, size) in found {
            listing.push_str(&format!("{}/{path} {size}\n", text("name")));
            files += 1;
        }
    }
    fs::write(host.folder("outputs")?.join("listing.txt"), listing)?;
    Ok(succeeded(json!({
        "inputs": inputs.len().to_string(),
        "files": files.to_string(),
    })))
}

/// Every file below a folder: its path from there, and its size.
fn walk(root: &Path, below: &str, found: &mut Vec<(String, u64)>) -> Result<(), Failed> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        if entry.file_type()?.is_dir() {
            walk(root, &path, found)?;
        } else {
            found.push((path, entry.metadata()?.len()));
        }
    }
    Ok(())
}

pub(crate) fn large(host: &Host) -> Result<Answer, Failed> {
    let mut file = File::open(host.folder("inputs")?.join("big.bin"))?;
    let mut piece = vec![0; 1 << 20];
    let (mut bytes, mut nonzero, mut last) = (0_u64, 0_u64, 0);
    loop {
        let read = file.read(&mut piece)?;
        let Some(&end) = piece[..read].last() else {
            break;
        };
        bytes += read as u64;
        nonzero += piece[..read].iter().filter(|byte| **byte != 0).count() as u64;
        last = end;
    }
    Ok(succeeded(json!({
        "bytes": bytes.to_string(),
        "nonzero": nonzero.to_string(),
        "last": last.to_string(),
    })))
}

pub(crate) fn tree(host: &Host) -> Result<Answer, Failed> {
    let out = host.folder("outputs")?;
    let every: Vec<u8> = (0..=255).collect();
    for (path, bytes) in [
        ("a/b/c.txt", &b"deep\n"[..]),
        ("ünï/日本.txt", "grüße 😀\n".as_bytes()),
        ("empty.txt", b""),
        ("bytes.bin", &every),
    ] {
        let path = out.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(succeeded(json!({})))
}

pub(crate) fn denied(host: &Host) -> Result<Answer, Failed> {
    let input = host.folder("inputs")?;
    let told = |opened: bool| if opened { "opened" } else { "refused" };
    Ok(succeeded(json!({
        "outside": told(fs::read("/etc/passwd").is_ok()),
        "input": told(fs::write(input.join("new.txt"), "new").is_ok()),
        "above": told(fs::read(input.join("../../etc/passwd")).is_ok()),
    })))
}
