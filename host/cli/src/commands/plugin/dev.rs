//! `pipefitter plugin dev [DIR]`: build, serve in the embedded pipeline, build again on change.
//!
//! What is served lies in a folder of its own: the plugin's may hold more .wasm files than the one to serve. Builds are
//! processes of this same binary, so that what their tools print goes through what `dev` shows.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::build;
use super::whole::write_whole;
use crate::args::{DevArgs, PluginDevArgs};
use crate::commands::dev::{self, OwnPlugin, Sources};
use crate::commands::invoke::JobFile;
use crate::exit::Exit;
use crate::print;
use crate::temporary::TemporaryDir;

pub(crate) fn main(args: PluginDevArgs) -> Result<Exit> {
    // No change of a folder that is no plugin's makes it one that is waited for.
    let dir = build::source_folder(&args.dir)?;
    let wasm = build::output_of(&dir)?;
    let Some(name) = wasm.file_name() else {
        bail!("{} has no name to call the plugin by", dir.display());
    };
    let job = dir.join("job.json");
    let job = JobFile::load(job.is_file().then_some(job.as_path()))?;
    let example = dir.join("example");
    let source = args.source.or_else(|| example.is_dir().then_some(example));
    let sources = Sources::of(&dir, source.as_deref());
    let built_from = first_build(&dir, &args.dir, &sources)?;

    let served = TemporaryDir::new()?;
    let served_file = served.path().join(name);
    let built =
        std::fs::read(&wasm).with_context(|| format!("could not read {}", wasm.display()))?;
    write_whole(&served_file, &built)?;
    let own = OwnPlugin {
        sources,
        built_from,
        dir,
        built: wasm,
        served: served_file,
        configuration: job.configuration,
    };
    let mut dev = DevArgs::of_plugins(served.path());
    dev.port = args.port;
    dev.config = args.config;
    dev.source = source;
    dev::of_plugin(dev, own)
}

/// Until there is something to serve; returns the digest of what that was built from. Messages go to the terminal as
/// they are.
fn first_build(dir: &Path, shown: &Path, sources: &Sources) -> Result<[u8; 32]> {
    loop {
        let before = sources.digest()?;
        let status = Command::new("/proc/self/exe")
            .args(["plugin", "build"])
            .arg(dir)
            .status()
            .context("could not start the build")?;
        if status.success() {
            return Ok(before);
        }
        print::error_line(format_args!(
            "The plugin could not be built: change {} and it is built again; Ctrl-C ends.",
            shown.display()
        ));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("could not start the runtime")?;
        runtime.block_on(async {
            let mut changes = sources.watch()?;
            while sources.digest()? == before {
                changes.next().await;
            }
            anyhow::Ok(())
        })?;
    }
}
