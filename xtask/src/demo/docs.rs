//! `cargo xtask demo docs`, the default: real documentation goes through Source, site, linkcheck and publish.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::folder::{copy_ours, copy_tree, fresh, shown, tree};
use crate::{guests, javascript, paths, prerequisites, process};

/// Documentation with many pages and links that nobody here wrote, pinned.
const PACKAGE: (&str, &str) = ("fastify", "5.6.1");

pub(crate) fn run() -> Result<()> {
    prerequisites::for_demo()?;
    guests::build_binary()?;
    let built = guests::build_plugins()?;
    let package = javascript::package(PACKAGE.0, PACKAGE.1)?;
    let stage = paths::target().join("demo");
    fresh(&stage)?;
    // Those of the tests are built into the same folder, and some of them want grants.
    let plugins = stage.join("plugins");
    for name in guests::PLUGINS {
        let file = format!("{name}.wasm");
        guests::copy(&built.join(&file), &plugins.join(&file))?;
    }
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
        "\nNearly all of the broken links are {}'s own, as published; the pipeline's action allows up to 100 of them.",
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
    for folder in ["docs", "wit", "guest-sdk/command/schema"] {
        copy_tree(&root.join(folder), &to.join(folder))?;
    }
    for folder in ["guest-sdk", "plugins"] {
        let entries = std::fs::read_dir(root.join(folder))
            .with_context(|| format!("could not read {folder}"))?;
        for entry in entries {
            let readme = Path::new(folder).join(entry?.file_name()).join("README.md");
            if root.join(&readme).is_file() {
                guests::copy(&root.join(&readme), &to.join(&readme))?;
            }
        }
    }
    copy_ours(
        &["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"],
        to,
    )
}

fn grants(site: &Path) -> String {
    format!(
        "# What the operator grants in the demo: one folder, to one plugin.\n\
         [plugins.publish.grant]\n\
         directories = [{{ host = {:?}, guest = \"/site\", write = true }}]\n",
        site.display().to_string()
    )
}
