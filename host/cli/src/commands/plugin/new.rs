//! `pipefitter plugin new NAME --lang LANG`.
//!
//! The templates and the SDK's sources are inside the binary: a plugin's folder needs nothing else of
//! Pipefitter, and the SDK in it is the one that this binary was tested with.

use std::path::Path;

use anyhow::{Context, Result, bail};
use include_dir::{Dir, DirEntry};
use pipefitter_plugins::Language;

use super::languages::{Kit, quoted, templates};
use crate::exit::Exit;
use crate::print;

/// Cargo's own limit is 64; the provider of the action type, made of it, may have 35.
const NAME_MAX: usize = 35;

/// The SDK's package, in Rust and JavaScript.
const SDK: &str = "pipefitter-sdk";

const LEFT_OVER: [&str; 5] = [
    "node_modules",
    "__pycache__",
    ".venv",
    ".pipefitter",
    "target",
];

pub(crate) fn main(name: &str, lang: Language, into: &Path) -> Result<Exit> {
    check_name(name)?;
    // Without a `./` in front: what is printed is typed again.
    let target = if into == Path::new(".") {
        name.into()
    } else {
        into.join(name)
    };
    if target.exists() {
        bail!(
            "{} is there already: choose another name or remove it",
            target.display()
        );
    }
    let (kit, template) = templates()
        .filter(|kit| kit.language == lang)
        .find_map(|kit| Some((kit, kit.template.as_ref()?)))
        .with_context(|| format!("there is no template for {}", lang.title()))?;
    let fill = |text: &str| {
        text.replace("{{name}}", name)
            .replace("{{provider}}", &provider(name))
    };
    write_template(template.files, &target, &fill)?;
    for sdk in template.sdk {
        write_sdk(sdk, &target.join(template.sdk_folder))?;
    }

    print::line(format_args!(
        "Made {0}: a plugin for the action type Build/{1}/1.\n\n{2}Next:\n  pipefitter plugin build {0}\n  \
         pipefitter plugin test {0}\n  pipefitter invoke {0}/{name}.wasm --job {0}/job.json --input Source={0}/example --output \
         Greetings={0}/out\n  pipefitter plugin dev {0}",
        target.display(),
        provider(name),
        first(kit, &target)
    ))?;
    Ok(Exit::Success)
}

/// What to install before, where something is missing.
fn first(kit: &Kit, target: &Path) -> String {
    match ((kit.tools)(target), kit.install) {
        (Err(_), Some(install)) => {
            let folder = quoted(target);
            format!("First, once, to have the tools:\n  (cd {folder} && {install})\n\n")
        }
        (Err(missing), None) => format!("First, once: {missing:#}\n\n"),
        (Ok(()), _) => String::new(),
    }
}

fn check_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let starts = name.chars().next().is_some_and(|c| c.is_ascii_lowercase());
    if !starts || !name.chars().all(plain) || name.len() > NAME_MAX || name.ends_with('-') {
        bail!(
            "`{name}` cannot be a plugin's name: use up to {NAME_MAX} lower-case letters, digits and \
             `-`, a letter first"
        );
    }
    if name == SDK {
        bail!(
            "`{name}` is what the SDK's package is called, and two of one name cannot be built: choose another name"
        );
    }
    Ok(())
}

/// `word-count` becomes `WordCount`.
fn provider(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|c| c.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect::<String>()
        })
        .collect()
}

/// Template files end in `.in`, so that no tool takes them for the repository's own.
fn write_template(dir: &Dir<'_>, target: &Path, fill: &dyn Fn(&str) -> String) -> Result<()> {
    for entry in dir.entries() {
        match entry {
            DirEntry::Dir(dir) => write_template(dir, target, fill)?,
            DirEntry::File(file) => {
                let text = file.contents_utf8().context("a template is not text")?;
                let named = file.path();
                let path = match named.extension() {
                    Some(end) if end == "in" => named.with_extension(""),
                    _ => named.to_owned(),
                };
                let path = if path == Path::new("gitignore") {
                    ".gitignore".into()
                } else {
                    path
                };
                write(&target.join(path), fill(text).as_bytes())?;
            }
        }
    }
    Ok(())
}

fn write_sdk(dir: &Dir<'_>, target: &Path) -> Result<()> {
    for entry in dir.entries() {
        match entry {
            // Its tests compare it with the repository that it comes from.
            DirEntry::Dir(dir) if dir.path() == Path::new("tests") => {}
            DirEntry::Dir(dir) if is_left_over(dir.path()) => {}
            DirEntry::Dir(dir) => write_sdk(dir, target)?,
            DirEntry::File(file) => write(&target.join(file.path()), file.contents())?,
        }
    }
    Ok(())
}

/// What tools leave in a folder that is worked in.
fn is_left_over(dir: &Path) -> bool {
    let name = dir.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| LEFT_OVER.contains(&name))
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
    }
    std::fs::write(path, content).with_context(|| format!("could not write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_provider() {
        assert_eq!(provider("word-count"), "WordCount");
        assert_eq!(provider("hello"), "Hello");
    }

    #[test]
    fn names_that_are_no_folder_or_crate_are_refused() {
        for name in [
            "",
            "Hello",
            "1st",
            "a_b",
            "a/b",
            "..",
            "-a",
            "a-",
            "\u{e9}t\u{e9}",
            "pipefitter-sdk",
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert!(check_name("word-count2").is_ok());
    }
}
