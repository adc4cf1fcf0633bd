//! `cargo xtask demo`: real documentation goes through Source, site, linkcheck and publish.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{guests, javascript, paths, prerequisites, process};

/// Documentation with many pages and links that nobody here wrote, pinned.
const PACKAGE: (&str, &str) = ("fastify", "5.6.1");

pub(crate) fn run() -> Result<()> {
    prerequisites::for_demo()?;
    guests::build_binary()?;
    let plugins = guests::build_plugins()?;
    let package = javascript::package(PACKAGE.0, PACKAGE.1)?;
    let stage = paths::target().join("demo");
    fresh(&stage)?;
    let source = stage.join("source");
    our_documentation(&source.join("pipefitter"))?;
    copy_tree(&package.join("docs"), &source.join(PACKAGE.0))?;
    std::fs::write(
        source.join("index.md"),
        format!(
            "# Documentation\n\n- [Pipefitter](pipefitter/README.md)\n- [{name} {version}]({name}/index.md), \
             as its package has it\n",
            name = PACKAGE.0,
            version = PACKAGE.1
        ),
    )
    .context("could not write the demo's first page")?;
    let site = stage.join("published");
    std::fs::create_dir_all(&site).context("could not make the folder to publish into")?;
    let config = stage.join("pipefitter.toml");
    std::fs::write(&config, grants(&site)).context("could not write the demo's config")?;

    process::run(
        Command::new(paths::binary())
            .args(["dev", "--once", "--port", "0", "--plugins"])
            .arg(&plugins)
            .arg("--pipeline")
            .arg(paths::root().join("xtask/demo/pipeline.json"))
            .arg("--source")
            .arg(&source)
            .arg("--config")
            .arg(&config),
    )?;

    println!(
        "\nThe broken links are {}'s own, as published; the pipeline's action allows up to 100 of them.",
        PACKAGE.0
    );
    println!("\nPublished in {}:", shown(&site).display());
    tree(&site, "  ", 2)?;
    println!(
        "\nOpen {} in a browser.",
        shown(&site).join("docs/current/index.html").display()
    );
    Ok(())
}

/// The project's Markdown, laid out as in the repository, so that its links lead somewhere.
fn our_documentation(to: &Path) -> Result<()> {
    let root = paths::root();
    for folder in ["docs", "wit"] {
        copy_tree(&root.join(folder), &to.join(folder))?;
    }
    let pages = [
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "guest-sdk/rust/README.md",
        "plugins/site/README.md",
        "plugins/linkcheck/README.md",
        "plugins/publish/README.md",
    ];
    for page in pages {
        let target = to.join(page);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::copy(root.join(page), &target)
            .with_context(|| format!("could not copy {page}"))?;
    }
    Ok(())
}

fn grants(site: &Path) -> String {
    format!(
        "# What the operator grants in the demo: one folder, to one plugin.\n\
         [plugins.publish.grant]\n\
         directories = [{{ host = {:?}, guest = \"/site\", write = true }}]\n",
        site.display().to_string()
    )
}

fn fresh(stage: &Path) -> Result<()> {
    match std::fs::remove_dir_all(stage) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).context("could not clear the last demo"),
    }
    std::fs::create_dir_all(stage).context("could not make a folder for the demo")
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let read = std::fs::read_dir(from.join(&folder))
            .with_context(|| format!("could not read {}", from.join(&folder).display()))?;
        for entry in read {
            let entry = entry?;
            let name = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(name);
                continue;
            }
            let target = to.join(&name);
            if let Some(parent) = target.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::copy(entry.path(), &target)
                .with_context(|| format!("could not copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// Folders with how many files they hold, a few levels deep.
fn tree(folder: &Path, indent: &str, levels: u32) -> Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<std::io::Result<_>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let mut files = 0;
    for entry in entries {
        let name = entry.file_name();
        if entry.file_type()?.is_symlink() {
            let target = std::fs::read_link(entry.path())?;
            println!("{indent}{} -> {}", name.display(), target.display());
        } else if entry.file_type()?.is_dir() {
            println!("{indent}{}/", name.display());
            if levels > 0 {
                tree(&entry.path(), &format!("{indent}  "), levels - 1)?;
            }
        } else {
            files += 1;
        }
    }
    if files > 0 {
        println!("{indent}{files} files");
    }
    Ok(())
}

fn shown(path: &Path) -> PathBuf {
    path.strip_prefix(paths::root())
        .unwrap_or(path)
        .to_path_buf()
}
