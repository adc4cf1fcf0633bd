//! `cargo xtask demo release`: this repository goes through checksum, licence, policy and version side by side, what they
//! made is published, and notify tells a webhook what they found out.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::folder::{beginning, fresh, shown, tree};
use super::release_source::{HOME, lay_out};
use super::webhook::Webhook;
use crate::{go, guests, languages, paths, prerequisites, process, toolchains};

/// What the worker attaches to requests, and the listener gets to see.
const TOKEN: &str = "token-of-the-release-demo";

pub(crate) fn run() -> Result<()> {
    prerequisites::for_release_demo()?;
    toolchains::set_up()?;
    if !go::is_there() {
        bail!(
            "the plugin licence is in Go, and the Go toolchain could not be brought, as said above: it is fetched \
             from Debian by apt"
        );
    }
    guests::build_binary()?;
    let plugins = guests::build_plugins()?;
    languages::build_plugins(&plugins)?;
    let source = lay_out()?;
    let stage = source.parent().unwrap_or(&source);
    let published = stage.join("published");
    fresh(&published)?;
    let webhook = Webhook::start()?;
    let home = paths::root().join(HOME);
    let grants = std::fs::read_to_string(home.join("pipefitter.toml"))
        .context("could not read the demo's grants")?;
    let config = stage.join("pipefitter.toml");
    guests::write(
        &config,
        grants
            .replace("PORT", &webhook.port().to_string())
            .as_bytes(),
    )?;

    process::run(
        Command::new(paths::binary())
            .args(["dev", "--once", "--port", "0", "--plugins"])
            .arg(&plugins)
            .arg("--pipeline")
            .arg(home.join("pipeline.json"))
            .arg("--source")
            .arg(&source)
            .arg("--config")
            .arg(&config)
            .env(
                "RELEASE_WEBHOOK_URL",
                format!("http://localhost:{}/releases", webhook.port()),
            )
            .env("RELEASE_WEBHOOK_TOKEN", TOKEN),
    )?;
    show(&published)?;
    let told = webhook.told()?;
    println!(
        "\nThe webhook on port {} was told, with what the worker has attached:\n  authorization: {}\n{}",
        webhook.port(),
        told.authorization,
        told.body
    );
    Ok(())
}

fn show(published: &Path) -> Result<()> {
    println!("\nPublished in {}:", shown(published).display());
    tree(published, "  ", 1)?;
    for (file, lines) in [
        ("sums/current/SHA256SUMS", 6),
        ("licences/current/report.md", 12),
        ("policy/current/report.md", 12),
        ("version/current/VERSION", 1),
        ("version/current/NOTES.md", 6),
    ] {
        beginning(&published.join(file), lines)?;
    }
    Ok(())
}
