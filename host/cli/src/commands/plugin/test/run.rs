//! One case, run: what came of it, before anybody judges that.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use pipefitter_codepipeline::JobId;
use pipefitter_egress::{NetworkGrant, parse_range};
use pipefitter_plugins::toml_table::key;
use pipefitter_plugins::{Manifest, Plugin, load_plugin};
use pipefitter_worker::WorkerConfig;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::case::Case;
use super::copied::Copied;
use super::diff::Difference;
use super::http::Server;
use super::{log, result, tree};
use crate::commands::invoke::{JobFile, Runner, in_order, settings};
use crate::config::{Config, parse, render};
use crate::temporary::TemporaryDir;
use crate::wiring::{Engine, StateDir};

/// A chain whose end is not known is followed so far.
const MOST_JOBS: usize = 20;
const HTTP: &str = "{{http}}";
const DIRECTORIES: &str = "{{directories}}";

/// What all cases share.
pub(super) struct Subject {
    pub(super) copy: Copied,
    pub(super) manifest: Manifest,
    /// Compiled code, and the key that seals it.
    pub(super) state: StateDir,
}

/// What came of a case.
pub(super) struct Ran {
    /// One for each job of the chain.
    pub(super) results: Vec<Value>,
    pub(super) log: String,
    /// Output artifacts, by name; of a job that did not succeed there are none.
    pub(super) outputs: Vec<(String, PathBuf)>,
    /// Where the granted folders are.
    pub(super) directories: PathBuf,
    pub(super) http: Vec<Difference>,
    pub(super) took: Duration,
    /// The base of the case's server, to be found in what the plugin wrote.
    url: Option<String>,
    /// What all this is in.
    folder: TemporaryDir,
}

impl Ran {
    /// A text of the plugin's as it may be compared with what was written by hand.
    pub(super) fn neutral(&self, text: &str) -> String {
        neutral(self.url.as_deref(), text)
    }
}

fn neutral(url: Option<&str>, text: &str) -> String {
    match url {
        Some(url) => text.replace(url, HTTP),
        None => text.to_owned(),
    }
}

/// How far the continuations of a case are followed.
#[derive(Clone, Copy)]
enum Follow {
    /// So many jobs at most.
    Jobs(usize),
    /// To the end.
    ToTheEnd,
}

impl Follow {
    fn of(case: &Case, update: bool) -> Self {
        match case.expected.result.as_ref().map(Value::as_array) {
            Some(None) => Self::Jobs(1),
            None => Self::ToTheEnd,
            Some(Some(list)) => {
                // Whoever ends a list in the middle of a chain means that.
                let stops = |last: &Value| last["continuation_token"].is_null();
                match update && list.last().is_none_or(stops) {
                    true => Self::ToTheEnd,
                    false => Self::Jobs(list.len()),
                }
            }
        }
    }
}

/// Runs a case. An error says what is wrong with the case itself.
pub(super) async fn run(
    case: &Case,
    subject: &Subject,
    update: bool,
    stop: &CancellationToken,
) -> Result<Ran> {
    let began = Instant::now();
    let folder = TemporaryDir::new()?;
    let directories = folder.path().join("directories");
    tree::copy_tree(&case.dir.join("directories"), &directories, &str::to_owned)?;
    let server = match &case.http {
        Some(text) => Some(Server::start(text, &case.dir).await?),
        None => None,
    };
    let url = server.as_ref().map(Server::url);
    let plugin_name = subject.copy.name();
    let mut config = configuration(case, &directories, url)?;
    let own = config.plugins.get(&plugin_name);
    let grants_network = own.is_some_and(|plugin| !plugin.grant.network.is_empty());
    if let Some(url) = url {
        grant_server(&mut config, url, subject)?;
    }
    let state = StateDir::open(&folder.path().join("state"))?;
    let worker = settings(&mut config, &state);
    let loading = match server.is_some() && !grants_network {
        true => to_load(&worker, subject),
        false => worker.clone(),
    };
    let engine = Arc::new(Engine::new(&subject.state, &config, &loading)?);
    let plugin = load(subject, &config, &engine).await?;
    if let Some(other) = config.plugins.keys().find(|name| **name != plugin_name) {
        bail!(
            "config.toml has a table [plugins.{}], and this plugin is called `{plugin_name}`: write [plugins.{}]",
            key(other),
            key(&plugin_name)
        );
    }

    let text = with_url(case.job.as_deref().unwrap_or("{}"), url);
    let mut job = JobFile::parse(&text, Path::new("job.json"))?;
    let inputs = inputs(case, &job, folder.path())?;
    let names = output_names(case, &job, &plugin);
    let id = job.id.clone().unwrap_or_else(|| "test".to_owned());
    let follow = Follow::of(case, update);
    let mut ran = Ran {
        results: Vec::new(),
        log: String::new(),
        outputs: Vec::new(),
        directories,
        http: Vec::new(),
        took: Duration::ZERO,
        url: url.map(str::to_owned),
        folder,
    };
    loop {
        let number = ran.results.len() + 1;
        let outputs = empty_outputs(&names, &ran.folder.path().join(format!("outputs-{number}")))?;
        let id = match number {
            1 => id.clone(),
            number => format!("{id}-{number}"),
        };
        let contents = job.contents(&plugin, &inputs, &outputs)?;
        let mut worker = worker.clone();
        // One log, so that it need not be looked for.
        worker.log_dir = ran.folder.path().join(format!("logs-{number}"));
        let logs = worker.log_dir.clone();
        let runner = Runner {
            config: &config,
            settings: worker,
            engine: &engine,
            plugin: Arc::clone(&plugin),
        };
        let answer = runner
            .run(JobId::new(id), contents, stop.cancelled(), |_| {})
            .await?;
        if stop.is_cancelled() {
            bail!("interrupted");
        }
        let (log, hosts_id) = log_of(&logs, &plugin_name)?;
        ran.log.push_str(&ran.neutral(&log));
        let result = result::of(&answer, &hosts_id);
        let token = result["continuation_token"].as_str().map(str::to_owned);
        let succeeded = result["outcome"] == "succeeded";
        ran.results
            .push(serde_json::from_str(&ran.neutral(&result.to_string()))?);
        match (token, follow) {
            (Some(token), Follow::Jobs(jobs)) if number < jobs => {
                job.continuation_token = Some(token)
            }
            (Some(_), Follow::ToTheEnd) if number >= MOST_JOBS => bail!(
                "the chain goes on after {MOST_JOBS} jobs: write expected/result.json by hand, as a list of \
                 the results of the first few"
            ),
            (Some(token), Follow::ToTheEnd) => job.continuation_token = Some(token),
            _ => {
                if succeeded {
                    ran.outputs = outputs;
                }
                break;
            }
        }
    }
    if let Some(server) = &server {
        let url = ran.url.clone();
        ran.http = server
            .differences(&|text| neutral(url.as_deref(), text))
            .await;
    }
    ran.took = began.elapsed();
    Ok(ran)
}

fn with_url(text: &str, url: Option<&str>) -> String {
    match url {
        Some(url) => text.replace(HTTP, url),
        None => text.to_owned(),
    }
}

/// The case's configuration.
fn configuration(case: &Case, directories: &Path, url: Option<&str>) -> Result<Config> {
    let read = match &case.config {
        // Named all the same: that is where what is missing is to be written.
        None => parse(&case.dir.join("config.toml"), ""),
        Some((file, text)) => {
            make_granted(text, directories)?;
            let place = directories.display().to_string();
            let place = place.replace('\\', "\\\\").replace('"', "\\\"");
            parse(file, &with_url(&text.replace(DIRECTORIES, &place), url))
        }
    };
    read.map_err(|problems| anyhow!("{}", render(&problems, false)))
}

fn grant_server(config: &mut Config, url: &str, subject: &Subject) -> Result<()> {
    let server = NetworkGrant::parse(url).context("the case's HTTP server cannot be granted")?;
    let loopback = parse_range("127.0.0.1/32").context("the loopback device cannot be granted")?;
    let table = config.plugins.entry(subject.copy.name()).or_default();
    let network = std::mem::take(&mut table.grant.network);
    table.grant.network = network.with(server.with_ranges([loopback]));
    Ok(())
}

/// What the plugin is loaded with. What its manifest asks for of the network counts as granted, where there is a server
/// and config.toml says nothing of the network: else it would not be loaded. When it runs it is granted its server
/// alone.
fn to_load(worker: &WorkerConfig, subject: &Subject) -> WorkerConfig {
    let mut worker = worker.clone();
    if let Some(plugin) = worker.plugin_settings.get_mut(&subject.copy.name()) {
        for ask in &subject.manifest.capabilities.network {
            // One that cannot be read is told when the plugin is loaded.
            if let Ok(asked) = NetworkGrant::parse(&ask.to) {
                plugin.network = std::mem::take(&mut plugin.network).with(asked);
            }
        }
    }
    worker
}

/// Git keeps no empty folders: those below the copy that the configuration names are made.
fn make_granted(config: &str, directories: &Path) -> Result<()> {
    for named in config.split(DIRECTORIES).skip(1) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
        let named = named.split(|c| !plain(c)).next().unwrap_or_default();
        let below = named.trim_matches('/');
        if below.split('/').all(|part| part != "..") {
            let folder = directories.join(below);
            std::fs::create_dir_all(&folder)
                .with_context(|| format!("could not make {}", folder.display()))?;
        }
    }
    Ok(())
}

async fn load(subject: &Subject, config: &Config, engine: &Arc<Engine>) -> Result<Arc<Plugin>> {
    let (wasm, policy) = (
        subject.copy.wasm().to_path_buf(),
        config.supply.policy.clone(),
    );
    let engine = Arc::clone(engine);
    let loading = move || load_plugin(&wasm, &policy, engine.preparer.as_ref());
    let loaded = tokio::task::spawn_blocking(loading)
        .await
        .context("loading the plugin was interrupted")?;
    loaded.map_err(|problems| {
        let problems = subject.copy.problems(&problems);
        anyhow!("{}", render(&problems, false))
    })
}

/// Those that are only named in the job are empty.
fn inputs(case: &Case, job: &JobFile, folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut given = case.inputs.clone();
    for name in job.inputs.iter().flatten() {
        if !given.iter().any(|(given, _)| given == name) {
            given.push((name.clone(), folder.join("empty")));
        }
    }
    let empty = folder.join("empty");
    std::fs::create_dir_all(&empty)
        .with_context(|| format!("could not make {}", empty.display()))?;
    in_order(given, job.inputs.as_deref(), "inputs/NAME")
}

fn output_names(case: &Case, job: &JobFile, plugin: &Plugin) -> Vec<String> {
    if let Some(names) = &job.outputs {
        return names.clone();
    }
    if !case.expected.outputs.is_empty() {
        return case.expected.outputs.clone();
    }
    match plugin.manifest.outputs.counts.min {
        0 => Vec::new(),
        1 => vec!["Output".to_owned()],
        several => (1..=several).map(|at| format!("Output{at}")).collect(),
    }
}

fn empty_outputs(names: &[String], folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let outputs = names.iter().map(|name| {
        // Names are checked with the job.
        let path = folder.join(name.replace('/', "_"));
        std::fs::create_dir_all(&path)
            .with_context(|| format!("could not make {}", path.display()))?;
        Ok((name.clone(), path))
    });
    outputs.collect()
}

/// The log of the only job of a folder, and the external id that the host gives by it.
fn log_of(folder: &Path, plugin: &str) -> Result<(String, String)> {
    let read = || format!("could not read {}", folder.display());
    let mut entries = std::fs::read_dir(folder).with_context(read)?;
    let Some(entry) = entries.next().transpose().with_context(read)? else {
        return Ok((String::new(), String::new()));
    };
    let id = entry.file_name().to_string_lossy().into_owned();
    Ok((log::read(&entry.path(), plugin)?, id))
}
